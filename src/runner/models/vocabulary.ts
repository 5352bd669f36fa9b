import { WORDS } from "./words.ts";

/**
 * A SentencePiece-style vocabulary with the shape of Gemma's: control tokens, 256 byte tokens for whatever has no
 * piece, single characters, then pieces merged from pairs, earlier merges scoring higher. Pieces are learned from
 * {@link WORDS} by byte-pair encoding, with integers only, so that every machine learns the same ones.
 */
export const CONTROL_TOKENS = [
  "<pad>",
  "<eos>",
  "<bos>",
  "<unk>",
  "<start_of_turn>",
  "<end_of_turn>",
] as const;

/** What a space is written as inside a piece. */
const SPACE = "\u2581";

/** Token types of the GGUF format. */
const TYPE = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;

export interface Vocabulary {
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  readonly types: readonly number[];
}

/** The first `size` tokens; a larger vocabulary begins with the smaller one. */
export function vocabulary(size: number): Vocabulary {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  const characters = [SPACE, "\n", ...printable];
  const merged = learnPieces(size - CONTROL_TOKENS.length - bytes.length - characters.length);
  return {
    pieces: [...CONTROL_TOKENS, ...bytes, ...characters, ...merged],
    scores: [
      ...CONTROL_TOKENS.map(() => 0),
      ...bytes.map(() => 0),
      ...characters.map((_, index) => -(merged.length + index)),
      ...merged.map((_, rank) => -rank),
    ],
    types: [
      ...CONTROL_TOKENS.map((token) => (token === "<unk>" ? TYPE.unknown : TYPE.control)),
      ...bytes.map(() => TYPE.byte),
      ...characters.map(() => TYPE.normal),
      ...merged.map(() => TYPE.normal),
    ],
  };
}

/** Tokens that stand for text: neither control nor byte tokens. */
export const isTextToken = (id: number): boolean => id >= CONTROL_TOKENS.length + 256;

/** Byte-pair encoding: repeatedly joins the pair that weighs most over all words, for `wanted` pieces. */
function learnPieces(wanted: number): string[] {
  // A capitalised word also opens a text, where no space precedes it.
  const words = [...new Set(WORDS)].flatMap((word, rank) => {
    const spellings = /^[A-Z]/.test(word) ? [`${SPACE}${word}`, word] : [`${SPACE}${word}`];
    return spellings.map((text) => ({ symbols: [...text], weight: Math.floor(100_000 / (rank + 20)) }));
  });
  const weights = new Map<string, number>();
  const count = ({ symbols, weight }: (typeof words)[number], sign: number): void => {
    for (let index = 1; index < symbols.length; index++) {
      const pair = `${symbols[index - 1]} ${symbols[index]}`;
      weights.set(pair, (weights.get(pair) ?? 0) + sign * weight);
    }
  };
  for (const word of words) count(word, 1);
  const pieces = new Set<string>();
  while (pieces.size < wanted) {
    const best = heaviest(weights);
    if (best === undefined)
      throw new Error(`${WORDS.length} words give only ${pieces.size} of ${wanted} pieces`);
    const [left = "", right = ""] = best.split(" ");
    pieces.add(left + right);
    for (const word of words) {
      const { symbols } = word;
      if (!symbols.some((symbol, index) => symbol === left && symbols[index + 1] === right)) continue;
      count(word, -1);
      for (let index = symbols.length - 1; index > 0; index--) {
        if (symbols[index - 1] === left && symbols[index] === right)
          symbols.splice(index - 1, 2, left + right);
      }
      count(word, 1);
    }
  }
  return [...pieces];
}

/** The pair of greatest weight, of several the first in the order of their texts. */
function heaviest(weights: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined;
  let bestWeight = 0;
  for (const [pair, weight] of weights) {
    if (weight > bestWeight || (weight === bestWeight && best !== undefined && pair < best)) {
      best = pair;
      bestWeight = weight;
    }
  }
  return best;
}
