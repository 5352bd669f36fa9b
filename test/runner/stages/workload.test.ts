import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Challenge, challengeSchema, profileOf } from "../../../src/challenge.ts";
import { loadWorkload } from "../../../src/runner/stages/workload.ts";

const dir = mkdtempSync(join(tmpdir(), "workload-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const challenge: Challenge = {
  ...challengeSchema.parse({
    id: "toy",
    title: "t",
    summary: "s",
    rules: [],
    score: { field: "tps", unit: "tok/s", order: "desc" },
    prompts: "prompts.json",
    perplexity: "ppl.jsonl",
    profiles: { official: { official: true, num_prompts: 1, output_len: 4 } },
  }),
  dir,
};
const prompt = { id: "p0", conversations: [{ value: "hello" }, { value: "hi" }] };
const record = { id: "r0", context_token_ids: [1, 2], target_token_ids: [3] };

function load(ppl: string, prompts = JSON.stringify([prompt])) {
  writeFileSync(join(dir, "prompts.json"), prompts);
  writeFileSync(join(dir, "ppl.jsonl"), ppl);
  return loadWorkload(challenge, profileOf(challenge));
}
const scored = async (ppl: string) =>
  (await load(ppl)).records.map(({ id, promptTokenIds, scoreStart, scoreEnd }) => [
    id,
    promptTokenIds,
    scoreStart,
    scoreEnd,
  ]);

describe("a challenge's data", () => {
  it("may be lines or a list, in either form, with a byte order mark", async () => {
    const expected = [["r0", [1, 2, 3], 2, 3]];
    expect(await scored(JSON.stringify(record))).toEqual(expected);
    expect(await scored(`\uFEFF${JSON.stringify(record)}\r\n\n`)).toEqual(expected);
    expect(await scored(JSON.stringify([record], null, 2))).toEqual(expected);
    const ids = { id: 7, prompt_token_ids: [4, 5, 6] };
    expect(await scored(JSON.stringify(ids))).toEqual([["7", [4, 5, 6], 1, 3]]);
    expect(await scored(JSON.stringify({ ...ids, target_start: 0, target_end: 2 }))).toEqual([
      ["7", [4, 5, 6], 1, 2],
    ]);
    expect(await scored(JSON.stringify({ ...ids, score_token_start: 2 }))).toEqual([["7", [4, 5, 6], 2, 3]]);
    expect((await load(JSON.stringify(record), `\uFEFF${JSON.stringify([prompt])}`)).prompts).toHaveLength(1);
  });

  it.each([
    ["", "ppl.jsonl has no records"],
    [`${JSON.stringify(record)}\n{"id"`, "ppl.jsonl line 2 is not JSON"],
    [`[\n${JSON.stringify(record)}\n1`, "ppl.jsonl is not JSON (position "],
    [JSON.stringify({ ...record, target_token_ids: [] }), "line 1: target_token_ids: must hold a token"],
    [JSON.stringify([record, { ...record, context_token_ids: [1, -2] }]), "item 2: context_token_ids[1]: "],
    [JSON.stringify({ ...record, context_token_ids: [] }), "needs at least 2 tokens, it has 1"],
    [JSON.stringify({ prompt_token_ids: [1, 2, 3], target_start: 3 }), "starts at 3 and ends at 3"],
    [JSON.stringify({ prompt_token_ids: [1, 2, 3], target_end: 4 }), "ends at 4, behind its 3 tokens"],
  ])("is refused with its place: %s", async (ppl, message) => {
    const failing = load(ppl);
    await expect(failing).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(message),
      hint: expect.stringContaining("docs/challenges.md"),
    });
  });

  it("is refused where prompts are missing or have no text", async () => {
    const good = JSON.stringify(record);
    const few = JSON.stringify([{ ...prompt, conversations: [] }]);
    await expect(load(good, few)).rejects.toThrow("prompts.json has 0 usable prompts");
    const mute = JSON.stringify([prompt, { conversations: [{ value: 3 }] }]);
    await expect(load(good, mute)).rejects.toThrow("prompts.json item 2: conversations[0].value: ");
    const elsewhere = { ...challenge, prompts: "missing.json" };
    await expect(loadWorkload(elsewhere, profileOf(challenge))).rejects.toThrow(
      "missing.json cannot be read (ENOENT)",
    );
  });
});
