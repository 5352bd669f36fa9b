import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { tinyGemmaDir } from "./llama-environment.ts";

const { propose } = await import(pathToFileURL(join(tinyGemmaDir, "prompt-lookup.mjs")).href);

test("proposes what followed the latest occurrence of the last tokens", () => {
  expect(propose([1, 2, 3, 9, 1, 2, 3, 8, 1, 2, 3], 2)).toEqual([8, 1]);
});

test("prefers a longer match over a later one", () => {
  expect(propose([1, 2, 3, 7, 3, 8, 1, 2, 3], 1)).toEqual([7]);
});

test("proposes no more than follows, and nothing without a match or length", () => {
  expect(propose([5, 6, 5], 8)).toEqual([6, 5]);
  expect(propose([1, 2, 3, 4], 4)).toEqual([]);
  expect(propose([5, 6, 5], 0)).toEqual([]);
  expect(propose([5], 3)).toEqual([]);
});
