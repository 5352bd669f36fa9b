import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Database, isBusy, openDatabase } from "../../sqlite.ts";

/**
 * An exclusive lock between processes that the kernel frees when its holder dies, however it dies: an exclusive
 * transaction held open on a small SQLite file. Children of the holder do not inherit it.
 */
export interface Lock {
  release(): void;
}

/** Takes the lock, or returns undefined at once where somebody holds it. */
export function tryLock(file: string): Lock | undefined {
  mkdirSync(dirname(file), { recursive: true });
  const database = opened(file, "BEGIN EXCLUSIVE");
  return database && { release: () => database.close() };
}

/** Whether somebody holds the lock. Asking keeps takers away for a moment, so they try more than once. */
export function isLocked(file: string): boolean {
  if (!existsSync(file)) return false;
  const database = opened(file, "BEGIN; SELECT count(*) FROM sqlite_master");
  database?.close();
  return database === undefined;
}

function opened(file: string, sql: string): Database | undefined {
  const database = openDatabase(file, { busyTimeoutMs: 0 });
  try {
    database.exec(sql);
    return database;
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}
