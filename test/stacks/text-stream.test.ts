import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { tinyGemmaDir } from "./llama-environment.ts";

const { createTextStream } = await import(pathToFileURL(join(tinyGemmaDir, "text.mjs")).href);

/** A tokenizer whose tokens are bytes. */
const bytes = (ids: number[]): string => Buffer.from(ids).toString("utf8");

function streamed(text: string | number[], stops: string[] = []) {
  const stream = createTextStream(bytes, stops);
  const deltas = [...Buffer.from(text as string)].map((byte) => stream.push(byte));
  return { deltas: [...deltas, stream.end()], stopped: stream.stopped };
}

test("a character whose bytes come one by one comes out whole", () => {
  expect(streamed("é€🦜!").deltas).toEqual(["", "é", "", "", "€", "", "", "", "🦜", "!", ""]);
});

test("bytes that are no character come out in the end, and hold nothing up for ever", () => {
  const { deltas } = streamed([0xff, 0xfe, 0x41, ...Array<number>(20).fill(0xff), 0x42]);
  expect(deltas.join("")).toBe(`\ufffd\ufffdA${"\ufffd".repeat(20)}B`);
  expect(deltas.slice(0, 12).join("")).not.toBe("");
});

test("text that may begin a stop string is held back until it is clear", () => {
  expect(streamed("a ENx", ["END"]).deltas).toEqual(["a", " ", "", "", "ENx", ""]);
  expect(streamed("a EN", ["END"]).deltas.join("")).toBe("a EN");
});

test("text ends before the first stop string", () => {
  const { deltas, stopped } = streamed("one STOP two END three", ["END", "STOP"]);
  expect(deltas.join("")).toBe("one ");
  expect(stopped).toBe(true);
});
