import type { Database, SqlRow, SqlValue } from "../../sqlite.ts";
import type { ListQuery, Page } from "../hub.ts";
import { cut, pageSize, stampBounds } from "../record/list.ts";

export interface Condition {
  sql: string;
  values: SqlValue[];
}

type Bounds = ReturnType<typeof stampBounds>;

interface Listing<Item extends { filename: string }> {
  columns: string;
  tables: string;
  /** Conditions that hold for the whole folder. */
  folder: Condition[];
  /** What the caller filters by, beyond the shared grammar. */
  filters: Condition[];
  /** The column that holds the filename in the index to walk. */
  key: string;
  /** Everything in the folder, from a counter. */
  count: number;
  /** The number between two times where nothing else is asked for: cheaper than reading the entries. */
  countWithin: (time: Condition[], bounds: Bounds) => number;
  item: (row: SqlRow) => Item;
}

/** A page of entries by the shared list grammar (hub-protocol 3.1). Counts rows only where a filter is active. */
export function listEntries<Item extends { filename: string }>(
  db: Database,
  query: ListQuery,
  listing: Listing<Item>,
): Page<Item> {
  const { columns, tables, folder, key, count, countWithin, item } = listing;
  const bounds = stampBounds(query);
  const filters = [...contentFilters(query), ...listing.filters];
  const time = timeFilters(bounds, key);
  const matching = [...folder, ...filters, ...time];
  const matched =
    filters.length > 0
      ? countRows(db, tables, matching)
      : time.length > 0
        ? countWithin(time, bounds)
        : count;
  const page = [...matching, ...cursor(query, key)];
  const size = pageSize(query.limit);
  const direction = (query.order ?? "desc") === "desc" ? "DESC" : "ASC";
  const rows = db
    .prepare(`SELECT ${columns} FROM ${tables} WHERE ${all(page)} ORDER BY ${key} ${direction} LIMIT ?`)
    .all([...values(page), size + 1]);
  return { count, matched, ...cut(rows.map(item), size, ({ filename }) => filename) };
}

const contentFilters = (query: ListQuery): Condition[] => [
  ...when(query.agent, (agent) => ({ sql: "e.author = ?", values: [agent] })),
  ...when(query.q, (text) => ({ sql: "instr(e.folded, ?) > 0", values: [text.toLowerCase()] })),
];

const timeFilters = ({ since, until }: Bounds, key: string): Condition[] => [
  ...when(since, (stamp) => ({ sql: `${key} >= ?`, values: [stamp] })),
  ...when(until, (stamp) => ({ sql: `${key} <= ?`, values: [inclusive(stamp)] })),
];

/** Whatever follows the stamp in a filename sorts before the last code point. */
const inclusive = (stamp: string): string => `${stamp}\u{10ffff}`;

const cursor = (query: ListQuery, key: string): Condition[] => [
  ...when(query.after, (bound) => ({ sql: `${key} > ?`, values: [bound] })),
  ...when(query.before, (bound) => ({ sql: `${key} < ?`, values: [bound] })),
];

/** A condition for a filter that was given; an empty text filters nothing. */
export const when = (value: string | undefined, condition: (value: string) => Condition): Condition[] =>
  value === undefined || value === "" ? [] : [condition(value)];

export const all = (conditions: Condition[]): string =>
  conditions.map(({ sql }) => `(${sql})`).join(" AND ") || "1";

export const values = (conditions: Condition[]): SqlValue[] =>
  conditions.flatMap((condition) => condition.values);

export const countRows = (db: Database, tables: string, conditions: Condition[]): number =>
  Number(
    db.prepare(`SELECT count(*) AS n FROM ${tables} WHERE ${all(conditions)}`).get(values(conditions))?.n ??
      0,
  );

/** Entries of a kind between two times, without reading those in between. */
export function countBetween(db: Database, kind: "message" | "result", { since, until }: Bounds): number {
  const before = (bound: string): number =>
    Number(
      db
        .prepare("SELECT ordinal FROM entries WHERE kind = ? AND filename < ? ORDER BY filename DESC LIMIT 1")
        .get([kind, bound])?.ordinal ?? 0,
    );
  const upTo = until === undefined ? counter(db, kind) : before(inclusive(until));
  return Math.max(0, upTo - (since === undefined ? 0 : before(since)));
}

export const counter = (db: Database, name: "message" | "result" | "agent" | "ruling"): number =>
  Number(db.prepare("SELECT value FROM counters WHERE name = ?").get([name])?.value ?? 0);
