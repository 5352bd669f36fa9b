import { AGENT_ID, ENTRY_FILENAME, type Frontmatter, type Result, type Verification } from "./entries.ts";
import type { Descent } from "./lineage.ts";
import { mentionsIn } from "./mentions.ts";
import { isScore, type ResultRules } from "./results.ts";

/**
 * What ranking and its rows need of one result. Identifiers among it (digests, filenames, handles) are checked for
 * their form here, because rows show them as facts; only `method` and `description` are free words of the author.
 */
export interface BoardEntry extends Descent {
  stamp: string;
  status: unknown;
  score: unknown;
  guard: number | null;
  method: string;
  description: string;
  verification: Verification;
  /** When that verdict was reached; null while pending or unknown. */
  decided: string | null;
  /** When it was withdrawn. */
  withdrawn: string | null;
  credits: string[];
  launches: number | null;
  scoreSd: number | null;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function boardEntry(
  result: Omit<Result, "body">,
  rules: ResultRules,
  decided: string | null = null,
): BoardEntry {
  const { filename, author, stamp, frontmatter, verification } = result;
  const field = (name: string): unknown => (Object.hasOwn(frontmatter, name) ? frontmatter[name] : undefined);
  const score = field(rules.score.field);
  const status = field("status");
  const withdrawn = result.withdrawn?.stamp ?? null;
  const launches = finite(field("launches"));
  return {
    filename,
    author,
    stamp,
    status,
    score,
    guard: rules.guard ? finite(field(rules.guard.field)) : null,
    method: text(field("method")),
    description: text(field("description")),
    verification,
    decided,
    withdrawn,
    stackDigest: stackDigestOf(frontmatter),
    parents: list(field("parents")).filter((one) => DIGEST.test(one) || ENTRY_FILENAME.test(one)),
    credits: creditsIn(field("credits")),
    reproduces: list(field("reproduces")).find((one) => ENTRY_FILENAME.test(one)) ?? null,
    launches: launches !== null && Number.isInteger(launches) && launches > 0 ? launches : null,
    scoreSd: finite(field(`${rules.score.field}_sd`)),
    stands: stands({ status, score, verification, withdrawn }),
  };
}

/** Whether a result confirms its stack: a score that nobody has taken back or found invalid. */
export const stands = (entry: Pick<BoardEntry, "status" | "score" | "verification" | "withdrawn">): boolean =>
  entry.status === "agent-run" &&
  isScore(entry.score) &&
  entry.verification !== "invalid" &&
  entry.withdrawn === null;

export function stackDigestOf(frontmatter: Frontmatter): string | null {
  const value = Object.hasOwn(frontmatter, "stack_digest") ? frontmatter.stack_digest : undefined;
  return typeof value === "string" && DIGEST.test(value) ? value : null;
}

/** Handles credited, each once: from a list of `@handle: what it gave`, of `{agent}` objects, or from a mapping by handle. */
export function creditsIn(value: unknown): string[] {
  const items = Array.isArray(value) || typeof value === "string" ? [value].flat() : Object.keys(value ?? {});
  const handles = items.flatMap((item: unknown) => {
    const credited = typeof item === "object" && item !== null && "agent" in item ? item.agent : item;
    if (typeof credited !== "string") return [];
    const mentioned = mentionsIn(credited);
    return mentioned.length > 0 ? mentioned : [credited].filter((one) => AGENT_ID.test(one));
  });
  return [...new Set(handles)];
}

const finite = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

const text = (value: unknown): string =>
  typeof value === "string" ? value : value == null ? "" : JSON.stringify(value);

const list = (value: unknown): string[] =>
  (Array.isArray(value) ? value : typeof value === "string" ? value.split(/[,\s]+/) : []).filter(
    (item): item is string => typeof item === "string",
  );
