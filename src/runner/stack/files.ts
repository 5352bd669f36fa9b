import { randomBytes } from "node:crypto";
import { mkdir, readdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CollabError } from "../../errors.ts";
import { sha256, type Tree, type TreeEntry, treeDigest } from "../../tree.ts";
import { invalidPath, isLeftBehind, pathRegister } from "./path-names.ts";
import { isFileError, readPlainFile } from "./plain-file.ts";

/** Read in full, a stack is small: weights live elsewhere (benchmark-protocol 8.2: at most 225 KB were seen). */
const MOST_FILES = 2000;
const MOST_FILE_BYTES = 64 * 1024 * 1024;
const MOST_BYTES = 200 * 1024 * 1024;

/**
 * A directory as a tree. Links, devices, names that some system cannot hold, and sizes beyond bounds are refused with
 * STACK_INVALID, because a digest must mean the same everywhere. CONFLICT where it changes meanwhile.
 */
export async function readTree(dir: string): Promise<Tree> {
  const root = await realpath(dir).catch(() => {
    throw new CollabError("NOT_FOUND", `there is no directory ${dir}`);
  });
  const found: TreeEntry[] = [];
  const enter = pathRegister();
  let bytes = 0;

  const walk = async (folder: string): Promise<void> => {
    for (const item of await list(root, folder)) {
      const path = folder === "" ? item.name : `${folder}/${item.name}`;
      if (isLeftBehind(path)) continue;
      if (item.isDirectory()) {
        await walk(path);
        continue;
      }
      enter(path);
      if (!item.isFile()) throw invalidPath(path, "is a link or no plain file");
      if (found.length >= MOST_FILES)
        throw new CollabError("STACK_INVALID", `the stack has more than ${MOST_FILES} files`);
      const entry = await readEntry(root, path);
      bytes += entry.size;
      if (bytes > MOST_BYTES)
        throw new CollabError(
          "STACK_INVALID",
          `the stack is larger than ${MOST_BYTES} bytes`,
          "let the server fetch weights by itself",
        );
      found.push(entry);
    }
  };
  await walk("");

  const entries = found.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return {
    entries,
    digest: treeDigest(entries),
    read: async (path) => {
      const entry = entries.find((one) => one.path === path);
      if (!entry) throw new CollabError("NOT_FOUND", "the stack has no such file");
      const file = await readPlainFile(join(root, path), entry.size).catch(() => undefined);
      if (!file || sha256(file.content) !== entry.sha256) throw changed();
      return file.content;
    },
  };
}

async function list(root: string, folder: string) {
  try {
    return await readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (folder !== "") throw invalidPath(folder, "cannot be listed");
    if (isFileError(error, "ENOTDIR")) throw new CollabError("NOT_FOUND", `${root} is no directory`);
    throw new CollabError("NOT_FOUND", `the directory ${root} cannot be read`);
  }
}

async function readEntry(root: string, path: string): Promise<TreeEntry> {
  const file = await readPlainFile(join(root, path), MOST_FILE_BYTES).catch((error: unknown) => {
    if (isFileError(error, "ENOENT")) throw changed();
    throw invalidPath(path, "cannot be read");
  });
  if (!file) throw invalidPath(path, `is no plain file, or larger than ${MOST_FILE_BYTES} bytes`);
  const { content, executable } = file;
  return { path, executable, size: content.length, sha256: sha256(content) };
}

const changed = (): CollabError =>
  new CollabError(
    "CONFLICT",
    "a file of the stack changed while it was read",
    "repeat the call when nothing writes to the stack",
  );

/**
 * Writes a tree as a new directory: complete or not at all. ALREADY_EXISTS where `dir` is there, STACK_INVALID where
 * reading it back would give another tree.
 */
export async function writeTree(tree: Tree, dir: string, extra: Record<string, string> = {}): Promise<void> {
  const enter = pathRegister();
  for (const { path } of tree.entries) {
    enter(path);
    if (isLeftBehind(path)) throw invalidPath(path, "has a name that is no part of a stack");
  }
  await mkdir(dirname(dir), { recursive: true });
  const temporary = join(dirname(dir), `.${basename(dir)}.${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(temporary);
    for (const { path, executable, sha256: hash } of tree.entries) {
      const file = join(temporary, ...path.split("/"));
      const content = await tree.read(path);
      if (sha256(content) !== hash) throw changed();
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content, { mode: executable ? 0o755 : 0o644, flag: "wx" });
    }
    for (const [path, content] of Object.entries(extra))
      await writeFile(join(temporary, path), content, { flag: "wx" });
    await renameToNew(temporary, dir);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** A rename by itself replaces an empty directory without a word. */
async function renameToNew(temporary: string, dir: string): Promise<void> {
  const existing = () => new CollabError("ALREADY_EXISTS", `${dir} is there already`, "choose another name");
  const there = await readdir(dir).then(
    () => true,
    (error: unknown) => !isFileError(error, "ENOENT"),
  );
  if (there) throw existing();
  await rename(temporary, dir).catch((error: unknown) => {
    throw isFileError(error, "ENOTEMPTY", "EEXIST", "ENOTDIR") ? existing() : error;
  });
}
