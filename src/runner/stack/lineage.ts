import { join } from "node:path";
import { z } from "zod";
import { CollabError } from "../../errors.ts";
import { digestSchema } from "../../tree.ts";
import { LINEAGE_FILE } from "./path-names.ts";
import { isFileError, readPlainFile } from "./plain-file.ts";

const MOST_BYTES = 1024 * 1024;

/** A handle and an entry's filename, by their form: tools show them as facts, so nothing else may stand there. */
const handle = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
const filename = z.string().regex(/^\d{8}-\d{6}-\d{3}_[a-z0-9-]{1,60}\.md$/);

/** A stack that another one was forked from, as far as is known. */
export const ancestorSchema = z.strictObject({
  digest: digestSchema,
  name: z.string().max(200),
  /** Null for a starter stack. */
  author: handle.nullable(),
  /** Filename of the result it was taken from. */
  result: filename.nullable(),
});
export type Ancestor = z.infer<typeof ancestorSchema>;

const lineageSchema = z.strictObject({
  version: z.literal(1),
  author: handle,
  name: z.string().max(200),
  forked_at: z.iso.datetime(),
  /** Parent first, root last. */
  ancestors: z.array(ancestorSchema).min(1).max(1000),
  /** Digest over what was asked for, so that the same call can be told from another one. */
  request: digestSchema,
});
export type Lineage = z.infer<typeof lineageSchema>;

/** The lineage of the stack in a directory; undefined where it is no fork. STACK_INVALID where the file is broken. */
export async function readLineage(dir: string): Promise<Lineage | undefined> {
  try {
    const file = await readPlainFile(join(dir, LINEAGE_FILE), MOST_BYTES);
    return lineageSchema.parse(JSON.parse(file?.content.toString("utf8") ?? ""));
  } catch (error) {
    if (isFileError(error, "ENOENT")) return undefined;
    throw broken(dir);
  }
}

const broken = (dir: string): CollabError =>
  new CollabError(
    "STACK_INVALID",
    `${join(dir, LINEAGE_FILE)} is broken, so the stack's parents are unknown`,
    "restore the file, or stack_fork the parent again under another name and copy your changes over",
  );

/** Everyone who made one of these stacks, nearest first, each once. */
export function authorsOf(ancestors: readonly Ancestor[]): string[] {
  return [...new Set(ancestors.flatMap(({ author }) => (author === null ? [] : [author])))];
}
