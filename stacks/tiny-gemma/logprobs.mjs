// From logits to log probabilities. Up to this size of vocabulary all logits are read and the log-sum-exp is taken in
// double precision. Beyond, where reading them costs tens of milliseconds a token, the engine's own sum in single
// precision serves (its logarithm is off by some 1e-6), and only the ranks of the most likely tokens are known.
const EXACT_VOCABULARY = 16_384;

/** Which logits a position must return, so that `top` tokens, and `id` if given, can be read from it. */
export function whatToRead({ vocabularySize, top, id }) {
  if (vocabularySize <= EXACT_VOCABULARY) return { logits: true };
  const filter = { tokens: id === undefined ? [] : [id], includeTop: Math.max(1, top) };
  return { logits: { filter }, totalLogitWeight: true };
}

/** `{id, logprob, rank}` of the `top` most likely tokens, most likely first, then of `id` unless it is among them. */
export function readLogprobs({ logits, totalLogitWeight }, id, top) {
  const ranked = [...logits].sort(([, a], [, b]) => b - a);
  const highest = ranked[0][1];
  const sum = totalLogitWeight ?? ranked.reduce((total, [, logit]) => total + Math.exp(logit - highest), 0);
  const logSum = highest + Math.log(sum);
  const entry = (index) => ({
    id: ranked[index][0],
    logprob: ranked[index][1] - logSum,
    rank: totalLogitWeight === undefined || index < top ? index + 1 : null,
  });
  const entries = ranked.slice(0, top).map((_, index) => entry(index));
  if (!entries.some((each) => each.id === id)) entries.push(entry(ranked.findIndex(([each]) => each === id)));
  return entries;
}
