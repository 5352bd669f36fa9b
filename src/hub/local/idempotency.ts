import { z } from "zod";
import { CollabError } from "../../errors.ts";
import { sha256 } from "../../tree.ts";
import { stampOf } from "../record/stamps.ts";
import { assertLine } from "../record/text.ts";
import type { Store } from "./store.ts";

const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const remembered = z.object({ draft_hash: z.string(), answer: z.string(), stamp: z.string() });

interface Once<Answer> {
  agentId: string;
  kind: "message" | "result" | "withdrawal";
  key: string | undefined;
  /** Everything the caller asked for, but the key. */
  draft: unknown;
  answer: z.ZodType<Answer>;
}

/**
 * Does the work, or gives back what it answered when the same agent did it under the same key within 24 hours.
 * CONFLICT where the key stood for another draft. To be called inside the transaction that does the work, so that the
 * answer is remembered exactly if the work was done.
 */
export function once<Answer extends { replayed: boolean }>(
  { db, now }: Store,
  { agentId, kind, key, draft, answer }: Once<Answer>,
  work: () => Answer,
): Answer {
  if (key === undefined) return work();
  assertLine(key, "idempotency key", 200);
  const hash = contentHash(draft);
  const oldest = stampOf(now() - REMEMBERED_MS);
  const row = db
    .prepare("SELECT draft_hash, answer, stamp FROM idempotency WHERE agent = ? AND kind = ? AND key = ?")
    .get([agentId, kind, key]);
  const before = row && remembered.parse(row);
  if (before && before.stamp >= oldest) {
    if (before.draft_hash !== hash) {
      throw new CollabError(
        "CONFLICT",
        `idempotency key ${JSON.stringify(key)} was used for another ${kind}`,
        "repeat the very same call to get its answer, or take a new key",
      );
    }
    return { ...answer.parse(JSON.parse(before.answer)), replayed: true };
  }
  const given = work();
  db.prepare("DELETE FROM idempotency WHERE stamp < ?").run([oldest]);
  db.prepare(
    "INSERT INTO idempotency (agent, kind, key, draft_hash, answer, stamp) VALUES (?, ?, ?, ?, ?, ?)",
  ).run([agentId, kind, key, hash, JSON.stringify(given), stampOf(now())]);
  return given;
}

/** SHA-256 of a value's canonical JSON: the order of keys does not count, absent and undefined are the same. */
export const contentHash = (value: unknown): string => sha256(JSON.stringify(canonical(value)));

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, canonical(item)]),
  );
}
