import { mean } from "./percentile.ts";

/** Negative log-likelihood, natural log, of the scored tokens of one record. */
export interface RecordScore {
  negLogLikelihood: number;
  numTokens: number;
}

export const recordPpl = (score: RecordScore): number => Math.exp(score.negLogLikelihood / score.numTokens);

/**
 * Token-weighted perplexity over records, the number that a guard compares: `exp(sum NLL / sum n)`. Sums run in
 * record order, which decides the last digit. `meanRecordPpl` is for information only (benchmark-protocol 3.4).
 */
export function perplexity(scores: readonly RecordScore[]) {
  const negLogLikelihood = scores.reduce((total, score) => total + score.negLogLikelihood, 0);
  const numTokens = scores.reduce((total, score) => total + score.numTokens, 0);
  return {
    negLogLikelihood,
    numTokens,
    ppl: recordPpl({ negLogLikelihood, numTokens }),
    meanRecordPpl: mean(scores.map(recordPpl)),
  };
}
