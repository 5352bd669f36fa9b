import { CollabError } from "../../errors.ts";
import type { Database } from "../../sqlite.ts";
import type { Verification } from "../record/entries.ts";
import { stampOf } from "../record/stamps.ts";
import { openRecord } from "./store.ts";

/** Writes a verdict into the verification index (hub-protocol 2.8), over an earlier one. NOT_FOUND for what is no result. */
export function decide(db: Database, filename: string, state: Verification, stamp: string): void {
  const written = db
    .prepare(
      `INSERT INTO verdicts (filename, state, decided)
       SELECT filename, ?, ? FROM entries WHERE filename = ? AND kind = 'result'
       ON CONFLICT (filename) DO UPDATE SET state = excluded.state, decided = excluded.decided`,
    )
    .run([state, stamp, filename]);
  if (written.changes === 0) {
    throw new CollabError("NOT_FOUND", `there is no result ${JSON.stringify(filename.slice(0, 80))}`);
  }
}

/** The organiser's way to rule on a result of the hub at `dir`. */
export function setVerdict(dir: string, filename: string, state: Verification, now = Date.now): void {
  const db = openRecord(dir);
  try {
    decide(db, filename, state, stampOf(now()));
  } finally {
    db.close();
  }
}
