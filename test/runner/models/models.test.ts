import { chmod, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CollabError } from "../../../src/errors.ts";
import { ggufChunks, ggufSize } from "../../../src/runner/models/gguf.ts";
import { ensureModel, parseModelId } from "../../../src/runner/models/models.ts";
import { tinyGemma } from "../../../src/runner/models/tiny-gemma.ts";
import { sha256 } from "../../../src/tree.ts";

const challenge = {
  models: {
    small: { generator: "tiny-gemma", size: "test" },
    large: { generator: "tiny-gemma", size: "game" },
  },
} as const;

const TEST_MODELS = {
  F32: "30ee71d8cc53",
  F16: "70f162ec3ccd",
  Q8_0: "842f30d43b3a",
  Q4_0: "8a0d3468c62c",
} as const;

describe("parseModelId", () => {
  test("knows the challenge's models, in F32 unless another type is named", () => {
    expect(parseModelId("small", challenge)).toEqual({ name: "small", size: "test", dtype: "F32" });
    expect(parseModelId("large/Q4_0", challenge)).toEqual({ name: "large", size: "game", dtype: "Q4_0" });
  });

  test.each(["google/gemma-4-E4B-it", "", "toString", "constructor/F32", "/small", "small.gguf"])(
    "leaves %j to others",
    (modelId) => expect(parseModelId(modelId, challenge)).toBeUndefined(),
  );

  test.each(["small/Q5_K", "small/q8_0", "small/", "small/F32/x"])(
    "refuses %j, naming the types",
    (modelId) => {
      expect(() => parseModelId(modelId, challenge)).toThrow(CollabError);
      expect(() => parseModelId(modelId, challenge)).toThrow(modelId);
    },
  );
});

test.each(Object.entries(TEST_MODELS))(
  "the test model in %s is the same bytes everywhere",
  (dtype, digest) => {
    const file = tinyGemma("test", dtype as keyof typeof TEST_MODELS);
    const bytes = Buffer.concat([...ggufChunks(file)]);
    expect(sha256(bytes)).toMatch(new RegExp(`^${digest}`));
    expect(bytes.length).toBe(ggufSize(file));
  },
);

describe("ensureModel", () => {
  let modelsDir: string;
  beforeEach(async () => {
    modelsDir = await mkdtemp(join(tmpdir(), "models-"));
  });
  afterEach(() => rm(modelsDir, { recursive: true, force: true }));

  const ensure = (options: Partial<Parameters<typeof ensureModel>[0]> = {}) =>
    ensureModel({ modelId: "small/Q4_0", challenge, modelsDir, ...options });

  test("writes the model once and finds it again", async () => {
    const progress: [number, number][] = [];
    const path = await ensure({ onProgress: (done, total) => progress.push([done, total]) });
    expect(basename(path ?? "")).toBe("tiny-gemma-test-Q4_0-8a0d3468c62c.gguf");
    const bytes = await readFile(path ?? "");
    expect(progress.at(-1)).toEqual([bytes.length, bytes.length]);
    expect(progress.map(([done]) => done)).toEqual(progress.map(([done]) => done).sort((a, b) => a - b));
    const again: unknown[] = [];
    expect(await ensure({ onProgress: (...step) => again.push(step) })).toBe(path);
    expect(again).toEqual([]);
  });

  test("is undefined for a model that the challenge does not have, and writes nothing", async () => {
    expect(await ensure({ modelId: "google/gemma-4-E4B-it" })).toBeUndefined();
    expect(await readdir(modelsDir)).toEqual([]);
  });

  test("leaves one whole file when several ask at once", async () => {
    const paths = await Promise.all([ensure(), ensure(), ensure(), ensure()]);
    expect(new Set(paths).size).toBe(1);
    expect(await readdir(modelsDir)).toEqual([basename(paths[0] ?? "")]);
    expect(sha256(await readFile(paths[0] ?? ""))).toMatch(/^8a0d3468c62c/);
  });

  test("replaces a file that was changed", async () => {
    const path = (await ensure()) ?? "";
    await chmod(path, 0o644);
    await writeFile(path, "something else");
    expect(await ensure()).toBe(path);
    expect(sha256(await readFile(path))).toMatch(/^8a0d3468c62c/);
  });

  test("stops when aborted and leaves nothing behind", async () => {
    const controller = new AbortController();
    const aborting = ensure({
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(aborting).rejects.toThrow("enough");
    expect(await readdir(modelsDir)).toEqual([]);
  });

  test("clears away what a killed writer left, not what another is writing", async () => {
    const name = "tiny-gemma-test-Q4_0-8a0d3468c62c.gguf";
    const [old, young] = [join(modelsDir, `${name}.1-aa.tmp`), join(modelsDir, `${name}.2-bb.tmp`)];
    await Promise.all([writeFile(old, ""), writeFile(young, "")]);
    await utimes(old, 0, 0);
    await ensure();
    expect((await readdir(modelsDir)).sort()).toEqual([name, basename(young)]);
  });
});
