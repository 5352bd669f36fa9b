import { z } from "zod";
import { CollabError } from "../../errors.ts";
import type { Page, SearchHit, SearchQuery } from "../hub.ts";
import { pageSize } from "../record/list.ts";
import { all, type Condition, counter, countRows, values, when } from "./listing.ts";
import type { Store } from "./store.ts";

const MOST_WORDS = 32;
/** Of a very common word's matches only the newest so many are ranked: ranking reads each of them. */
const RANKED = 1000;
const SNIPPET_WORDS = 24;
const SNIPPET_CHARACTERS = 200;
/** Scripts written without spaces, whose words the index cannot tell apart. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD_CHARACTER = /[\p{L}\p{N}]/u;

const hitRow = z.object({
  kind: z.enum(["message", "result"]),
  filename: z.string(),
  author: z.string(),
  snippet: z.string(),
});

/**
 * Full text over messages and results. All words must occur, the last one may be a beginning; where nothing has them
 * all, entries with any of them, best first. `"quoted words"` stand together. No text is a syntax error.
 */
export function search(store: Store, query: SearchQuery): Page<SearchHit> & { relaxed: boolean } {
  const terms = termsOf(query.text);
  if (terms.length === 0) throw new CollabError("INVALID_ARGUMENT", "the search text is empty");
  const offset = Math.max(0, Math.trunc(query.offset ?? 0));
  const request = { query, terms, size: pageSize(query.limit), offset };
  const words = terms.filter((term) => WORD_CHARACTER.test(term));
  return store.db.snapshot(() => {
    if (words.length === 0 || terms.some((term) => UNSPACED.test(term))) {
      return { ...bySubstring(store, request), relaxed: false };
    }
    const phrases = words.map((word) => `"${word.replaceAll('"', '""')}"`);
    const every = byIndex(store, request, `${phrases.join(" AND ")}*`);
    return every.matched > 0 || phrases.length === 1
      ? { ...every, relaxed: false }
      : { ...byIndex(store, request, `${phrases.join(" OR ")}*`), relaxed: true };
  });
}

interface Request {
  query: SearchQuery;
  terms: string[];
  size: number;
  offset: number;
}

/** Words and quoted phrases. A NUL would end SQLite's reading of the text. */
const termsOf = (text: string): string[] =>
  [
    ...text
      .replaceAll("\0", " ")
      .normalize("NFC")
      .matchAll(/"([^"]*)"|(\S+)/g),
  ]
    .map(([, quoted, word]) => (quoted ?? word ?? "").trim())
    .filter((term) => term !== "")
    .slice(0, MOST_WORDS);

function byIndex(store: Store, request: Request, match: string): Page<SearchHit> {
  const narrowed = narrowing(request.query);
  const conditions = [{ sql: "entries_fts MATCH ?", values: [match] }, ...narrowed];
  // Filters that look at the entry come after the match, never before it: CROSS JOIN keeps that order.
  const joined = "entries_fts CROSS JOIN entries e ON e.id = entries_fts.rowid";
  const tables = narrowed.length > 0 ? joined : "entries_fts";
  const matched = countRows(store.db, tables, conditions);
  const newest = `SELECT entries_fts.rowid AS id FROM ${tables} WHERE ${all(conditions)} ORDER BY entries_fts.rowid DESC LIMIT ${RANKED}`;
  const recent = {
    sql: `entries_fts.rowid >= (SELECT min(id) FROM (${newest}))`,
    values: values(conditions),
  };
  const ranked = matched > RANKED ? [...conditions, recent] : conditions;
  const rows = store.db
    .prepare(
      `SELECT e.kind, e.filename, e.author, snippet(entries_fts, -1, '', '', '…', ${SNIPPET_WORDS}) AS snippet
       FROM ${joined} WHERE ${all(ranked)} ORDER BY rank LIMIT ? OFFSET ?`,
    )
    .all([...values(ranked), request.size, request.offset]);
  return toPage(
    store,
    request,
    matched,
    rows.map((row) => hitRow.parse(row)),
  );
}

/** For scripts without spaces and for punctuation: entries that contain every term, newest first. */
function bySubstring(store: Store, request: Request): Page<SearchHit> {
  const folded = request.terms.map((term) => term.toLowerCase());
  const conditions = [
    ...folded.map((term): Condition => ({ sql: "instr(e.folded, ?) > 0", values: [term] })),
    ...narrowing(request.query),
  ];
  const matched = countRows(store.db, "entries e", conditions);
  const rows = store.db
    .prepare(
      `SELECT e.kind, e.filename, e.author, CASE WHEN e.headline = '' THEN e.body ELSE e.headline || char(10) || e.body END AS snippet
       FROM entries e WHERE ${all(conditions)} ORDER BY e.filename DESC LIMIT ? OFFSET ?`,
    )
    .all([...values(conditions), request.size, request.offset]);
  const hits = rows
    .map((row) => hitRow.parse(row))
    .map((hit) => ({ ...hit, snippet: around(hit.snippet, folded[0] ?? "") }));
  return toPage(store, request, matched, hits);
}

const narrowing = ({ kind, agent }: SearchQuery): Condition[] => [
  ...when(kind, (one) => ({ sql: "e.kind = ?", values: [one] })),
  ...when(agent, (author) => ({ sql: "e.author = ?", values: [author] })),
];

function toPage(
  { db }: Store,
  { query, size, offset }: Request,
  matched: number,
  hits: SearchHit[],
): Page<SearchHit> {
  return {
    count:
      query.kind === undefined ? counter(db, "message") + counter(db, "result") : counter(db, query.kind),
    matched,
    items: hits.map((hit) => ({ ...hit, snippet: shortened(hit.snippet) })),
    next: hits.length === size && offset + size < matched ? String(offset + size) : null,
  };
}

const shortened = (text: string): string =>
  text.length <= SNIPPET_CHARACTERS
    ? text
    : `${text.slice(0, SNIPPET_CHARACTERS - 1).replace(/[\ud800-\udbff]$/, "")}…`;

/** The passage around the first occurrence of a term. */
function around(text: string, term: string): string {
  const at = Math.max(0, text.toLowerCase().indexOf(term));
  const start = Math.max(0, at - SNIPPET_CHARACTERS / 4);
  const passage = text
    .slice(start, start + SNIPPET_CHARACTERS - 1)
    .replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, "");
  return `${start > 0 ? "…" : ""}${passage}`;
}
