// Text of tokens as they arrive: a character whose bytes are spread over tokens comes out whole, and what might be
// the beginning of a stop string is held back until it is clear.
const UNFINISHED = "\ufffd";
// A character has at most four bytes: what is still unfinished after this many tokens will not become one.
const LONGEST_WAIT = 8;

/** `push(id)` and `end()` return the text that became certain; `stopped` turns true when a stop string is complete. */
export function createTextStream(detokenize, stops = []) {
  let ids = [];
  let known = 0;
  let held = "";
  const stream = { stopped: false, push, end };

  /** Text of the new tokens, detokenised with those just before them, as a decoder may join across the border. */
  function decode(final) {
    const before = detokenize(ids.slice(0, known));
    const text = detokenize(ids);
    if (!final && text.endsWith(UNFINISHED) && ids.length - known < LONGEST_WAIT) return "";
    ids = ids.slice(known);
    known = ids.length;
    return text.slice(before.length);
  }

  function release(final) {
    const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      stream.stopped = true;
      const text = held.slice(0, Math.min(...found));
      held = "";
      return text;
    }
    const keep = final ? 0 : longestOverlap(held, stops);
    const text = held.slice(0, held.length - keep);
    held = held.slice(held.length - keep);
    return text;
  }

  function push(id) {
    if (stream.stopped) return "";
    ids.push(id);
    held += decode(false);
    return release(false);
  }

  function end() {
    if (stream.stopped) return "";
    held += decode(true);
    return release(true);
  }

  return stream;
}

/** Length of the longest end of `text` that begins one of `stops`. */
function longestOverlap(text, stops) {
  const longest = Math.max(0, ...stops.map((stop) => stop.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    if (stops.some((stop) => stop.startsWith(text.slice(-length)))) return length;
  }
  return 0;
}
