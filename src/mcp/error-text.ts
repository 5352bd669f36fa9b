import { randomUUID } from "node:crypto";
import { CollabError } from "../errors.ts";
import type { Log } from "../log.ts";

/** What a caller reads of a failure. A bug's details go to the log, under the id that the caller is given. */
export function errorText(error: unknown, during: string, log: Log): string {
  if (error instanceof CollabError) return error.toString();
  const id = randomUUID().slice(0, 8);
  log.error({ id, during, err: error }, "internal error");
  return new CollabError(
    "INTERNAL",
    `something went wrong in ${during}; it is logged under ${id}`,
    "repeat the call; if it fails again, report the id",
  ).toString();
}
