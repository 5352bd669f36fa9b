import type { DecodeResult } from "../stages/decode.ts";
import type { ThroughputResult } from "../stages/throughput.ts";
import { agreement, loopShare } from "../stats/agreement.ts";

/**
 * The scored pass and the audited pass ran the same prompts on the same server, by different endpoints. Where they
 * disagree the score may not reproduce (benchmark-protocol 2.5).
 */
export interface PathComparison {
  /** Speed of the audited pass over that of the scored one. */
  decodeOverThroughput: number;
  decodeTps: number;
  shorterPassSeconds: number;
  /** Share of prompts with the same text in both passes; null where the passes got different prompts. */
  identicalTextShare: number | null;
  meanCommonPrefixShare: number | null;
  /** Tokens of the text, counted anew, over those claimed; null without `/tokenize`. */
  retokenizedShare: number | null;
  decodeRetokenizedShare: number | null;
  /** Shares of texts that are repetition loops. */
  loopShare: number;
  decodeLoopShare: number;
}

export function comparePaths(
  throughput: ThroughputResult,
  decode: DecodeResult,
  decodeRetokenizedShare: number | undefined,
): PathComparison {
  const decodeTps = decode.numCompletionTokens / decode.durationSeconds;
  // A prompt that was sent as text never went through the chat template: its answer is another one by right.
  const agreed = decode.promptSource === "text" ? undefined : agreement(throughput.texts, decode.texts);
  return {
    decodeOverThroughput: decodeTps / throughput.metrics.output_throughput,
    decodeTps,
    shorterPassSeconds: Math.min(decode.durationSeconds, throughput.durationSeconds),
    identicalTextShare: agreed?.identicalShare ?? null,
    meanCommonPrefixShare: agreed?.meanCommonPrefixShare ?? null,
    retokenizedShare: throughput.retokenizedShare ?? null,
    decodeRetokenizedShare: decodeRetokenizedShare ?? null,
    loopShare: loopShare(throughput.texts),
    decodeLoopShare: loopShare(decode.texts),
  };
}

const SLOWEST_RATIO = 0.97;
/** A shorter pass measures the machine's mood: on a loaded laptop ten seconds swing by a third. */
const TELLING_SECONDS = 30;
/** The least that faithful stacks showed: 11 of 128 prompts. */
const LEAST_IDENTICAL = 0.08;
const RETOKENIZED_GAP = 0.05;
const LOOP_GAP = 0.05;

/** What of it is worth a second look, in our own words. */
export function pathWarnings(paths: PathComparison): string[] {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const warnings: string[] = [];
  if (paths.decodeOverThroughput < SLOWEST_RATIO && paths.shorterPassSeconds >= TELLING_SECONDS) {
    warnings.push(
      `the audited pass ran at ${percent(paths.decodeOverThroughput)} of the scored pass's speed; a private re-run may be slower too`,
    );
  }
  if (paths.identicalTextShare !== null && paths.identicalTextShare < LEAST_IDENTICAL) {
    warnings.push(
      `scored and audited pass gave the same text for ${percent(paths.identicalTextShare)} of the prompts; do both apply the same chat template?`,
    );
  }
  const { retokenizedShare: scored, decodeRetokenizedShare: audited } = paths;
  if (scored !== null && audited !== null && scored < audited - RETOKENIZED_GAP) {
    warnings.push(
      `the scored texts hold ${percent(scored)} of the tokens that were claimed for them, the audited ones ${percent(audited)}`,
    );
  }
  if (paths.loopShare > paths.decodeLoopShare + LOOP_GAP) {
    warnings.push(
      `${percent(paths.loopShare)} of the scored texts are repetition loops, of the audited ones ${percent(paths.decodeLoopShare)}; loops are fast to draft`,
    );
  }
  return warnings;
}
