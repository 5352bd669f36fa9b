import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sha256, type Tree, treeDigest } from "../../../src/tree.ts";
import { digestOf, openTestHub, treeOf } from "../support.ts";

const filesBelow = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((path) => join(dir, path))
    .filter((path) => statSync(path).isFile());

const withEntry = (tree: Tree, change: Partial<Tree["entries"][number]>): Tree => {
  const entries = tree.entries.map((entry, index) => (index === 0 ? { ...entry, ...change } : entry));
  return { ...tree, entries, digest: treeDigest(entries) };
};

describe("a stored tree", () => {
  test("comes back file by file, in another process too; equal files are kept once", async () => {
    const { hub, dir } = openTestHub();
    const tree = treeOf({ "manifest.json": "{}", "bin/run.sh": "#!/bin/sh\n", "copy.json": "{}" });
    await Promise.all([hub.storeTree(tree), hub.storeTree(tree)]);
    await hub.storeTree(tree);
    const { hub: other } = openTestHub({ dir });
    const found = (await other.tree(tree.digest))!;
    expect(found.digest).toBe(tree.digest);
    expect(found.entries).toEqual(tree.entries);
    expect(Buffer.from(await found.read("bin/run.sh")).toString()).toBe("#!/bin/sh\n");
    await expect(found.read("../record.db")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(filesBelow(join(dir, "blobs"))).toHaveLength(2);
  });

  test("is undefined where none was stored", async () => {
    const { hub } = openTestHub();
    expect(await hub.tree(digestOf("a"))).toBeUndefined();
    expect(await hub.tree("../../etc/passwd")).toBeUndefined();
  });

  test("is found damaged rather than believed, and mended by storing it again", async () => {
    const { hub, dir } = openTestHub();
    const tree = treeOf({ "a.txt": "content" });
    await hub.storeTree(tree);
    const [blob] = filesBelow(join(dir, "blobs"));
    writeFileSync(blob!, "CONTENT");
    const found = (await hub.tree(tree.digest))!;
    await expect(found.read("a.txt")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await hub.storeTree(tree);
    expect(Buffer.from(await found.read("a.txt")).toString()).toBe("content");
    expect(readFileSync(blob!, "utf8")).toBe("content");
  });
});

describe("a tree is refused, and not known afterwards", () => {
  const honest = treeOf({ "a.txt": "content", "b.txt": "more" });
  const lies: [string, Tree][] = [
    ["another hash than its file has", withEntry(honest, { sha256: sha256("other") })],
    ["another size than its file has", withEntry(honest, { size: 8 })],
    ["another digest than its entries have", { ...honest, digest: digestOf("a") }],
    ["a path that leaves it", withEntry(honest, { path: "../a.txt" })],
    ["an absolute path", withEntry(honest, { path: "/a.txt" })],
    ["a path of another system", withEntry(honest, { path: "..\\a.txt" })],
    ["a path twice", withEntry(honest, { path: "b.txt" })],
  ];
  test.each(lies)("with %s", async (_, tree) => {
    const { hub } = openTestHub();
    await expect(hub.storeTree(tree)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await hub.tree(tree.digest)).toBeUndefined();
  });

  test.each([
    ["a file over 64 MiB", withEntry(honest, { size: 64 * 2 ** 20 + 1 })],
    ["more than 512 MiB", treeOfSizes(Array(9).fill(60 * 2 ** 20))],
    ["more than 10,000 files", treeOfSizes(Array(10_001).fill(0))],
  ])("with %s, before a byte is read", async (_, tree) => {
    const { hub, dir } = openTestHub();
    const unread = { ...tree, read: () => Promise.reject(new Error("was read")) };
    await expect(hub.storeTree(unread)).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(readdirSync(dir)).not.toContain("blobs");
  });
});

function treeOfSizes(sizes: number[]): Tree {
  const entries = sizes.map((size, index) => ({
    path: `f${index}`,
    executable: false,
    size,
    sha256: sha256(""),
  }));
  return { entries, digest: treeDigest(entries), read: async () => new Uint8Array() };
}
