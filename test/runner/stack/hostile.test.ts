import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyPatch } from "diff";
import { describe, expect, test } from "vitest";
import { diffStacks } from "../../../src/runner/stack/diff.ts";
import { readTree, writeTree } from "../../../src/runner/stack/files.ts";
import { readLineage } from "../../../src/runner/stack/lineage.ts";
import { parseManifest } from "../../../src/runner/stack/manifest.ts";
import { withOverrides } from "../../../src/runner/stack/overrides.ts";
import { sha256, type Tree, treeDigest } from "../../../src/tree.ts";
import { temporaryDirectory } from "../../fixtures/server.ts";
import { directoryWith, manifestWith } from "../../fixtures/trees.ts";

const STACK = { "manifest.json": manifestWith(), "serve.mjs": "1\n" };
const treeOf = (files: Record<string, string>) => readTree(directoryWith({ ...STACK, ...files }));
const withEnv = (env: object) => treeOf({ "manifest.json": manifestWith({ env }) });
const diff = async (a: Promise<Tree>, b: Promise<Tree>, maxPatchCharacters = 0) =>
  diffStacks(await a, await b, { maxPatchCharacters });

/** A tree that no directory gave, as a record of others may hold it. */
function forged(files: Record<string, string>): Tree {
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    executable: false,
    size: Buffer.byteLength(content),
    sha256: sha256(content),
  }));
  return { entries, digest: treeDigest(entries), read: async (path) => Buffer.from(files[path] ?? "") };
}

async function within(milliseconds: number, work: () => unknown): Promise<void> {
  const start = performance.now();
  await work();
  expect(performance.now() - start).toBeLessThan(milliseconds);
}

describe("a manifest that is a bomb", () => {
  const depth = 60_000;
  test.each([
    ["too large", `{"serve":["x"],"a":"${"x".repeat(300_000)}"}`],
    ["lists in lists", `{"serve":["x"],"a":${"[".repeat(depth)}${"]".repeat(depth)}}`],
    ["objects in objects", `${'{"a":'.repeat(depth / 2)}1${"}".repeat(depth / 2)}`],
    ["never closed", "[".repeat(200_000)],
    ["a string of escapes, never closed", `"${'\\"'.repeat(100_000)}`],
    ["a poisoned key", '{"serve":["x"],"__proto__":{"env":{}}}'],
    ["a poisoned key, escaped and deep", '{"serve":["x"],"a":[{"\\u005f_proto__":1}]}'],
    ["a constructor", '{"serve":["x"],"env":{"constructor":"1"}}'],
    ["not an object", '["serve"]'],
    ["null", "null"],
    ["nothing", ""],
    ["a number beyond numbers", '{"serve":["x"],"port":1e999}'],
    ["no JSON", '{"serve":["x"],"port":NaN}'],
  ])("is refused at once: %s", async (_name, text) => {
    await within(5000, () =>
      expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: "STACK_INVALID" })),
    );
    expect(Object.hasOwn(Object.prototype, "env")).toBe(false);
  });

  test.each([
    { env: { "A=B": "1" } },
    { env: { "": "1" } },
    { env: { A: "a\0b" } },
    { serve: ["node", "a\0"] },
    { model_id: "a\0" },
    { dependencies: ["a\0"] },
  ])("cannot name what no process can be started with: %j", (values) => {
    expect(() => parseManifest(manifestWith(values))).toThrow(/NUL/);
  });

  test("20,000 keys are read in time", async () => {
    const env = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`K${i}`, "1"]));
    await within(5000, () => parseManifest(JSON.stringify({ serve: ["x"], env })));
  });
});

describe("values hidden in strings", () => {
  test("nested too deep are strings, and hide no other value", async () => {
    const bombs = { LISTS: `${"[".repeat(40_000)}${"]".repeat(40_000)}`, OBJECTS: '{"a":'.repeat(10_000) };
    const { values } = await diff(withEnv({ ...bombs, B: "1" }), withEnv({ ...bombs, B: "2" }));
    expect(values).toEqual([{ path: "env.B", before: "1", after: "2" }]);
    await expect(withOverrides(await withEnv(bombs), { "env.LISTS.0": 1 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  test("are equal whatever the order of their keys, also inside lists", async () => {
    const a = withEnv({ A: '[{"a":1,"b":{"c":[2],"d":3}}]' });
    expect(await diff(a, withEnv({ A: '[ {"b":{"d":3,"c":[2]}, "a":1} ]' }))).toMatchObject({ knobs: 0 });
    expect(await diff(a, withEnv({ A: '[{"a":1,"b":{"c":[3],"d":3}}]' }))).toMatchObject({ knobs: 1 });
  });

  test("keep number and text apart, which the environment itself does not", async () => {
    expect(await diff(withEnv({ A: '{"k":8}' }), withEnv({ A: '{"k":"8"}' }))).toMatchObject({ knobs: 1 });
    expect(await diff(withEnv({ A: 8, B: true }), withEnv({ A: "8", B: "true" }))).toMatchObject({
      knobs: 0,
    });
  });

  test("count once where a whole value comes, goes or changes its kind", async () => {
    const json = '{"text_config":{"sliding_window":192,"x":1}}';
    for (const before of [{}, { HF_OVERRIDES: "1" }, { HF_OVERRIDES: "[]" }])
      expect(await diff(withEnv(before), withEnv({ HF_OVERRIDES: json }))).toMatchObject({ oneChange: true });
    expect(await diff(withEnv({ A: "{}" }), withEnv({ A: '{"a":1}' }))).toMatchObject({ oneChange: true });
  });
});

describe("a comparison", () => {
  test("takes a default for what it is", async () => {
    const stated = treeOf({ "manifest.json": manifestWith({ port: 8000, dependencies: null, env: {} }) });
    expect(await diff(treeOf({}), stated)).toMatchObject({ identical: false, knobs: 0 });
  });

  test("of files that share nothing ends soon, and its patch still applies", async () => {
    const lines = (text: string) => Array.from({ length: 6000 }, (_, i) => `${text}${i}\n`).join("");
    const names = Array.from({ length: 12 }, (_, i) => `f${i}.txt`);
    const all = (text: string) => treeOf(Object.fromEntries(names.map((name) => [name, lines(text)])));
    const [a, b] = [await all("x"), await all("y")];
    await within(5000, async () => {
      const { files } = await diffStacks(a, b, { maxPatchCharacters: 10 });
      expect(files.every((file) => file.linesAdded === 6000 && file.linesRemoved === 6000)).toBe(true);
    });
    const [was, is] = [lines("x"), lines("y").trimEnd()];
    const { patch } = await diff(treeOf({ a: was }), treeOf({ a: is }), 1e6);
    expect(applyPatch(was, patch)).toBe(is);
  });

  test.each([
    ["", "one\ntwo\n"],
    ["one\ntwo", ""],
    ["a\nb\nc\n", "a\nB\nc"],
    ["", "\n"],
  ])("of %j and %j gives a patch that makes the one into the other", async (was, is) => {
    const { patch } = await diff(treeOf({ f: was }), treeOf({ f: is }), 1e4);
    expect(applyPatch(was, patch)).toBe(is);
  });
});

test.each(["toString", "hasOwnProperty.x", "evn.A", "env.__proto__.x", "__proto__.x", "", "env..A"])(
  "an override of %j is refused with the nearest key, and nothing is polluted",
  async (path) => {
    const overrides = Object.fromEntries([[path, "1"]]);
    await expect(withOverrides(await treeOf({}), overrides)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect(({} as { x?: string }).x).toBeUndefined();
  },
);

describe("a tree out of a record", () => {
  test.each([
    ["differ in case", { A: "1", a: "2" }],
    ["differ in a folder's case", { "Lib/a": "1", "lib/b": "2" }],
    ["are file and folder", { a: "1", "a/b": "2" }],
    ["are folder and file", { "a/b": "2", a: "1" }],
    ["claim a lineage", { "lineage.json": "{}" }],
    ["claim a lineage in capitals", { "Lineage.json": "{}" }],
    ["would be left out of the digest", { "node_modules/x/index.js": "1" }],
    ["hide compiled code", { "lib/a.pyc": "1" }],
    ["are spelled with combining characters", { "cafe\u0301": "2" }],
    ["are too long", { [`${"a".repeat(200)}/`.repeat(6).slice(0, -1)]: "1" }],
    ["lead out", { "a/../../b": "1" }],
    ["are absolute", { "/tmp/b": "1" }],
    ["are empty", { "": "1" }],
  ])("is not written where its paths %s", async (_name, files) => {
    const dir = temporaryDirectory();
    await expect(writeTree(forged({ ...files }), join(dir, "t"))).rejects.toMatchObject({
      code: "STACK_INVALID",
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  test("is not written where its content is not what it claims", async () => {
    const dir = temporaryDirectory();
    const tree = { ...forged({ a: "1", b: "2" }), read: async () => Buffer.from("1") };
    await expect(writeTree(tree, join(dir, "t"))).rejects.toMatchObject({ code: "CONFLICT" });
    expect(readdirSync(dir)).toEqual([]);
  });

  test("never leaves its directory: 1,500 generated paths", async () => {
    const parts = [
      "..",
      ".",
      "",
      "a",
      "b.txt",
      "/",
      "\\",
      "\0",
      "C:",
      "~",
      "…",
      "a\n",
      " ",
      "NUL",
      "..\\..",
      "%2e",
    ];
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const dir = temporaryDirectory();
    for (let round = 0; round < 1500; round++) {
      const path = Array.from({ length: 1 + random(5) }, () => parts[random(parts.length)]).join("/");
      await writeTree(forged({ [path]: "x" }), join(dir, "inner", "t")).then(
        async () => {
          expect((await readTree(join(dir, "inner", "t"))).entries.map((entry) => entry.path)).toEqual([
            path,
          ]);
          rmSync(join(dir, "inner", "t"), { recursive: true });
        },
        (error) => expect(error).toMatchObject({ code: "STACK_INVALID" }),
      );
    }
    expect(readdirSync(dir)).toEqual(["inner"]);
    expect(readdirSync(join(dir, "inner"))).toEqual([]);
  });
});

describe("a directory", () => {
  test("that is a file is none", async () => {
    await expect(readTree(join(directoryWith(STACK), "serve.mjs"))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test.skipIf(process.platform === "win32")(
    "with a pipe, or a name that is no text, is refused",
    async () => {
      const piped = directoryWith(STACK);
      execFileSync("mkfifo", [join(piped, "pipe")]);
      await expect(readTree(piped)).rejects.toMatchObject({ code: "STACK_INVALID" });
      const named = directoryWith(STACK);
      writeFileSync(Buffer.concat([Buffer.from(`${named}/a`), Buffer.from([0xff])]), "x");
      await expect(readTree(named)).rejects.toMatchObject({ code: "STACK_INVALID" });
    },
  );

  test("that loses a file, or swaps it for a link or a pipe, while it is read is in conflict", async () => {
    const exchanges = [
      () => undefined,
      (path: string) => symlinkSync("/dev/zero", path),
      (path: string) => mkdirSync(path),
      (path: string) => execFileSync("mkfifo", [path]),
    ];
    for (const exchange of process.platform === "win32" ? exchanges.slice(0, 1) : exchanges) {
      const dir = directoryWith(STACK);
      const tree = await readTree(dir);
      rmSync(join(dir, "serve.mjs"));
      exchange(join(dir, "serve.mjs"));
      await expect(tree.read("serve.mjs")).rejects.toMatchObject({ code: "CONFLICT" });
    }
  });

  test("whose lineage is a link, a folder, a pipe or endless is refused", { timeout: 5000 }, async () => {
    const spoilers = [
      (path: string) => mkdirSync(path),
      (path: string) => writeFileSync(path, "[".repeat(3_000_000)),
      (path: string) => writeFileSync(path, ""),
      (path: string) => symlinkSync("/dev/zero", path),
      (path: string) => execFileSync("mkfifo", [path]),
    ];
    for (const spoil of process.platform === "win32" ? spoilers.slice(0, 3) : spoilers) {
      const dir = directoryWith(STACK);
      spoil(join(dir, "lineage.json"));
      await expect(readLineage(dir)).rejects.toMatchObject({ code: "STACK_INVALID" });
    }
  });
});
