import { CollabError } from "../../errors.ts";

/**
 * Time as the record writes it (hub-protocol 2.3). The filename is the authority for time and author, and the order
 * of filenames is the order of time; frontmatter times have minute precision and are for display only.
 */
const STAMP = /^\d{8}-\d{6}-\d{3}$/;
const PARTIAL_STAMP = /^\d{8}(?:-\d{6}(?:-\d{3})?)?$/;
const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}:?\d{2})?$/;
const STAMP_LENGTH = 19;

export const isStamp = (text: string): boolean => STAMP.test(text);

/** Compact stamp of milliseconds since 1970, such as `20260612-134507-042`. */
export function stampOf(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 10).replaceAll("-", "")}-${iso.slice(11, 19).replaceAll(":", "")}-${iso.slice(20, 23)}`;
}

/** Milliseconds since 1970 of a compact stamp; NaN for anything else. */
export const msOf = (stamp: string): number => (isStamp(stamp) ? Date.parse(apiTime(stamp)) : Number.NaN);

/** `2026-06-12T13:45:07.042Z` of a compact stamp. */
export const apiTime = (stamp: string): string =>
  stamp.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-(\d{3})$/, "$1-$2-$3T$4:$5:$6.$7Z");

/** `2026-06-12 13:45 UTC` of a compact stamp: the form of frontmatter. */
export const frontmatterTime = (stamp: string): string =>
  `${apiTime(stamp).slice(0, 16).replace("T", " ")} UTC`;

/** The smallest stamp later than this one. */
export const nextStamp = (stamp: string): string => stampOf(msOf(stamp) + 1);

/**
 * A `since` or `until` of a caller as a compact stamp (hub-protocol 3.1): a compact stamp, shortened ones padded with
 * zeros, or ISO 8601, where a time without a zone is UTC. INVALID_ARGUMENT for anything else.
 */
export function parseTime(text: string, name: string): string {
  if (PARTIAL_STAMP.test(text)) return text + "00000000-000000-000".slice(text.length);
  const ms = isoMs(text);
  if (ms === undefined) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `${name} ${JSON.stringify(text.slice(0, 60))} is not a time`,
      `give ${name} as 20260612, 20260612-134507-042 or 2026-06-12T13:45:07Z`,
    );
  }
  return stampOf(ms);
}

function isoMs(text: string): number | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, date = "", minutes = "00:00", seconds = "00", fraction = "", zone = "Z"] = match;
  const offset = zone.toUpperCase() === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const ms = Date.parse(`${date}T${minutes}:${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}${offset}`);
  // Date.parse rolls 30 February over into March; a date that does not come back is none. Years past 9999 have no stamp.
  const sameDay = new Date(Date.parse(`${date}T00:00:00Z`)).toJSON()?.startsWith(date);
  return Number.isNaN(ms) || !sameDay || ms < 0 || ms >= Date.UTC(10_000, 0) ? undefined : ms;
}

export const entryFilename = (stamp: string, author: string): string => `${stamp}_${author}.md`;

/** What `since` and `until` are compared with: the first 19 characters of a filename. */
export const stampOfFilename = (filename: string): string => filename.slice(0, STAMP_LENGTH);

/** The author that a filename states (hub-protocol 2.3). Old names give authors with `_`, which no mention reaches. */
export function authorOfFilename(filename: string): string {
  const stem = filename.endsWith(".md") ? filename.slice(0, -".md".length) : filename;
  const cut = stem.indexOf("_");
  return cut >= 0 && /^\d{8}/.test(stem.slice(0, cut)) ? stem.slice(cut + 1) : stem;
}
