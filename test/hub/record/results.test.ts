import { expect, test } from "vitest";
import { assertResult } from "../../../src/hub/record/results.ts";
import { challenge, resultFields } from "../support.ts";

const check = (more: Record<string, unknown>) => assertResult(resultFields(100, more), challenge);

test("a complete result passes, a negative one and one with more fields too", () => {
  for (const more of [{}, { status: "negative" }, { artifacts: "artifacts/x/", extra: [1] }]) {
    expect(() => check(more)).not.toThrow();
  }
});

test.each([
  ["tps", { tps: undefined }],
  ["tps", { tps: 0 }],
  ["tps", { tps: -3 }],
  ["tps", { tps: true }],
  ["tps", { tps: "1e3" }],
  ["tps", { tps: Number.NaN }],
  ["tps", { tps: Number.POSITIVE_INFINITY }],
  ["ppl", { ppl: undefined }],
  ["ppl", { ppl: "2.3" }],
  ["ppl", { ppl: Number.NaN }],
  ["status", { status: "done" }],
  ["method", { method: "  " }],
  ["method", { method: null }],
  ["description", { description: undefined }],
])("field %s of %j is refused by its name", (field, more) => {
  expect(() => check(more)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(`"${field}"`) }),
  );
});

test("a guard that is not required may be absent", () => {
  const rules = { ...challenge, required_result_fields: ["method", "status"] };
  expect(() => assertResult({ tps: 1, method: "m", status: "agent-run" }, rules)).not.toThrow();
});
