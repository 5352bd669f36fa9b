import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { CollabError } from "../../errors.ts";
import { sha256, type Tree, type TreeEntry, treeDigest } from "../../tree.ts";
import { LINEAGE_FILE } from "./lineage.ts";

/** Read in full, a stack is small: weights live elsewhere (benchmark-protocol 8.2: at most 225 KB were seen). */
const MOST_FILES = 2000;
const MOST_FILE_BYTES = 64 * 1024 * 1024;
const MOST_BYTES = 200 * 1024 * 1024;

/** What a run, an editor or an operating system leaves behind is no part of a stack. */
const LEFT_BEHIND =
  /^(?:\.git|\.hg|\.svn|node_modules|__pycache__|\.venv|venv|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.DS_Store|Thumbs\.db|desktop\.ini|.*\.py[co]|.*\.sw[op]|.*~|\.#.*)$/;

/**
 * A directory as a tree. Links, devices, names that some system cannot hold, and sizes beyond bounds are refused with
 * STACK_INVALID, because a digest must mean the same everywhere.
 */
export async function readTree(dir: string): Promise<Tree> {
  const root = await realpath(dir).catch(() => {
    throw new CollabError("NOT_FOUND", `there is no directory ${dir}`);
  });
  const found: TreeEntry[] = [];
  const folded = new Map<string, string>();
  let bytes = 0;

  const walk = async (folder: string): Promise<void> => {
    const items = await readdir(folder, { withFileTypes: true });
    for (const item of items) {
      const path = relative(root, join(folder, item.name)).split(sep).join("/");
      if (LEFT_BEHIND.test(item.name) || path === LINEAGE_FILE) continue;
      refuseName(item.name);
      const before = folded.get(path.toLowerCase());
      if (before !== undefined) throw invalid(path, "differs from another file's name only in case");
      folded.set(path.toLowerCase(), path);
      if (item.isDirectory()) await walk(join(folder, item.name));
      else if (!item.isFile()) throw invalid(path, "is a link or no plain file");
      else {
        if (found.length >= MOST_FILES)
          throw new CollabError("STACK_INVALID", `the stack has more than ${MOST_FILES} files`);
        const entry = await readEntry(join(folder, item.name), path);
        bytes += entry.size;
        if (bytes > MOST_BYTES)
          throw new CollabError(
            "STACK_INVALID",
            `the stack is larger than ${MOST_BYTES} bytes`,
            "let the server fetch weights by itself",
          );
        found.push(entry);
      }
    }
  };
  await walk(root);

  const entries = found.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return {
    entries,
    digest: treeDigest(entries),
    read: async (path) => {
      const entry = entries.find((one) => one.path === path);
      if (!entry) throw new CollabError("NOT_FOUND", "the stack has no such file");
      const content = await readFile(join(root, path));
      if (sha256(content) !== entry.sha256) {
        throw new CollabError(
          "CONFLICT",
          "a file of the stack changed while it was read",
          "repeat the call when nothing writes to the stack",
        );
      }
      return content;
    },
  };
}

async function readEntry(file: string, path: string): Promise<TreeEntry> {
  const handle = await open(file, "r");
  try {
    const stat = await handle.stat();
    if (stat.size > MOST_FILE_BYTES) throw invalid(path, `is larger than ${MOST_FILE_BYTES} bytes`);
    const content = await handle.readFile();
    // Windows has no executable bit: there, a script that names its interpreter is one.
    const executable =
      process.platform === "win32" ? content.subarray(0, 2).toString() === "#!" : (stat.mode & 0o100) !== 0;
    return { path, executable, size: content.length, sha256: sha256(content) };
  } finally {
    await handle.close();
  }
}

const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;

function refuseName(name: string): void {
  const problem =
    Buffer.byteLength(name) > 255
      ? "is longer than 255 bytes"
      : /[\p{Cc}\p{Cf}\\:*?"<>|]/u.test(name) || !name.isWellFormed()
        ? "holds a character that some systems cannot"
        : RESERVED.test(name) || /[. ]$/.test(name)
          ? "is a name that some systems reserve"
          : undefined;
  if (problem) throw invalid(name, problem);
}

// A file's name is its author's text: shown as JSON, so that it cannot pose as ours.
const invalid = (path: string, problem: string): CollabError =>
  new CollabError(
    "STACK_INVALID",
    `the file ${JSON.stringify(path.slice(0, 120))} ${problem}`,
    "rename or remove it",
  );

/** Writes a tree as a new directory: complete or not at all. ALREADY_EXISTS where `dir` is there. */
export async function writeTree(tree: Tree, dir: string, extra: Record<string, string> = {}): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  const temporary = join(dirname(dir), `.${basename(dir)}.${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(temporary);
    for (const { path, executable } of tree.entries) {
      const parts = path.split("/");
      if (parts.some((part) => part === "" || part === "." || part === "..") || path.includes("\\"))
        throw invalid(path, "leads out of the stack");
      for (const part of parts) refuseName(part);
      const file = join(temporary, ...parts);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, await tree.read(path), { mode: executable ? 0o755 : 0o644, flag: "wx" });
    }
    for (const [path, content] of Object.entries(extra)) await writeFile(join(temporary, path), content);
    await refuseExisting(dir);
    await rename(temporary, dir);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST"))
      throw existing(dir);
    throw error;
  }
}

/** A rename replaces an empty directory without a word. */
async function refuseExisting(dir: string): Promise<void> {
  const there = await readdir(dir).then(
    () => true,
    (error: unknown) => !(error instanceof Error && "code" in error && error.code === "ENOENT"),
  );
  if (there) throw existing(dir);
}

const existing = (dir: string): CollabError =>
  new CollabError("ALREADY_EXISTS", `${dir} is there already`, "choose another name");
