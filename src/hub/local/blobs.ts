import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CollabError } from "../../errors.ts";
import { sha256 } from "../../tree.ts";

/**
 * Files by their content, below `blobs/aa/`: written beside their place, flushed, then renamed, so that a file under
 * its name is whole whatever died when. Any number of processes may store the same content at once.
 */
export interface Blobs {
  /** Stores bytes whose hash the caller has computed. */
  put(hash: string, content: Uint8Array): Promise<void>;
  /** The bytes; UNAVAILABLE where the file is gone or is not what its name says. */
  get(hash: string): Promise<Uint8Array>;
}

export function openBlobs(dir: string): Blobs {
  const pathOf = (hash: string): string => join(dir, "blobs", hash.slice(0, 2), hash.slice(2));
  return {
    put: async (hash, content) => {
      const path = pathOf(hash);
      if (await holds(path, hash)) return;
      await mkdir(dirname(path), { recursive: true });
      const temporary = `${path}.${randomUUID()}.tmp`;
      try {
        await writeFlushed(temporary, content);
        await rename(temporary, path);
        await flushDirectory(dirname(path));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    get: async (hash) => {
      const content = await contentOf(pathOf(hash));
      if (content && sha256(content) === hash) return content;
      throw new CollabError(
        "UNAVAILABLE",
        `stored file ${hash} is ${content ? "damaged" : "missing"}`,
        "store the same files again to mend it",
      );
    },
  };
}

const contentOf = (path: string): Promise<Uint8Array | undefined> => readFile(path).catch(() => undefined);

async function holds(path: string, hash: string): Promise<boolean> {
  const content = await contentOf(path);
  return content !== undefined && sha256(content) === hash;
}

async function writeFlushed(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the new name itself durable. Windows cannot open a directory for that and does without. */
async function flushDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
