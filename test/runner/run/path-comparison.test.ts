import { expect, test } from "vitest";
import { type PathComparison, pathWarnings } from "../../../src/runner/run/path-comparison.ts";

const agreeing: PathComparison = {
  decodeOverThroughput: 0.99,
  decodeTps: 500,
  shorterPassSeconds: 130,
  identicalTextShare: 1,
  meanCommonPrefixShare: 1,
  retokenizedShare: 0.99,
  decodeRetokenizedShare: 0.99,
  loopShare: 0,
  decodeLoopShare: 0,
};

test("two passes that agree raise nothing", () => {
  expect(pathWarnings(agreeing)).toEqual([]);
});

test("an audited pass that is slower than the scored one is worth a look, once the passes are long enough to tell", () => {
  const slow = { ...agreeing, decodeOverThroughput: 0.92 };
  expect(pathWarnings(slow)).toMatchObject([expect.stringMatching(/audited pass ran at 92.0 %/)]);
  expect(pathWarnings({ ...slow, shorterPassSeconds: 10 })).toEqual([]);
});

test("other texts, claimed tokens that are not there, and loops in the scored pass only are worth a look", () => {
  expect(pathWarnings({ ...agreeing, identicalTextShare: 0 })).toMatchObject([
    expect.stringMatching(/same text for 0.0 %/),
  ]);
  expect(pathWarnings({ ...agreeing, retokenizedShare: 0.8 })).toMatchObject([
    expect.stringMatching(/hold 80.0 %/),
  ]);
  expect(pathWarnings({ ...agreeing, loopShare: 0.2 })).toMatchObject([
    expect.stringMatching(/repetition loops/),
  ]);
});
