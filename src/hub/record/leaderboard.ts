import { type BoardEntry, stands } from "./board-entry.ts";
import type { Leaderboard, LeaderboardRow, Verification } from "./entries.ts";
import { type Lineage, lineageOf } from "./lineage.ts";
import { isScore } from "./results.ts";

type Order = "asc" | "desc";
type Scored = BoardEntry & { score: number };

export interface BoardOptions {
  scoreField: string;
  order: Order;
  /** Default true. */
  bestPerAgent?: boolean;
  /** Default valid and pending. */
  verification?: readonly Verification[];
  /** Applied after ranking, so that ranks stay those of the whole board; then `limit`. */
  agent?: string;
  limit?: number;
  /** The board as it stood at this compact stamp. */
  asOf?: string;
  ownerOf?: (agent: string) => string | null;
  /** Lineage of all these entries, where the caller has it already. */
  lineage?: Lineage;
}

/**
 * The ranking rule of hub-protocol 5, plus withdrawals: those leave the ranking and are counted as `withdrawn`. Better
 * score first, then the earlier stamp, then the author; verification decides who takes part and nothing else.
 */
export function leaderboard(entries: readonly BoardEntry[], options: BoardOptions): Leaderboard {
  const {
    scoreField,
    order,
    asOf,
    bestPerAgent = true,
    verification = ["valid", "pending"],
    agent,
    limit,
  } = options;
  const considered =
    asOf === undefined
      ? entries
      : entries.filter(({ stamp }) => stamp <= asOf).map((one) => asOfTime(one, asOf));
  const excluded: Record<string, number> = { status_negative: 0, malformed: 0 };
  const scored: Scored[] = [];
  for (const entry of considered) {
    const reason = exclusion(entry, verification);
    if (reason !== undefined) excluded[reason] = (excluded[reason] ?? 0) + 1;
    else if (isScored(entry)) scored.push(entry);
  }
  const ranked = (bestPerAgent ? bestOfEach(scored, order) : scored).sort(betterFirst(order));
  const lineage = (asOf === undefined ? options.lineage : undefined) ?? lineageOf(considered);
  const rows = ranked
    .map((entry, index) => ({ entry, rank: index + 1 }))
    .filter(({ entry }) => agent === undefined || entry.author === agent)
    .slice(0, limit !== undefined && limit > 0 ? limit : undefined)
    .map(({ entry, rank }) => row(entry, rank, lineage, options.ownerOf));
  return { scoreField, order, rows, ranked: ranked.length, considered: considered.length, excluded };
}

/** The rows that were the best when they were posted, oldest first: the best-so-far curve. */
export function history(rows: readonly LeaderboardRow[], order: Order): LeaderboardRow[] {
  let best: number | undefined;
  const curve: LeaderboardRow[] = [];
  for (const one of [...rows].sort((a, b) =>
    a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : a.rank - b.rank,
  )) {
    if (best !== undefined && !isBetter(one.score, best, order)) continue;
    best = one.score;
    curve.push(one);
  }
  return curve;
}

const isBetter = (a: number, b: number, order: Order): boolean => (order === "desc" ? a > b : a < b);

const isScored = (entry: BoardEntry): entry is Scored => isScore(entry.score);

function exclusion(entry: BoardEntry, allowed: readonly Verification[]): string | undefined {
  if (entry.status === "negative") return "status_negative";
  if (entry.status !== "agent-run" || !isScore(entry.score)) return "malformed";
  if (entry.withdrawn !== null) return "withdrawn";
  return allowed.includes(entry.verification) ? undefined : `verification_${entry.verification}`;
}

/** The strictly better score of each author; of equal ones the earlier. */
function bestOfEach(scored: readonly Scored[], order: Order): Scored[] {
  const best = new Map<string, Scored>();
  const better = betterFirst(order);
  for (const entry of scored) {
    const other = best.get(entry.author);
    if (!other || better(entry, other) < 0) best.set(entry.author, entry);
  }
  return [...best.values()];
}

const betterFirst =
  (order: Order) =>
  (a: Scored, b: Scored): number => {
    if (a.score !== b.score) return isBetter(a.score, b.score, order) ? -1 : 1;
    if (a.stamp !== b.stamp) return a.stamp < b.stamp ? -1 : 1;
    return a.author < b.author ? -1 : a.author > b.author ? 1 : 0;
  };

/** What came later is not known yet: verdicts are pending, withdrawals have not happened. */
function asOfTime(entry: BoardEntry, asOf: string): BoardEntry {
  const then: BoardEntry = {
    ...entry,
    verification: entry.decided !== null && entry.decided > asOf ? "pending" : entry.verification,
    withdrawn: entry.withdrawn !== null && entry.withdrawn > asOf ? null : entry.withdrawn,
  };
  return { ...then, stands: stands(then) };
}

const row = (
  entry: Scored,
  rank: number,
  lineage: Lineage,
  ownerOf: BoardOptions["ownerOf"],
): LeaderboardRow => ({
  rank,
  agent: entry.author,
  owner: ownerOf?.(entry.author) ?? null,
  score: entry.score,
  guard: entry.guard,
  method: entry.method,
  description: entry.description,
  verification: entry.verification,
  filename: entry.filename,
  stamp: entry.stamp,
  stackDigest: entry.stackDigest,
  parents: [...entry.parents],
  credits: entry.credits,
  lineageDepth: lineage.depth(entry.filename),
  reproductions: lineage.reproductions(entry),
  reproduces: entry.reproduces,
  launches: entry.launches,
  scoreSd: entry.scoreSd,
});
