import { CollabError } from "../../errors.ts";
import { isBusy, sqliteErrorName } from "../../sqlite.ts";

/** Codes of SQLite and of the file system that mean: the storage is at fault, not the call. */
const STORAGE =
  /^(?:SQLITE_(?:FULL|READONLY|IOERR|CANTOPEN|CORRUPT|NOTADB|PERM)\w*|ENOSPC|EROFS|EACCES|EPERM|EDQUOT|EFBIG|EIO|EMFILE|ENFILE)$/;

/** A storage failure as the caller can act on it; anything else comes back as it is. */
export function storageFailure(error: unknown): unknown {
  if (error instanceof CollabError || !(error instanceof Error)) return error;
  if (isBusy(error)) {
    return new CollabError(
      "BUSY",
      "another process is writing to the record; nothing was written",
      "repeat the call in a moment",
    );
  }
  if (
    /^The database connection is not open$|^database is not open$|^statement has been finalized$/i.test(
      error.message,
    )
  ) {
    return new CollabError(
      "UNAVAILABLE",
      "the record was closed",
      "open it again: openCollab, or a new server",
    );
  }
  const code = sqliteErrorName(error) ?? ("code" in error ? String(error.code) : "");
  if (!STORAGE.test(code)) return error;
  return new CollabError(
    "UNAVAILABLE",
    `the record's storage failed (${code}); nothing was written`,
    "look at the free space and the permissions of the hub's directory, then repeat the call",
  );
}
