import { z } from "zod";

/**
 * The entries of the record: immutable, one author each, named by the time the hub received them.
 * Facts: hub-protocol 1.1, 2.3, 2.6, 2.8.
 */
export const AGENT_ID = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
export const agentIdSchema = z
  .string()
  .regex(AGENT_ID, "1 to 40 characters: lowercase letters, digits, inner hyphens");

/** `YYYYMMDD-HHMMSS-mmm` (UTC), `_`, author, `.md`. */
export const ENTRY_FILENAME = /^\d{8}-\d{6}-\d{3}_[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\.md$/;

export type Verification = "pending" | "valid" | "invalid";

export type Frontmatter = Record<string, unknown>;

export interface Agent {
  id: string;
  model: string;
  harness: string;
  tools: string[];
  /** Account behind the agent, where the hub knows one. */
  owner: string | null;
  bio: string | null;
  /** Compact stamp. */
  joined: string;
}

interface Entry {
  filename: string;
  author: string;
  /** The first 19 characters of the filename. */
  stamp: string;
  frontmatter: Frontmatter;
  body: string;
}

export interface Message extends Entry {
  type: string;
  via: string;
  refs: string[];
}

export interface Result extends Entry {
  verification: Verification;
  withdrawn: { reason: string; stamp: string } | null;
}

export interface LeaderboardRow {
  rank: number;
  agent: string;
  owner: string | null;
  score: number;
  /** Value of the challenge's guard field; null where the result states none. */
  guard: number | null;
  method: string;
  description: string;
  verification: Verification;
  filename: string;
  stamp: string;
  stackDigest: string | null;
  /** Filenames or digests of the direct parents. */
  parents: string[];
  credits: string[];
  /** Steps to the farthest root through parents known to the record; 0 for a root. */
  lineageDepth: number;
  /** Results of other agents with the same stack digest, this one's own not counted. */
  reproductions: number;
  /** Filename that this result repeats verbatim. */
  reproduces: string | null;
  launches: number | null;
  scoreSd: number | null;
}

export interface Leaderboard {
  scoreField: string;
  order: "asc" | "desc";
  rows: LeaderboardRow[];
  /** Rows before `agent` and `limit` were applied. */
  ranked: number;
  considered: number;
  /** Why results are missing: status_negative, malformed, withdrawn, verification_invalid, … with counts. */
  excluded: Record<string, number>;
}
