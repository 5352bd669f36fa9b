import { createHash } from "node:crypto";

/** SHA-256, hex, over the decimal ids joined by commas: how official files identify a token sequence. */
export const tokenIdsSha256 = (ids: readonly number[]): string =>
  createHash("sha256").update(ids.join(",")).digest("hex");

/**
 * Which numerical variant a launch landed on: completion ids in run order and the perplexity to its last digit
 * (benchmark-protocol 11.6). Launches with the same fingerprint differ only in timing. 16 hex digits.
 */
export function fingerprint(completions: readonly (readonly number[])[], ppl: number): string {
  const hash = createHash("sha256");
  for (const ids of completions) hash.update(`${ids.join(",")}\n`);
  return hash.update(String(ppl)).digest("hex").slice(0, 16);
}
