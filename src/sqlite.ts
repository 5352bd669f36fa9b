import { createRequire } from "node:module";

/**
 * The one door to SQLite. `libsql` ships its binary inside its package and serves every supported Node; where it
 * does not load, or COLLABS_SQLITE=node asks for it, Node's own `node:sqlite` (from 22.13) takes its place.
 * Both are synchronous, and both are used through this small part of their common ground.
 */
export type SqlValue = string | number | bigint | Uint8Array | null;
export type SqlParameters = Record<string, SqlValue> | SqlValue[];
export type SqlRow = Record<string, SqlValue>;

export interface Statement {
  run(parameters?: SqlParameters): { changes: number };
  get(parameters?: SqlParameters): SqlRow | undefined;
  all(parameters?: SqlParameters): SqlRow[];
}

export interface Database {
  exec(sql: string): void;
  /** Prepared once per text and kept. */
  prepare(sql: string): Statement;
  /** Runs `work` in an immediate transaction: commits its return, rolls back its throw. Nested calls join the outer one. */
  transaction<T>(work: () => T): T;
  /** Runs several reads on one state of the database, without keeping others from writing. */
  snapshot<T>(work: () => T): T;
  close(): void;
}

export interface OpenOptions {
  /** How long a call waits for another process's lock before it throws SQLITE_BUSY. Default 5000 ms. */
  busyTimeoutMs?: number;
}

interface NativeStatement {
  run(...parameters: unknown[]): { changes: number | bigint };
  get(...parameters: unknown[]): SqlRow | undefined;
  all(...parameters: unknown[]): SqlRow[];
}
interface NativeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NativeStatement;
  close(): void;
}
type NativeOpen = (path: string) => NativeDatabase;

const load = createRequire(import.meta.url);

function openLibsql(): NativeOpen {
  const Libsql: new (path: string) => NativeDatabase = load("libsql");
  return (path) => new Libsql(path);
}

function openNodeSqlite(): NativeOpen {
  const { DatabaseSync }: { DatabaseSync: new (path: string) => NativeDatabase } = load("node:sqlite");
  return (path) => new DatabaseSync(path);
}

let nativeOpen: NativeOpen | undefined;

function chooseDriver(): NativeOpen {
  if (process.env.COLLABS_SQLITE === "node") return openNodeSqlite();
  try {
    return openLibsql();
  } catch (error) {
    try {
      return openNodeSqlite();
    } catch {
      throw error;
    }
  }
}

/** Result codes that callers tell apart (sqlite.org/rescode.html). `node:sqlite` gives their numbers, libsql their names. */
const RESULT_NAMES: ReadonlyMap<number, string> = new Map([
  [5, "SQLITE_BUSY"],
  [8, "SQLITE_READONLY"],
  [10, "SQLITE_IOERR"],
  [11, "SQLITE_CORRUPT"],
  [13, "SQLITE_FULL"],
  [14, "SQLITE_CANTOPEN"],
  [26, "SQLITE_NOTADB"],
]);

/** SQLite's name for an error, such as `SQLITE_FULL` or `SQLITE_IOERR_WRITE`, whichever driver threw it. */
export function sqliteErrorName(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // The low byte of an extended code is the primary one.
  if ("errcode" in error) return RESULT_NAMES.get(Number(error.errcode) & 0xff);
  return "code" in error && String(error.code).startsWith("SQLITE_") ? String(error.code) : undefined;
}

/** True where the error is SQLite's "another connection holds the lock". */
export const isBusy = (error: unknown): boolean => sqliteErrorName(error)?.startsWith("SQLITE_BUSY") ?? false;

export function openDatabase(path: string, { busyTimeoutMs = 5000 }: OpenOptions = {}): Database {
  nativeOpen ??= chooseDriver();
  const native = nativeOpen(path);
  native.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
  const statements = new Map<string, Statement>();
  let depth = 0;

  const bind = (parameters: SqlParameters | undefined): unknown[] =>
    parameters === undefined ? [] : Array.isArray(parameters) ? parameters : [parameters];

  const prepare = (sql: string): Statement => {
    let statement = statements.get(sql);
    if (!statement) {
      const inner = native.prepare(sql);
      statement = {
        run: (parameters) => ({ changes: Number(inner.run(...bind(parameters)).changes) }),
        // libsql's get() adds a `_metadata` key to the row that all() does not.
        get: (parameters) => inner.all(...bind(parameters))[0],
        all: (parameters) => inner.all(...bind(parameters)),
      };
      statements.set(sql, statement);
    }
    return statement;
  };

  const within = <T>(begin: string, work: () => T): T => {
    if (depth > 0) return work();
    native.exec(begin);
    depth++;
    try {
      const value = work();
      native.exec("COMMIT");
      return value;
    } catch (error) {
      rollback();
      throw error;
    } finally {
      depth--;
    }
  };

  /** After some errors, such as a full disk, SQLite has rolled back by itself: the first error is the one to report. */
  const rollback = (): void => {
    try {
      native.exec("ROLLBACK");
    } catch {}
  };

  return {
    exec: (sql) => native.exec(sql),
    prepare,
    transaction: (work) => within("BEGIN IMMEDIATE", work),
    snapshot: (work) => within("BEGIN DEFERRED", work),
    close: () => {
      statements.clear();
      native.close();
    },
  };
}
