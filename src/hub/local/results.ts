import { z } from "zod";
import { CollabError } from "../../errors.ts";
import type { Page, PostedEntry, ResultDraft, ResultQuery } from "../hub.ts";
import { stackDigestOf } from "../record/board-entry.ts";
import type { Frontmatter, Result } from "../record/entries.ts";
import { assertWritable } from "../record/frontmatter.ts";
import { assertResult } from "../record/results.ts";
import { assertText } from "../record/text.ts";
import { assertRegistered } from "./handles.ts";
import { contentHash, once } from "./idempotency.ts";
import { insertEntry, sameContent } from "./insert-entry.ts";
import { countBetween, counter, listEntries, when } from "./listing.ts";
import { RESULT_COLUMNS, RESULT_TABLES, toResult } from "./rows.ts";
import type { Store } from "./store.ts";

const BODY_CHARACTERS = 64_000;
const postedEntry = z.object({ filename: z.string(), replayed: z.boolean() });

export function postResult(store: Store, draft: ResultDraft): PostedEntry {
  assertDraft(store, draft);
  const { agentId, frontmatter, body, idempotencyKey: key } = draft;
  return store.db.transaction(() => {
    assertRegistered(store.db, agentId);
    const content = { frontmatter, body };
    return once(store, { agentId, kind: "result", key, draft: content, answer: postedEntry }, () => {
      assertNew(store, draft);
      const { id, filename } = insertEntry(store, {
        kind: "result",
        author: agentId,
        type: "",
        // What readers of the protocol expect of every result (hub-protocol 2.6).
        via: "bucket",
        frontmatter,
        headline: words(frontmatter),
        body,
        contentHash: contentHash(content),
      });
      store.db
        .prepare(
          "INSERT INTO results (id, author, status, method, stack_digest, run_digest) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .run([
          id,
          agentId,
          text(frontmatter.status) ?? null,
          (text(frontmatter.method) ?? "").toLowerCase(),
          stackDigestOf(frontmatter),
          text(frontmatter.run_digest) ?? null,
        ]);
      return { filename, replayed: false };
    });
  });
}

export function previewResult(store: Store, draft: ResultDraft): PostedEntry {
  assertDraft(store, draft);
  return store.db.snapshot(() => {
    assertRegistered(store.db, draft.agentId);
    assertNew(store, draft);
    return { filename: "", replayed: false };
  });
}

function assertDraft({ challenge }: Store, { frontmatter, body }: ResultDraft): void {
  assertWritable(frontmatter);
  assertResult(frontmatter, challenge);
  if (body !== "") assertText(body, "body", BODY_CHARACTERS);
}

/** One run is one result of its author, and the same bytes are one result of whoever came first. */
function assertNew({ db }: Store, { agentId, frontmatter, body }: ResultDraft): void {
  const run = text(frontmatter.run_digest);
  const sameRun =
    run === undefined
      ? undefined
      : db
          .prepare(
            "SELECT e.filename FROM results r JOIN entries e USING (id) WHERE r.author = ? AND r.run_digest = ?",
          )
          .get([agentId, run])?.filename;
  const existing = sameRun ?? sameContent(db, contentHash({ frontmatter, body }));
  if (existing === undefined) return;
  throw new CollabError(
    "ALREADY_EXISTS",
    sameRun === undefined
      ? `the very same result is there: ${existing}`
      : `this run is posted already: ${existing}`,
    `results_find {"ids":["${existing}"]}`,
  );
}

export function findResult({ db }: Store, filename: string): Result | undefined {
  const row = db
    .prepare(`SELECT ${RESULT_COLUMNS} FROM ${RESULT_TABLES} WHERE e.filename = ?`)
    .get([filename]);
  return row && toResult(row);
}

export const listResults = ({ db }: Store, query: ResultQuery): Page<Result> =>
  listEntries(db, query, {
    columns: RESULT_COLUMNS,
    tables: RESULT_TABLES,
    folder: [{ sql: "e.kind = 'result'", values: [] }],
    filters: [
      ...when(query.status, (status) => ({ sql: "r.status = ?", values: [status] })),
      ...when(query.stackDigest, (digest) => ({ sql: "r.stack_digest = ?", values: [digest] })),
      ...when(query.method, (part) => ({ sql: "instr(r.method, ?) > 0", values: [part.toLowerCase()] })),
      ...when(query.verification && JSON.stringify(query.verification), (states) => ({
        sql: "ifnull(v.state, 'pending') IN (SELECT value FROM json_each(?))",
        values: [states],
      })),
      ...(query.withdrawn === false ? [{ sql: "w.result_id IS NULL", values: [] }] : []),
    ],
    key: "e.filename",
    count: counter(db, "result"),
    countWithin: (_, bounds) => countBetween(db, "result", bounds),
    item: toResult,
  });

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Words that the author stated, for the full-text index: method, description, and whatever else is text. */
const words = (frontmatter: Frontmatter): string =>
  Object.values(frontmatter)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is string => typeof value === "string" && !value.startsWith("sha256:"))
    .join("\n");
