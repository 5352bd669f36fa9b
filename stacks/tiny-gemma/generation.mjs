// One prompt to one choice: what the request asks for, run on the engine, with the text as far as it is certain.
import { BadRequest } from "./http.mjs";
import { createTextStream } from "./text.mjs";

const MAX_LOGPROBS = 20;

const wholeNumber = (body, name, min, max) => {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new BadRequest(`${name} must be a whole number from ${min} to ${max}`);
};

const stopStrings = (stop) => {
  const stops = stop === undefined || stop === null ? [] : Array.isArray(stop) ? stop : [stop];
  if (stops.every((each) => typeof each === "string" && each !== "")) return stops;
  throw new BadRequest("stop must be a string or a list of strings, none of them empty");
};

/** What both completion endpoints take. */
export function readOptions(body, engine) {
  if ((body.n ?? 1) !== 1) throw new BadRequest("n must be 1");
  if ((body.temperature ?? 0) !== 0)
    throw new BadRequest("temperature must be 0: this server decodes greedily");
  if (body.echo) throw new BadRequest("echo is not supported");
  const chatLogprobs =
    body.logprobs === true ? (wholeNumber(body, "top_logprobs", 0, MAX_LOGPROBS) ?? 0) : undefined;
  return {
    maxTokens:
      wholeNumber(body, "max_completion_tokens", 1, engine.contextSize) ??
      wholeNumber(body, "max_tokens", 1, engine.contextSize),
    ignoreEos: body.ignore_eos === true,
    stops: stopStrings(body.stop),
    logprobs:
      typeof body.logprobs === "boolean" ? chatLogprobs : wholeNumber(body, "logprobs", 0, MAX_LOGPROBS),
    promptLogprobs: wholeNumber(body, "prompt_logprobs", 0, MAX_LOGPROBS),
    returnTokenIds: body.return_token_ids === true,
    stream: body.stream === true,
    includeUsage: body.stream_options?.include_usage === true,
  };
}

/** Throws unless all are tokens of the model. */
export function checkIds(ids, engine) {
  const valid = (id) => Number.isInteger(id) && id >= 0 && id < engine.vocabularySize;
  if (!ids.every(valid))
    throw new BadRequest(`token ids must be whole numbers below ${engine.vocabularySize}`);
}

/** Throws where the prompt cannot be run, before anything is. Returns the number of tokens that may follow it. */
export function checkPrompt(prompt, maxTokens, engine) {
  if (prompt.length === 0) throw new BadRequest("the prompt is empty");
  checkIds(prompt, engine);
  const room = engine.contextSize - prompt.length;
  if (room < (maxTokens ?? 1)) {
    throw new BadRequest(
      `the prompt's ${prompt.length} tokens and ${maxTokens ?? 1} more exceed the context of ${engine.contextSize}`,
    );
  }
  return maxTokens ?? room;
}

/**
 * Runs one prompt. `onDelta(text, ids, logprobs)`, where given, gets what becomes certain while it runs. Without
 * it, and without stop strings, the text is decoded once at the end.
 */
export async function generate({ engine, prompt, maxTokens, options, signal, onDelta }) {
  const scored = options.promptLogprobs !== undefined;
  const promptLogprobs = scored ? await engine.score(prompt, options.promptLogprobs, signal) : null;
  const incremental = onDelta !== undefined || options.stops.length > 0;
  const stream = createTextStream(engine.detokenize, options.stops);
  const ids = [];
  const logprobs = [];
  let text = "";
  let finishReason = "length";
  for await (const token of engine.decode(prompt, { scored, top: options.logprobs })) {
    signal.throwIfAborted();
    ids.push(token.id);
    if (token.logprobs) logprobs.push(token.logprobs);
    const ended = !options.ignoreEos && engine.endsText(token.id);
    if (incremental) {
      const delta = ended ? "" : stream.push(token.id);
      text += delta;
      onDelta?.(delta, [token.id], token.logprobs);
    }
    if (ended || stream.stopped) finishReason = "stop";
    if (ended || stream.stopped || ids.length === maxTokens) break;
  }
  if (incremental) {
    const rest = stream.end();
    text += rest;
    if (rest !== "") onDelta?.(rest, [], undefined);
    if (stream.stopped) finishReason = "stop";
  } else text = engine.detokenize(finishReason === "stop" ? ids.slice(0, -1) : ids);
  return { prompt, ids, text, finishReason, logprobs, promptLogprobs };
}
