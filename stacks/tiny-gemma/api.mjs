// The endpoints, in the shapes of vLLM's OpenAI-compatible server.
import { randomUUID } from "node:crypto";
import { chatPrompt } from "./chat.mjs";
import { checkIds, checkPrompt, generate, readOptions } from "./generation.mjs";
import { BadRequest, openEventStream, sendJson } from "./http.mjs";

const now = () => Math.floor(Date.now() / 1000);

const usageOf = (choices) => {
  const promptTokens = choices.reduce((sum, choice) => sum + choice.prompt.length, 0);
  const completionTokens = choices.reduce((sum, choice) => sum + choice.ids.length, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
};

/** `prompt`: text, texts, token ids, or lists of token ids. */
function readPrompts(body, engine) {
  const { prompt } = body;
  const addSpecial = body.add_special_tokens !== false;
  if (typeof prompt === "string") return [engine.tokenize(prompt, addSpecial)];
  if (!Array.isArray(prompt) || prompt.length === 0) {
    throw new BadRequest("prompt must be a text, a list of token ids, or a list of either");
  }
  if (prompt.every((part) => typeof part === "string"))
    return prompt.map((text) => engine.tokenize(text, addSpecial));
  if (prompt.every(Array.isArray)) return prompt;
  return [prompt];
}

const promptLogprobsJson = (engine, positions) =>
  positions?.map(
    (entries) =>
      entries &&
      Object.fromEntries(
        entries.map(({ id, logprob, rank }) => [id, { logprob, rank, decoded_token: engine.piece(id) }]),
      ),
  ) ?? null;

const textLogprobsJson = (engine, ids, positions) =>
  positions.length === 0
    ? null
    : {
        tokens: ids.map(engine.piece),
        token_logprobs: positions.map((entries, at) => entries.find(({ id }) => id === ids[at]).logprob),
        top_logprobs: positions.map((entries) =>
          Object.fromEntries(entries.map(({ id, logprob }) => [engine.piece(id), logprob])),
        ),
      };

function chatLogprobsJson(engine, ids, positions) {
  if (positions.length === 0) return null;
  const entryJson = ({ id, logprob }) => {
    const token = engine.piece(id);
    return { token, logprob, bytes: [...Buffer.from(token)] };
  };
  return {
    content: positions.map((entries, at) => ({
      ...entryJson(entries.find(({ id }) => id === ids[at])),
      top_logprobs: entries.map(entryJson),
    })),
  };
}

/** What the two completion endpoints differ in. */
const KINDS = {
  text: {
    id: "cmpl",
    object: "text_completion",
    chunkObject: "text_completion",
    prompts: readPrompts,
    content: (text) => ({ text }),
    opening: undefined,
    delta: (text) => ({ text }),
    logprobs: textLogprobsJson,
  },
  chat: {
    id: "chatcmpl",
    object: "chat.completion",
    chunkObject: "chat.completion.chunk",
    prompts: (body, engine) => [chatPrompt(engine, body.messages)],
    content: (text) => ({ message: { role: "assistant", content: text } }),
    opening: { delta: { role: "assistant", content: "" } },
    delta: (text) => ({ delta: text === "" ? {} : { content: text } }),
    logprobs: chatLogprobsJson,
  },
};

export async function complete(kindName, { engine, settings, body, response, signal }) {
  const kind = KINDS[kindName];
  if (body.model !== undefined && body.model !== settings.servedModelName) {
    throw new BadRequest(`this server serves the model ${settings.servedModelName} only`, 404);
  }
  const options = readOptions(body, engine);
  const prompts = kind.prompts(body, engine);
  // vLLM's defaults: 16 tokens for a text, as many as fit for a chat.
  const asked = options.maxTokens ?? (kindName === "text" ? 16 : undefined);
  const jobs = prompts.map((prompt) => ({ prompt, maxTokens: checkPrompt(prompt, asked, engine) }));
  const head = { id: `${kind.id}-${randomUUID()}`, created: now(), model: settings.servedModelName };
  const run = (job, onDelta) =>
    engine.exclusive(() => {
      signal.throwIfAborted();
      return generate({ ...job, engine, options, signal, onDelta });
    });
  if (options.stream) await streamed({ kind, engine, options, jobs, head, run, response });
  else await whole({ kind, engine, options, jobs, head, run, response });
}

async function whole({ kind, engine, options, jobs, head, run, response }) {
  const choices = [];
  for (const job of jobs) choices.push(await run(job));
  sendJson(response, {
    ...head,
    object: kind.object,
    choices: choices.map((choice, index) => ({
      index,
      ...kind.content(choice.text),
      logprobs: kind.logprobs(engine, choice.ids, choice.logprobs),
      finish_reason: choice.finishReason,
      stop_reason: null,
      prompt_logprobs: promptLogprobsJson(engine, choice.promptLogprobs),
      ...(options.returnTokenIds ? { prompt_token_ids: choice.prompt, token_ids: choice.ids } : {}),
    })),
    usage: usageOf(choices),
  });
}

async function streamed({ kind, engine, options, jobs, head, run, response }) {
  const events = openEventStream(response);
  const send = (choice, rest = {}) =>
    events.send({ ...head, object: kind.chunkObject, choices: choice ? [choice] : [], ...rest });
  const choices = [];
  for (const [index, job] of jobs.entries()) {
    if (kind.opening) send({ index, ...kind.opening, logprobs: null, finish_reason: null });
    const choice = await run(job, (text, ids, logprobs) =>
      send({
        index,
        ...kind.delta(text),
        logprobs: logprobs ? kind.logprobs(engine, ids, [logprobs]) : null,
        finish_reason: null,
        ...(options.returnTokenIds ? { token_ids: ids } : {}),
      }),
    );
    send({ index, ...kind.delta(""), logprobs: null, finish_reason: choice.finishReason, stop_reason: null });
    choices.push(choice);
  }
  if (options.includeUsage) send(undefined, { usage: usageOf(choices) });
  events.end();
}

export const models = ({ engine, settings, response }) =>
  sendJson(response, {
    object: "list",
    data: [
      {
        id: settings.servedModelName,
        object: "model",
        created: now(),
        owned_by: "tiny-gemma",
        root: settings.servedModelName,
        max_model_len: engine.contextSize,
      },
    ],
  });

export function tokenize({ engine, body, response }) {
  if (typeof body.prompt !== "string" && !body.messages) throw new BadRequest("give a prompt or messages");
  const tokens = body.messages
    ? chatPrompt(engine, body.messages)
    : engine.tokenize(body.prompt, body.add_special_tokens !== false);
  sendJson(response, { count: tokens.length, max_model_len: engine.contextSize, tokens, token_strs: null });
}

export function detokenize({ engine, body, response }) {
  const { tokens } = body;
  if (!Array.isArray(tokens)) throw new BadRequest("tokens must be a list of token ids");
  checkIds(tokens, engine);
  sendJson(response, { prompt: engine.detokenize(tokens, true) });
}
