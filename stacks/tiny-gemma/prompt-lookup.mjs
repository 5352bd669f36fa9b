// Speculative decoding without a second model: when the last tokens occurred before, propose what followed them then,
// and check the whole proposal in one evaluation. Pays where the text repeats itself or its prompt.
//
// Only tokens that are the model's own first choice are kept, so the text is greedy. It need not be the same text to
// the last token: several rows are multiplied by another kernel than one row, logits differ in the last digits, and
// where two tokens all but tie the choice may tip.
const LONGEST_MATCH = 3;

const NEXT = { generateNext: { token: true } };

/** What followed the latest earlier occurrence of the last tokens: of three of them, else two, else one. */
export function propose(tokens, length) {
  for (let size = Math.min(LONGEST_MATCH, tokens.length - 1); size > 0; size--) {
    const suffix = tokens.length - size;
    for (let start = suffix - 1; start >= 0; start--) {
      let same = 0;
      while (same < size && tokens[start + same] === tokens[suffix + same]) same++;
      if (same === size) return tokens.slice(start + size, start + size + length);
    }
  }
  return [];
}

/** Greedy tokens after `prompt`, of which `input` is still to be evaluated. */
export async function* decodeWithLookup(sequence, prompt, input, length) {
  const tokens = [...prompt];
  let pending = input;
  for (;;) {
    const room = sequence.contextSize - sequence.nextTokenIndex - pending.length;
    const draft = propose(tokens, Math.min(length, room));
    const last = pending.length - 1;
    const rows = [...pending, ...draft].map((id, row) => (row < last ? id : [id, NEXT]));
    const outputs = await sequence.controlledEvaluate(rows);
    const chosen = outputs.slice(last).map((output) => output.next.token);
    let accepted = 0;
    while (accepted < draft.length && draft[accepted] === chosen[accepted]) accepted++;
    const end = sequence.nextTokenIndex;
    if (accepted < draft.length) {
      await sequence.eraseContextTokenRanges([{ start: end - (draft.length - accepted), end }]);
    }
    for (const id of chosen.slice(0, accepted + 1)) {
      tokens.push(id);
      yield { id };
    }
    pending = [chosen[accepted]];
  }
}
