import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Challenge } from "../../challenge.ts";
import { CollabError } from "../../errors.ts";
import { type Database, isBusy, openDatabase } from "../../sqlite.ts";
import { migrate } from "./migrations.ts";

/** What every part of the embedded hub works on. */
export interface Store {
  readonly db: Database;
  /** The hub's directory: `record.db` and `blobs/`. */
  readonly dir: string;
  readonly challenge: Challenge;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface OpenOptions {
  /** How long a call waits for another process's write. Default 5000 ms. */
  busyTimeoutMs?: number;
}

/** Opens `record.db` below `dir`, made and migrated where needed. */
export function openRecord(dir: string, { busyTimeoutMs = 5000 }: OpenOptions = {}): Database {
  mkdirSync(dir, { recursive: true });
  const db = openDatabase(join(dir, "record.db"), { busyTimeoutMs });
  try {
    // SQLite does not always wait for its lock while it turns a fresh file to WAL, so the waiting is done here.
    patiently(busyTimeoutMs, () => db.exec("PRAGMA journal_mode = WAL"));
    // FULL: a write that was acknowledged has reached the disk.
    db.exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    patiently(busyTimeoutMs, () => migrate(db));
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** CONFLICT where the directory holds the record of another challenge: scores of two goals must not meet. */
export function assertChallenge(db: Database, challenge: Challenge, dir: string): void {
  const read = () => db.prepare("SELECT value FROM meta WHERE key = 'challenge'").get()?.value;
  if (read() === undefined) {
    db.prepare("INSERT OR IGNORE INTO meta (key, value) VALUES ('challenge', ?)").run([challenge.id]);
  }
  const found = read();
  if (found === challenge.id) return;
  throw new CollabError(
    "CONFLICT",
    `${dir} holds the record of challenge ${String(found)}, not of ${challenge.id}`,
    "set COLLABS_HOME to another directory, or COLLABS_CHALLENGE to that challenge",
  );
}

function patiently(longestMs: number, work: () => void): void {
  const end = performance.now() + longestMs;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 + Math.random() * 20);
    }
  }
}
