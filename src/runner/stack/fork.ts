import { basename } from "node:path";
import { CollabError } from "../../errors.ts";
import { sha256, type Tree } from "../../tree.ts";
import { writeTree } from "./files.ts";
import { type Ancestor, type Lineage, readLineage } from "./lineage.ts";
import { LINEAGE_FILE } from "./path-names.ts";

export interface Fork {
  /** The directory to make; its name becomes the stack's. */
  target: string;
  author: string;
  /** What the content was taken from, parent first, root last. */
  ancestors: Ancestor[];
  /** The fork's content: the parent's, with or without overrides. */
  content: Tree;
  /** Makes the same call return the same fork instead of ALREADY_EXISTS. */
  idempotencyKey?: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** Makes a fork: the content, and beside it the lineage. ALREADY_EXISTS where the target is there. */
export async function forkStack(fork: Fork): Promise<{ lineage: Lineage; replayed: boolean }> {
  const { target, author, ancestors, content, idempotencyKey, now } = fork;
  const request = `sha256:${sha256(JSON.stringify([author, ancestors[0]?.digest, content.digest, idempotencyKey ?? null]))}`;
  const lineage: Lineage = {
    version: 1,
    author,
    name: basename(target),
    forked_at: new Date(now).toISOString(),
    ancestors,
    request,
  };
  try {
    await writeTree(content, target, { [LINEAGE_FILE]: `${JSON.stringify(lineage, undefined, 2)}\n` });
    return { lineage, replayed: false };
  } catch (error) {
    if (!(error instanceof CollabError) || error.code !== "ALREADY_EXISTS" || idempotencyKey === undefined)
      throw error;
    const there = await readLineage(target);
    if (there?.request !== request) throw error;
    return { lineage: there, replayed: true };
  }
}
