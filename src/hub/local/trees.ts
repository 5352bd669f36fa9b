import { z } from "zod";
import { CollabError } from "../../errors.ts";
import type { SqlRow } from "../../sqlite.ts";
import { digestSchema, sha256, type Tree, type TreeEntry, treeDigest, treeEntrySchema } from "../../tree.ts";
import { stampOf } from "../record/stamps.ts";
import type { Blobs } from "./blobs.ts";
import type { Store } from "./store.ts";

const MIB = 1024 * 1024;
const TREE_LIMITS = { files: 10_000, fileBytes: 64 * MIB, treeBytes: 512 * MIB };
const PARALLEL = 8;

const fileRow = z
  .object({ path: z.string(), executable: z.number(), size: z.number(), sha256: z.string() })
  .transform(({ executable, ...file }) => treeEntrySchema.parse({ ...file, executable: executable !== 0 }));

/**
 * Stores a tree by content. Nothing it claims is believed: every file is hashed again, and a size, hash or digest that
 * does not agree is refused with INVALID_ARGUMENT. The tree is known only once all its files are on the disk. Storing it
 * again mends files that were damaged.
 */
export async function storeTree(store: Store, blobs: Blobs, tree: Tree): Promise<void> {
  assertTree(tree);
  const waiting = [...tree.entries];
  const work = async (): Promise<void> => {
    for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
      const content = await tree.read(entry.path);
      if (content.length !== entry.size || sha256(content) !== entry.sha256) {
        throw new CollabError(
          "INVALID_ARGUMENT",
          `file ${JSON.stringify(entry.path)} is not what its entry says (${entry.size} bytes, sha256 ${entry.sha256})`,
          "it changed while it was read: build the tree again",
        );
      }
      await blobs.put(entry.sha256, content);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  remember(store, tree);
}

/** Undefined where no such tree was stored. */
export function findTree({ db }: Store, blobs: Blobs, digest: string): Tree | undefined {
  if (!digestSchema.safeParse(digest).success || !isStored({ db }, digest)) return undefined;
  const entries = db
    .prepare("SELECT path, executable, size, sha256 FROM tree_files WHERE digest = ? ORDER BY path")
    .all([digest])
    .map((row: SqlRow): TreeEntry => fileRow.parse(row));
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  return {
    entries,
    digest,
    read: async (path) => {
      const entry = byPath.get(path);
      if (!entry)
        throw new CollabError("NOT_FOUND", `${digest} has no file ${JSON.stringify(path.slice(0, 200))}`);
      return blobs.get(entry.sha256);
    },
  };
}

const isStored = ({ db }: Pick<Store, "db">, digest: string): boolean =>
  db.prepare("SELECT 1 AS one FROM trees WHERE digest = ?").get([digest]) !== undefined;

function remember({ db, now }: Store, { digest, entries }: Tree): void {
  if (isStored({ db }, digest)) return;
  db.transaction(() => {
    if (isStored({ db }, digest)) return;
    db.prepare("INSERT INTO trees (digest, stored) VALUES (?, ?)").run([digest, stampOf(now())]);
    const insert = db.prepare(
      "INSERT INTO tree_files (digest, path, executable, size, sha256) VALUES (?, ?, ?, ?, ?)",
    );
    for (const { path, executable, size, sha256: hash } of entries) {
      insert.run([digest, path, executable ? 1 : 0, size, hash]);
    }
  });
}

function assertTree({ entries, digest }: Tree): void {
  const tooMuch = (what: string): never => {
    throw new CollabError("QUOTA_EXCEEDED", what, "leave out what is not needed to run or to judge it");
  };
  if (entries.length > TREE_LIMITS.files) {
    tooMuch(`the tree has ${entries.length} files; ${TREE_LIMITS.files} are the most`);
  }
  let bytes = 0;
  const seen = new Set<string>();
  for (const entry of entries) {
    const { path, size } = treeEntrySchema.parse(entry);
    if (!isPlainPath(path) || seen.has(path)) {
      throw new CollabError(
        "INVALID_ARGUMENT",
        `${JSON.stringify(path.slice(0, 200))} is no path that a tree can hold`,
      );
    }
    seen.add(path);
    if (size > TREE_LIMITS.fileBytes) {
      tooMuch(`file ${JSON.stringify(path)} has ${size} bytes; ${TREE_LIMITS.fileBytes} are the most`);
    }
    bytes += size;
  }
  if (bytes > TREE_LIMITS.treeBytes)
    tooMuch(`the tree has ${bytes} bytes; ${TREE_LIMITS.treeBytes} are the most`);
  const computed = treeDigest(entries);
  if (computed !== digest) {
    throw new CollabError("INVALID_ARGUMENT", `the tree's files give ${computed}, not the digest it states`);
  }
}

/** Relative, `/`-separated, nothing that leaves the tree or means something else on another system. */
const isPlainPath = (path: string): boolean =>
  path.length <= 1024 &&
  !/[\\\p{Cc}\p{Surrogate}]/u.test(path) &&
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
