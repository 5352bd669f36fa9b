import { isAbsolute, relative } from "node:path";
import { CollabError } from "../../errors.ts";
import { RunFailure } from "./run-failure.ts";

/** What the operating system, or SQLite, says of a disk that is full, or not ours to write to. */
const FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "the right to write is missing",
  EPERM: "the right to write is missing",
  EROFS: "the disk is read-only",
  ENOTDIR: "a file stands where a directory is needed",
  EISDIR: "a directory stands where a file is needed",
  SQLITE_FULL: "the disk is full",
  SQLITE_READONLY: "the right to write is missing",
  SQLITE_CANTOPEN: "a lock file could not be opened",
};

/** What is wrong with the home, where `error` is a fault of its files; undefined for any other error. */
function storageFault(error: unknown, home: string): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const code = String(error.code);
  const fault = Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
  if (fault === undefined) return undefined;
  // Writing to a file that is open names none.
  if (!("path" in error)) return `the home directory could not be written: ${fault} (${code})`;
  const path = relative(home, String(error.path));
  if (path.startsWith("..") || isAbsolute(path)) return undefined;
  return `${path === "" ? "the home directory" : `${path} in the home directory`} could not be written: ${fault} (${code})`;
}

/** The outcome of a run that such a fault ended. */
export function storageFailure(error: unknown, home: string): RunFailure | undefined {
  const reason = storageFault(error, home);
  return reason === undefined
    ? undefined
    : new RunFailure({
        class: "storage",
        reason,
        hint: "free space there, or set COLLABS_HOME to a directory elsewhere, and start the run again",
      });
}

/** What a caller is told whose run could not even be queued. */
export function storageError(error: unknown, home: string): CollabError | undefined {
  const reason = storageFault(error, home);
  return reason === undefined
    ? undefined
    : new CollabError("UNAVAILABLE", reason, "set COLLABS_HOME to a directory of yours that can be written");
}
