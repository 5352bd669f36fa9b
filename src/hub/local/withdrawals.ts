import type { Database } from "../../sqlite.ts";
import type { Withdrawal } from "../record/withdrawal.ts";

/** Marks a result as withdrawn by a message; the caller has checked that it may and that none came before. */
export function recordWithdrawal(db: Database, { result, reason }: Withdrawal, messageId: number): void {
  db.prepare(
    `INSERT INTO withdrawals (result_id, message_id, reason)
     SELECT id, ?, ? FROM entries WHERE filename = ? AND kind = 'result'`,
  ).run([messageId, reason, result]);
}

/** Filename of the message that withdrew a result. */
export function withdrawalOf(db: Database, result: string): string | undefined {
  const message = db
    .prepare(
      `SELECT m.filename FROM entries e JOIN withdrawals w ON w.result_id = e.id JOIN entries m ON m.id = w.message_id
       WHERE e.filename = ?`,
    )
    .get([result])?.filename;
  return message === undefined ? undefined : String(message);
}
