// The model, one sequence of it, and the two things done with them: greedy decoding and scoring of a prompt.
// Requests take turns: `exclusive` is the queue.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readLogprobs, whatToRead } from "./logprobs.mjs";
import { decodeWithLookup } from "./prompt-lookup.mjs";

// Rows scored in one call: bounds the memory that their logits take.
const SCORED_ROWS = 64;

/** The runner installs dependencies outside this directory; ES modules do not look at NODE_PATH. */
async function importLlama() {
  const environment = process.env.COLLABS_ENV_DIR;
  if (!environment) return import("node-llama-cpp");
  const entry = createRequire(join(environment, "package.json")).resolve("node-llama-cpp");
  return import(pathToFileURL(entry).href);
}

export async function openEngine(settings) {
  const { getLlama, resolveChatWrapper } = await importLlama();
  const onCpu = settings.gpu === "off";
  // Never compile: without a ready binary this fails at once instead of after minutes.
  const llama = await getLlama({
    gpu: onCpu ? false : "auto",
    build: "never",
    maxThreads: 0,
    logLevel: "error",
  });
  const model = await llama.loadModel({
    modelPath: settings.modelPath,
    ...(onCpu ? { gpuLayers: 0 } : {}),
  });
  const context = await model.createContext({
    sequences: 1,
    contextSize: settings.contextSize,
    batchSize: settings.batchSize,
    threads: settings.threads,
    flashAttention: settings.flashAttention,
    experimentalKvCacheKeyType: settings.kvType,
    experimentalKvCacheValueType: settings.kvType,
    // Rejected drafts are erased again, which a cache that forgets beyond the sliding window cannot do.
    swaFullCache: settings.promptLookup > 0,
    failedCreationRemedy: false,
  });
  const sequence = context.getSequence();
  const vocabularySize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  const pieces = new Map();

  let turn = Promise.resolve();

  /** Runs `work` when all earlier work is done. */
  function exclusive(work) {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }

  /** Decoded form of one token, control tokens included. */
  function piece(id) {
    if (!pieces.has(id)) pieces.set(id, model.detokenize([id], true));
    return pieces.get(id);
  }

  /**
   * Log probabilities of a prompt's tokens, each given those before it; null for the first, which has none before
   * it. Leaves the last token to be evaluated by `decode`.
   */
  async function score(prompt, top, signal) {
    await sequence.clearHistory();
    const scores = [null];
    for (let start = 0; start < prompt.length - 1; start += SCORED_ROWS) {
      signal.throwIfAborted();
      const rows = prompt.slice(start, Math.min(start + SCORED_ROWS, prompt.length - 1));
      const next = (row) => prompt[start + row + 1];
      const outputs = await sequence.controlledEvaluate(
        rows.map((id, row) => [id, { generateNext: whatToRead({ vocabularySize, top, id: next(row) }) }]),
      );
      for (const [row, output] of outputs.entries()) scores.push(readLogprobs(output.next, next(row), top));
    }
    return scores;
  }

  /**
   * Greedy tokens, without end: the caller stops. Yields `{id, logprobs}`, `logprobs` only where `top` is a number.
   * `scored`: `score` has just seen this prompt.
   */
  async function* decode(prompt, { scored = false, top } = {}) {
    if (!scored) await sequence.clearHistory();
    const input = scored ? prompt.slice(-1) : prompt;
    if (top !== undefined) yield* decodeWithLogprobs(input, top);
    else if (settings.promptLookup > 0)
      yield* decodeWithLookup(sequence, prompt, input, settings.promptLookup);
    else {
      for await (const id of sequence.evaluate(input, { temperature: 0, yieldEogToken: true })) yield { id };
    }
  }

  async function* decodeWithLogprobs(input, top) {
    const generateNext = { token: true, ...whatToRead({ vocabularySize, top }) };
    let rows = input;
    for (;;) {
      const last = rows.length - 1;
      const outputs = await sequence.controlledEvaluate(
        rows.map((id, row) => (row === last ? [id, { generateNext }] : id)),
      );
      const { next } = outputs[last];
      yield { id: next.token, logprobs: readLogprobs(next, next.token, top) };
      rows = [next.token];
    }
  }

  return {
    vocabularySize,
    contextSize: context.contextSize,
    device: llama.gpu || "cpu",
    chatWrapper: resolveChatWrapper(model),
    tokenizer: model.tokenizer,
    exclusive,
    score,
    decode,
    piece,
    endsText: (id) => model.isEogToken(id),
    tokenize: (text, addSpecial) => [
      ...(addSpecial && model.tokens.shouldPrependBosToken ? [model.tokens.bos] : []),
      ...model.tokenize(text, true),
    ],
    detokenize: (ids, special = false) => model.detokenize(ids, special),
  };
}
