import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadChallenge, profileOf } from "../../src/challenge.ts";
import { packageRoot } from "../../src/paths.ts";
import { parseModelId } from "../../src/runner/models/models.ts";
import { SIZES } from "../../src/runner/models/tiny-gemma.ts";
import { parseManifest } from "../../src/runner/stack/manifest.ts";

interface PplRecord {
  id: string;
  context_token_ids: number[];
  target_token_ids: number[];
}

describe.each(["tiny-gemma", join(packageRoot, "test", "fixtures", "challenge-test")])(
  "challenge %s",
  (name) => {
    const challenge = loadChallenge(name);
    const read = (file: string) => readFileSync(join(challenge.dir, file), "utf8");
    const prompts: { id: string; conversations: { value: string }[] }[] = JSON.parse(read(challenge.prompts));
    const records: PplRecord[] = read(challenge.perplexity)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

    test("has an official and a quick profile, and prompts and records enough for both", () => {
      expect(profileOf(challenge).official).toBe(true);
      expect(profileOf(challenge, "quick").official).toBe(false);
      for (const profile of Object.values(challenge.profiles)) {
        expect(prompts.length).toBeGreaterThanOrEqual(profile.num_prompts);
        expect(records.length).toBeGreaterThanOrEqual(profile.ppl_records ?? 1);
      }
    });

    test("has a perplexity record for every prompt, of tokens that its model has", () => {
      const size = Object.values(challenge.models)[0]?.size ?? "test";
      expect(records.map(({ id }) => id)).toEqual(prompts.map(({ id }) => id));
      for (const { context_token_ids, target_token_ids } of records) {
        expect(context_token_ids.slice(0, 2)).toEqual([2, 4]);
        expect(Math.max(...context_token_ids, ...target_token_ids)).toBeLessThan(SIZES[size].vocab);
      }
    });
  },
);

test("the tiny-gemma starter stack serves the tiny-gemma challenge's model", () => {
  const challenge = loadChallenge("tiny-gemma");
  for (const name of challenge.starter_stacks) {
    const dir = join(packageRoot, "stacks", name);
    const manifest = parseManifest(readFileSync(join(dir, "manifest.json"), "utf8"));
    expect(parseModelId(manifest.model_id, challenge)?.dtype).toBe("F32");
    expect(existsSync(join(dir, manifest.serve[1] ?? ""))).toBe(true);
  }
});

test("the vLLM baseline has the official manifest form", () => {
  const text = readFileSync(join(packageRoot, "stacks", "vllm-baseline", "manifest.json"), "utf8");
  expect(parseManifest(text)).toMatchObject({
    model_id: "google/gemma-4-E4B-it",
    runtime: "python",
    port: 8000,
  });
  expect(Object.values(JSON.parse(text).env).every((value) => typeof value === "string")).toBe(true);
});
