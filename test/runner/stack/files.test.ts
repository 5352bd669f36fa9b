import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readTree, writeTree } from "../../../src/runner/stack/files.ts";
import { sha256, type Tree, treeDigest } from "../../../src/tree.ts";
import { temporaryDirectory } from "../../fixtures/server.ts";
import { directoryWith } from "../../fixtures/trees.ts";

const treeOf = (files: Record<string, string>): Tree => {
  const entries = Object.entries(files).map(([path, text]) => ({
    path,
    executable: false,
    size: text.length,
    sha256: sha256(text),
  }));
  return { entries, digest: treeDigest(entries), read: async (path) => Buffer.from(files[path] ?? "") };
};

describe("the digest of a stack", () => {
  test("is fixed for given content, whatever the order and time of writing", async () => {
    const a = await readTree(directoryWith({ "manifest.json": "{}", "lib/é.py": "x = 1\n", "lib/a.py": "" }));
    const b = await readTree(directoryWith({ "lib/a.py": "", "lib/é.py": "x = 1\n", "manifest.json": "{}" }));
    expect(a.digest).toBe(b.digest);
    expect(a.entries.map(({ path }) => path)).toEqual(["lib/a.py", "lib/é.py", "manifest.json"]);
    // sha256 of "644 <sha> <path>\n" lines, by hand.
    expect(a.digest).toBe(
      `sha256:${sha256(
        `644 ${sha256("")} lib/a.py\n644 ${sha256("x = 1\n")} lib/é.py\n644 ${sha256("{}")} manifest.json\n`,
      )}`,
    );
  });

  test("changes with a byte, a path or the executable bit", async () => {
    const base = { "manifest.json": "{}", "run.sh": "#!/bin/sh\n" };
    const { digest } = await readTree(directoryWith(base));
    expect((await readTree(directoryWith({ ...base, "run.sh": "#!/bin/sh \n" }))).digest).not.toBe(digest);
    expect(
      (await readTree(directoryWith({ "manifest.json": "{}", "sub/run.sh": base["run.sh"] }))).digest,
    ).not.toBe(digest);
    const dir = directoryWith(base);
    chmodSync(join(dir, "run.sh"), 0o755);
    expect((await readTree(dir)).digest).not.toBe(digest);
  });

  test("ignores lineage, caches and what editors leave behind", async () => {
    const base = { "manifest.json": "{}" };
    const dirty = {
      ...base,
      "lineage.json": "{}",
      "__pycache__/a.pyc": "",
      "node_modules/x/index.js": "",
      ".git/HEAD": "",
      ".DS_Store": "",
      "serve.py~": "",
      "sub/.x.swp": "",
    };
    expect((await readTree(directoryWith(dirty))).digest).toBe((await readTree(directoryWith(base))).digest);
    expect((await readTree(directoryWith({ ...base, "sub/lineage.json": "{}" }))).entries).toHaveLength(2);
  });
});

describe("reading a stack refuses", () => {
  test("links, to files and to directories", async () => {
    const dir = directoryWith({ "manifest.json": "{}" });
    symlinkSync("/etc/passwd", join(dir, "link"));
    await expect(readTree(dir)).rejects.toThrow(/"link" is a link/);
    const other = directoryWith({ "manifest.json": "{}" });
    symlinkSync("/", join(other, "root"));
    await expect(readTree(other)).rejects.toThrow(/"root" is a link/);
  });

  test.each(["a\u0001b", "a\u202eb", "con.txt", "trailing.", "a:b", "back\\slash"])(
    "the name %j",
    async (name) => {
      const dir = directoryWith({ "manifest.json": "{}" });
      writeFileSync(join(dir, name), "");
      await expect(readTree(dir)).rejects.toThrow(/^the file ".*" /);
    },
  );

  test("names that differ only in case", async () => {
    const dir = directoryWith({ "Serve.py": "a", "serve.py": "b" });
    await expect(readTree(dir)).rejects.toThrow(/only in case/);
  });

  test("a directory that is not there", async () => {
    await expect(readTree(join(temporaryDirectory(), "none"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a file that changed since it was listed", async () => {
    const dir = directoryWith({ "manifest.json": "{}" });
    const tree = await readTree(dir);
    writeFileSync(join(dir, "manifest.json"), "[]");
    await expect(tree.read("manifest.json")).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("writing a stack", () => {
  test("gives back the same tree, bits included", async () => {
    const dir = directoryWith({ "manifest.json": "{}", "bin/run": "#!/bin/sh\n" });
    chmodSync(join(dir, "bin/run"), 0o755);
    const tree = await readTree(dir);
    const copy = join(temporaryDirectory(), "deep/copy");
    await writeTree(tree, copy, { "lineage.json": "{}" });
    expect((await readTree(copy)).digest).toBe(tree.digest);
    expect(existsSync(join(copy, "lineage.json"))).toBe(true);
  });

  test.each(["../out", "/etc/out", "a/../../out", "a//b", "./a", "a\\..\\out", "..", "nul", "a/\u0000"])(
    "never leaves its directory: %j",
    async (path) => {
      const parent = temporaryDirectory();
      await expect(writeTree(treeOf({ [path]: "x" }), join(parent, "in/stack"))).rejects.toMatchObject({
        code: "STACK_INVALID",
      });
      expect(existsSync(join(parent, "in/stack"))).toBe(false);
      expect(existsSync(join(parent, "out"))).toBe(false);
    },
  );

  test("never touches what is there, not even an empty directory", async () => {
    const dir = directoryWith({ "mine.txt": "precious" });
    await expect(writeTree(treeOf({ "a.txt": "x" }), dir)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(readFileSync(join(dir, "mine.txt"), "utf8")).toBe("precious");
    const empty = join(temporaryDirectory(), "empty");
    mkdirSync(empty);
    await expect(writeTree(treeOf({ "a.txt": "x" }), empty)).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
  });
});
