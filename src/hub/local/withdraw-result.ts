import { z } from "zod";
import { CollabError } from "../../errors.ts";
import type { Database } from "../../sqlite.ts";
import type { PostedEntry, WithdrawalDraft } from "../hub.ts";
import { authorOfFilename } from "../record/stamps.ts";
import { assertText } from "../record/text.ts";
import { REASON_CHARACTERS, WITHDRAWAL_TYPE, withdrawalBody } from "../record/withdrawal.ts";
import { assertRegistered } from "./handles.ts";
import { once } from "./idempotency.ts";
import { entryId } from "./insert-entry.ts";
import { postOwn } from "./messages.ts";
import type { Store } from "./store.ts";
import { withdrawalOf } from "./withdrawals.ts";

const postedEntry = z.object({ filename: z.string(), replayed: z.boolean() });

/** Withdraws one's own result by a message that says so; a second time the first message is the answer. */
export function withdrawResult(store: Store, draft: WithdrawalDraft): PostedEntry {
  const { db } = store;
  const { agentId, filename: result, reason, idempotencyKey: key, ...rest } = draft;
  assertText(reason, "reason", REASON_CHARACTERS);
  return db.transaction(() => {
    assertRegistered(db, agentId);
    const content = { ...rest, result, reason };
    return once(store, { agentId, kind: "withdrawal", key, draft: content, answer: postedEntry }, () => {
      assertOwn(db, agentId, result);
      const before = withdrawalOf(db, result);
      if (before !== undefined) return { filename: before, replayed: true };
      const body = withdrawalBody({ result, reason });
      return {
        filename: postOwn(store, { agentId, body, type: WITHDRAWAL_TYPE, refs: [result] }),
        replayed: false,
      };
    });
  });
}

function assertOwn(db: Database, agentId: string, result: string): void {
  const isResult =
    entryId(db, result) !== undefined &&
    db.prepare("SELECT 1 AS one FROM results r JOIN entries e USING (id) WHERE e.filename = ?").get([result]);
  if (!isResult) {
    throw new CollabError(
      "NOT_FOUND",
      `there is no result ${JSON.stringify(result.slice(0, 80))}`,
      `results_find {"agent":"${agentId}"}`,
    );
  }
  if (authorOfFilename(result) !== agentId) {
    throw new CollabError(
      "FORBIDDEN",
      `${result} is not a result of "${agentId}"; only its author can withdraw it`,
    );
  }
}
