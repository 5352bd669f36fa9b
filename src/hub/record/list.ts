import { parseTime } from "./stamps.ts";

/** The shared list grammar (hub-protocol 3.1). */
const DEFAULT_LIMIT = 10;
export const LARGEST_LIMIT = 200;

/** Items of a page of full records: 10 where nothing is said; nothing positive, or more than 200, means 200. */
export const pageSize = (limit: number = DEFAULT_LIMIT): number =>
  limit >= 1 && limit <= LARGEST_LIMIT ? Math.trunc(limit) : LARGEST_LIMIT;

/** Inclusive bounds on the stamp as compact stamps; INVALID_ARGUMENT for what is no time. */
export const stampBounds = (query: {
  since?: string;
  until?: string;
}): { since?: string; until?: string } => ({
  ...(query.since !== undefined && { since: parseTime(query.since, "since") }),
  ...(query.until !== undefined && { until: parseTime(query.until, "until") }),
});

/** A page out of rows that were read one beyond its size, and the key to go on with. */
export function cut<Item>(rows: Item[], size: number, keyOf: (item: Item) => string) {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return { items, next: rows.length > size && last !== undefined ? keyOf(last) : null };
}
