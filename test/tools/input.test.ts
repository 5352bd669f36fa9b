import { expect, test } from "vitest";
import { z } from "zod";
import { CollabError } from "../../src/errors.ts";
import { nearest, parseInput } from "../../src/tools/support/input.ts";

const schema = z.strictObject({ agent_id: z.string(), limit: z.number().max(50).default(10) });

const refusal = (args: unknown): CollabError => {
  try {
    parseInput("agents_find", schema, args);
  } catch (error) {
    if (error instanceof CollabError) return error;
  }
  throw new Error("was accepted");
};

test("defaults are filled in", () => {
  expect(parseInput("agents_find", schema, { agent_id: "ada" })).toEqual({ agent_id: "ada", limit: 10 });
});

test("an unknown key is an error that names the nearest known one", () => {
  expect(refusal({ agent_id: "ada", limt: 3 }).toString()).toBe(
    'INVALID_ARGUMENT: unknown argument "limt", did you mean "limit"? Next: agents_find with arguments among agent_id, limit',
  );
  expect(refusal({ agent_id: "ada", zzzzzz: 3 }).message).toBe('unknown argument "zzzzzz"');
});

test("every problem is named by its path", () => {
  expect(refusal({ limit: 99 }).message).toMatch(/agent_id: .*; limit: /);
  expect(refusal("x").message).toMatch(/^arguments: /);
});

test("nearest finds typing errors and shortened words, and does not guess wildly", () => {
  expect(nearest("messages_red", ["messages_read", "message_post"])).toBe("messages_read");
  expect(nearest("agent", ["agent_id", "limit"])).toBe("agent_id");
  expect(nearest("q", ["agent_id", "limit"])).toBeUndefined();
  expect(nearest("anything", [])).toBeUndefined();
});
