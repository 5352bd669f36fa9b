import { expect, test } from "vitest";
import { CONTROL_TOKENS, vocabulary } from "../../../src/runner/models/vocabulary.ts";

const { pieces, scores, types } = vocabulary(2048);

test("has as many tokens as asked for, none twice, each with a score and a type", () => {
  expect(pieces).toHaveLength(2048);
  expect(new Set(pieces).size).toBe(2048);
  expect(scores).toHaveLength(2048);
  expect(types).toHaveLength(2048);
});

test("begins with Gemma's control tokens, then all 256 bytes", () => {
  expect(pieces.slice(0, 4)).toEqual(["<pad>", "<eos>", "<bos>", "<unk>"]);
  expect(CONTROL_TOKENS).toContain("<start_of_turn>");
  expect(pieces.slice(6, 262)).toEqual(
    Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
});

test("a larger vocabulary begins with the smaller one", () => {
  expect(pieces.slice(0, 512)).toEqual(vocabulary(512).pieces);
});

test("every learned piece can be put together from two others that score no lower", () => {
  const rank = new Map(pieces.map((piece, id) => [piece, scores[id] ?? 0]));
  for (const [id, piece] of pieces.entries()) {
    if (id < 262 || [...piece].length === 1) continue;
    const score = scores[id] ?? 0;
    const known = (part: string): boolean =>
      rank.has(part) && ([...part].length === 1 || (rank.get(part) ?? 0) > score);
    const cuts = Array.from({ length: piece.length - 1 }, (_, at) => at + 1);
    expect(cuts.some((at) => known(piece.slice(0, at)) && known(piece.slice(at)))).toBe(true);
  }
});

test("words of the language are pieces", () => {
  expect(pieces).toEqual(expect.arrayContaining(["\u2581the", "\u2581water", "What", "Explain"]));
});
