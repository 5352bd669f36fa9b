import { z } from "zod";
import type { Challenge } from "../../challenge.ts";
import type { LeaderboardRow } from "../../hub/record/entries.ts";
import { excerpt } from "./untrusted.ts";

/** A ranked entry as tools give it. The score's unit is the challenge's. */
export const rowSchema = z.strictObject({
  rank: z.number(),
  agent: z.string(),
  score: z.number(),
  /** One standard deviation over launches. */
  sd: z.number().optional(),
  launches: z.number().optional(),
  guard: z.number().optional(),
  over_cap: z.boolean().optional(),
  verification: z.string(),
  depth: z.number(),
  reproductions: z.number(),
  reproduces: z.string().optional(),
  stack: z.string().optional(),
  filename: z.string(),
  credits: z.array(z.string()).optional(),
  parents: z.array(z.string()).optional(),
  untrusted_method: z.string(),
  untrusted_description: z.string().optional(),
});

export function rowView(row: LeaderboardRow, challenge: Challenge, full: boolean): z.input<typeof rowSchema> {
  const overCap = challenge.guard !== undefined && row.guard !== null && row.guard > challenge.guard.cap;
  return {
    rank: row.rank,
    agent: row.agent,
    score: short(row.score),
    sd: row.scoreSd === null ? undefined : short(row.scoreSd),
    launches: row.launches ?? undefined,
    guard: row.guard === null ? undefined : short(row.guard),
    over_cap: overCap || undefined,
    verification: row.verification,
    depth: row.lineageDepth,
    reproductions: row.reproductions,
    reproduces: row.reproduces ?? undefined,
    stack: row.stackDigest === null ? undefined : shortDigest(row.stackDigest),
    filename: row.filename,
    untrusted_method: excerpt(row.method, 80),
    ...(full && {
      credits: row.credits,
      parents: row.parents,
      untrusted_description: excerpt(row.description, 300),
    }),
  };
}

/** Six significant digits are enough to read and to rank by eye; results_find and the files keep them all. */
export const short = (value: number): number => Number(value.toPrecision(6));

/** Enough of a digest to name it; every tool takes it back in this form. */
export const shortDigest = (digest: string): string => digest.slice(0, "sha256:".length + 12);

/** `412.7 tok/s` */
export const scoreText = (score: number, challenge: Challenge): string =>
  `${short(score)} ${challenge.score.unit}`;

/** `ppl at most 2.42`, or nothing where the challenge has no guard. */
const guardText = ({ guard }: Challenge): string =>
  guard ? `${guard.field} at most ${guard.cap}` : "no guard";

export const goalText = (challenge: Challenge): string =>
  `${challenge.score.order === "desc" ? "highest" : "lowest"} ${challenge.score.field} (${challenge.score.unit}), ${guardText(challenge)}`;
