import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { diffStacks } from "../../../src/runner/stack/diff.ts";
import { readTree } from "../../../src/runner/stack/files.ts";
import { forkStack } from "../../../src/runner/stack/fork.ts";
import { authorsOf, readLineage } from "../../../src/runner/stack/lineage.ts";
import { withOverrides } from "../../../src/runner/stack/overrides.ts";
import { temporaryDirectory } from "../../fixtures/server.ts";
import { directoryWith, manifestWith } from "../../fixtures/trees.ts";

const env = { THREADS: "1", HF_OVERRIDES: '{"text_config":{"sliding_window":192,"x":[1,2]}}' };
const source = () =>
  readTree(directoryWith({ "manifest.json": manifestWith({ env }), "serve.mjs": "serve();\n" }));
const ancestor = (digest: string, author: string | null) => ({ digest, name: "n", author, result: null });
const manifestOf = async (tree: { read(path: string): Promise<Uint8Array> }) =>
  JSON.parse(Buffer.from(await tree.read("manifest.json")).toString());

describe("a fork", () => {
  const make = async (target = join(temporaryDirectory(), "mine"), key?: string) => {
    const content = await source();
    const ancestors = [
      ancestor(content.digest, "bo"),
      ancestor(content.digest, "ada"),
      ancestor(content.digest, null),
    ];
    const made = await forkStack({
      target,
      author: "me",
      ancestors,
      content,
      now: 0,
      ...(key && { idempotencyKey: key }),
    });
    return { target, content, ...made };
  };

  test("without overrides is its parent to the byte, and has its parent's digest", async () => {
    const { target, content } = await make();
    expect((await readTree(target)).digest).toBe(content.digest);
  });

  test("remembers its ancestors after it was edited", async () => {
    const { target } = await make();
    writeFileSync(join(target, "serve.mjs"), "other();\n");
    const lineage = await readLineage(target);
    expect(authorsOf(lineage?.ancestors ?? [])).toEqual(["bo", "ada"]);
    expect(lineage?.author).toBe("me");
  });

  test("is made once for one idempotency key, and never over another", async () => {
    const { target } = await make(undefined, "k1");
    expect((await make(target, "k1")).replayed).toBe(true);
    await expect(make(target, "k2")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await expect(make(target)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  });

  test("with a broken lineage is refused, not taken for a root", async () => {
    const { target } = await make();
    writeFileSync(join(target, "lineage.json"), '{"version":1');
    await expect(readLineage(target)).rejects.toMatchObject({ code: "STACK_INVALID" });
  });
});

describe("overrides", () => {
  test("set values by dotted path, into JSON inside strings, and keep the order of keys", async () => {
    const before = await source();
    const tree = await withOverrides(before, {
      model_id: "owner/other",
      "env.NEW": 8,
      "env.HF_OVERRIDES.text_config.sliding_window": 128,
      "env.HF_OVERRIDES.text_config.x.1": 3,
      "serve.1": "other.mjs",
    });
    const manifest = await manifestOf(tree);
    expect(manifest).toMatchObject({
      model_id: "owner/other",
      env: { THREADS: "1", NEW: "8" },
      serve: ["node", "other.mjs"],
    });
    expect(JSON.parse(manifest.env.HF_OVERRIDES)).toEqual({
      text_config: { sliding_window: 128, x: [1, 3] },
    });
    expect(Object.keys(manifest)).toEqual(Object.keys(await manifestOf(before)));
    expect(tree.digest).not.toBe(before.digest);
  });

  test.each([
    [{ modelid: "x" }, /a manifest has no "modelid"/],
    [{ "env.__proto__": "x" }, /is no path/],
    [{ "model_id.deep": "x" }, /holds a plain value/],
    [{ "serve.9": "x" }, /no item of a list/],
    [{ serve: [] }, /serve/],
  ])("that lead nowhere are refused: %j", async (overrides, message) => {
    await expect(withOverrides(await source(), overrides)).rejects.toThrow(message);
  });
});

describe("what changed", () => {
  const diff = async (a: Record<string, string>, b: Record<string, string>, most = 4000) =>
    diffStacks(await readTree(directoryWith(a)), await readTree(directoryWith(b)), {
      maxPatchCharacters: most,
    });

  test("one value of the manifest, deep in a string, is one change", async () => {
    const before = await source();
    const after = await withOverrides(before, { "env.HF_OVERRIDES.text_config.sliding_window": 128 });
    expect(await diffStacks(before, after, { maxPatchCharacters: 0 })).toMatchObject({
      knobs: 1,
      oneChange: true,
      values: [{ path: "env.HF_OVERRIDES.text_config.sliding_window", before: 192, after: 128 }],
    });
  });

  test('order of keys, white space, and 8 or "8" in the environment are no changes in meaning', async () => {
    const a = { "manifest.json": '{"serve":["x"],"env":{"A":8,"B":"{\\"x\\": 1}"}}' };
    const b = { "manifest.json": '{ "env": {"B":"{\\"x\\":1}", "A":"8"}, "serve": ["x"] }' };
    expect(await diff(a, b)).toMatchObject({ identical: false, knobs: 0, oneChange: false });
  });

  test("a value together with a file is not one change", async () => {
    const a = { "manifest.json": manifestWith(), "serve.mjs": "one\ntwo\n" };
    const b = {
      "manifest.json": manifestWith({ model_id: "o/x" }),
      "serve.mjs": "one\nthree\nfour\n",
      "new.mjs": "x\n",
    };
    const { files, knobs, oneChange, patch } = await diff(a, b);
    expect({ knobs, oneChange }).toEqual({ knobs: 1, oneChange: false });
    expect(files).toEqual([
      { path: "manifest.json", change: "changed", linesAdded: 1, linesRemoved: 1, binary: false },
      { path: "new.mjs", change: "added", linesAdded: 1, linesRemoved: 0, binary: false },
      { path: "serve.mjs", change: "changed", linesAdded: 2, linesRemoved: 1, binary: false },
    ]);
    expect(patch).toContain("-two\n+three\n+four");
  });

  test("a patch keeps its budget and says that it was cut; binary files are named only", async () => {
    const a = { "manifest.json": manifestWith(), "a.txt": "x\n".repeat(500), "b.bin": "\u0000a" };
    const b = { "manifest.json": manifestWith(), "a.txt": "y\n".repeat(500), "b.bin": "\u0000b" };
    const { patch, patchTruncated, files } = await diff(a, b, 300);
    expect(patch.length).toBeLessThanOrEqual(300);
    expect(patchTruncated).toBe(true);
    expect(files.find(({ path }) => path === "b.bin")).toMatchObject({ binary: true });
  });
});
