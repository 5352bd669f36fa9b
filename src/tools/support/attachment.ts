import { readFile, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { CollabError } from "../../errors.ts";
import { sha256, type Tree, treeDigest } from "../../tree.ts";

const MOST_BYTES = 4 * 1024 * 1024;

/** Files of an agent's own workspace as a tree; nothing outside of it can be named, through links neither. */
export async function attachmentTree(workspace: string, paths: string[]): Promise<Tree> {
  const contents = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const path of paths) {
    const content = await readInside(workspace, path);
    bytes += content.length;
    if (bytes > MOST_BYTES) {
      throw new CollabError(
        "QUOTA_EXCEEDED",
        `attachments hold at most ${MOST_BYTES} bytes together`,
        "attach fewer or smaller files",
      );
    }
    contents.set(path.split(sep).join("/"), content);
  }
  const entries = [...contents]
    .map(([path, content]) => ({ path, executable: false, size: content.length, sha256: sha256(content) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    entries,
    digest: treeDigest(entries),
    read: async (path) => {
      const content = contents.get(path);
      if (!content) throw new CollabError("NOT_FOUND", "the attachment has no such file");
      return content;
    },
  };
}

async function readInside(workspace: string, path: string): Promise<Uint8Array> {
  const shown = JSON.stringify(path.slice(0, 200));
  const hint = `give paths of files below ${workspace}`;
  if (isAbsolute(path) || path.split(/[\\/]/).includes("..")) {
    throw new CollabError("INVALID_ARGUMENT", `attach: ${shown} is not a path inside your workspace`, hint);
  }
  try {
    const [root, file] = await Promise.all([realpath(workspace), realpath(join(workspace, path))]);
    const inside = relative(root, file);
    if (inside.startsWith("..") || isAbsolute(inside)) throw new Error("outside");
    const found = await stat(file);
    if (!found.isFile() || found.size > MOST_BYTES) throw new Error("not a small file");
    return await readFile(file);
  } catch {
    throw new CollabError("NOT_FOUND", `attach: there is no readable file ${shown} in your workspace`, hint);
  }
}
