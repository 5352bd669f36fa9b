import { expect, test } from "vitest";
import { withdrawalBody, withdrawalIn } from "../../../src/hub/record/withdrawal.ts";

const result = "20260612-134507-042_ada.md";
const message = {
  author: "ada",
  type: "withdrawal",
  refs: [result],
  body: withdrawalBody({ result, reason: "the author I built on\nis not credited" }),
};

test("what is written is read back", () => {
  expect(withdrawalIn(message)).toEqual({ result, reason: "the author I built on\nis not credited" });
  expect(withdrawalIn({ ...message, body: `\n${message.body}\n` })).toEqual({
    result,
    reason: "the author I built on\nis not credited",
  });
});

test.each([
  ["another author's", { author: "bob" }],
  ["of another type", { type: "agent" }],
  ["without refs", { refs: [] }],
  ["with refs to something else", { refs: ["20260612-134507-043_ada.md"] }],
  ["with more refs", { refs: [result, result] }],
  ["without a reason", { body: `WITHDRAWN: ${result}\nREASON: \n ` }],
  ["only about it", { body: `> WITHDRAWN: ${result}` }],
])("a message %s withdraws nothing", (_, change) => {
  expect(withdrawalIn({ ...message, ...change })).toBeUndefined();
});
