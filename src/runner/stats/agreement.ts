import { deflateSync } from "node:zlib";

/** Below this a text is a repetition loop: its compressed size over its own (benchmark-protocol 2.5). */
const LOOP_RATIO = 0.15;

/** Compressed bytes over bytes; 1 for an empty text. */
function compressionRatio(text: string): number {
  const bytes = Buffer.from(text, "utf8");
  return bytes.length === 0 ? 1 : deflateSync(bytes).length / bytes.length;
}

/** Share of texts, 0 to 1, that are repetition loops. */
export const loopShare = (texts: readonly string[]): number =>
  texts.filter((text) => compressionRatio(text) < LOOP_RATIO).length / texts.length;

export interface Agreement {
  /** Share of prompts, 0 to 1, for which both passes gave the same text. */
  identicalShare: number;
  /** Mean over prompts of the common prefix over the longer text, in characters. */
  meanCommonPrefixShare: number;
}

/** Compares the text of two passes over the same prompts in the same order. */
export function agreement(a: readonly string[], b: readonly string[]): Agreement {
  const pairs = a.map((text, i) => [text, b[i] ?? ""] as const);
  const prefixes = pairs.map(([x, y]) => commonPrefix(x, y) / Math.max(x.length, y.length, 1));
  return {
    identicalShare: pairs.filter(([x, y]) => x === y).length / pairs.length,
    meanCommonPrefixShare:
      prefixes.reduce((total, share, i) => total + (pairs[i]?.[0] === pairs[i]?.[1] ? 1 : share), 0) /
      pairs.length,
  };
}

function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let i = 0;
  while (i < limit && a[i] === b[i]) i++;
  return i;
}
