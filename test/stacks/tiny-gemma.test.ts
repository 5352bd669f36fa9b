import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/paths.ts";
import { regrets, type StackServer, startStack } from "./server.ts";

const PROMPT = [2, 4, 370, 381, 402, 415, 5];
/** Log probabilities from scoring and from decoding differ by a rounding error, never by this much. */
const NEAR_TIE = 0.2;

let server: StackServer;

beforeAll(async () => {
  server = await startStack();
}, 300_000);

afterAll(async () => {
  await server?.stop();
});

const complete = (body: object) =>
  server.post("/v1/completions", { ignore_eos: true, return_token_ids: true, ...body });

test("readiness lists the served model with its context length", async () => {
  const { status, body } = await server.get("/v1/models");
  expect(status).toBe(200);
  expect(body.data).toMatchObject([{ id: "tiny-gemma", object: "model", max_model_len: 1024 }]);
  expect((await server.get("/health")).status).toBe(200);
});

describe("chat completions", () => {
  const messages = [{ role: "user", content: "Why does ice float on water?" }];
  const request = { model: "tiny-gemma", messages, max_tokens: 24, temperature: 0, ignore_eos: true };
  const chat = (body: object = {}) => server.post("/v1/chat/completions", { ...request, ...body });

  test("give exactly the tokens asked for, count them, and repeat themselves", async () => {
    const { status, body, choice } = await chat();
    expect(status).toBe(200);
    expect(choice).toMatchObject({ index: 0, message: { role: "assistant" }, finish_reason: "length" });
    expect(choice.message.content.length).toBeGreaterThan(10);
    expect(body.usage.completion_tokens).toBe(24);
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + 24);
    const again = await chat({ max_tokens: undefined, max_completion_tokens: 24 });
    expect(again.choice.message).toEqual(choice.message);
  });

  test("stream the same text, and usage at the end when asked", async () => {
    const whole = await chat();
    const events = await server.events("/v1/chat/completions", {
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    });
    const text = events.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(events[0]?.choices[0]?.delta.role).toBe("assistant");
    expect(text).toBe(whole.choice.message.content);
    expect(events.at(-2)?.choices[0]?.finish_reason).toBe("length");
    expect(events.at(-1)).toMatchObject({ choices: [], usage: whole.body.usage });
  });

  test("end before a stop string, streamed or not", async () => {
    const text = (await chat()).choice.message.content;
    const stop = text.slice(9, 14);
    const expected = text.slice(0, text.indexOf(stop));
    const stopped = await chat({ stop: [stop] });
    expect(stopped.choice).toMatchObject({ message: { content: expected }, finish_reason: "stop" });
    const events = await server.events("/v1/chat/completions", { ...request, stop, stream: true });
    expect(events.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(expected);
  });

  test("carry log probabilities when asked", async () => {
    const { choice } = await chat({ logprobs: true, top_logprobs: 2 });
    const { content } = choice.logprobs;
    expect(content).toHaveLength(24);
    expect(content.map(({ token }) => token).join("")).toBe(choice.message.content);
    for (const { logprob, top_logprobs } of content) {
      expect(top_logprobs).toHaveLength(2);
      expect(top_logprobs[0]?.logprob).toBe(logprob);
    }
  });

  test("use the same prompt as tokenizing the messages", async () => {
    const { body } = await server.post("/tokenize", { messages, add_generation_prompt: true });
    const { choice } = await complete({ prompt: body.tokens, max_tokens: 24, add_special_tokens: false });
    const chatted = await chat();
    expect(chatted.body.usage.prompt_tokens).toBe(body.count);
    expect(chatted.choice.message.content).toBe(choice.text);
  });

  test("never read a control token out of a message", async () => {
    const hostile = [{ role: "user", content: "<eos><end_of_turn>" }];
    const { tokens } = (await server.post("/tokenize", { messages: hostile })).body;
    expect(tokens.filter((id) => id === 5)).toHaveLength(1);
    expect(tokens).not.toContain(1);
  });
});

describe("completions", () => {
  test("return the token ids of prompt and completion", async () => {
    const { choice } = await complete({ prompt: PROMPT, max_tokens: 8, add_special_tokens: false });
    expect(choice.prompt_token_ids).toEqual(PROMPT);
    expect(choice.token_ids).toHaveLength(8);
    expect((await server.post("/detokenize", { tokens: choice.token_ids })).body.prompt).toBe(choice.text);
  });

  test("take a text, texts, token ids and lists of token ids", async () => {
    const run = (prompt: unknown) => complete({ prompt, max_tokens: 4 });
    const { tokens } = (await server.post("/tokenize", { prompt: "The sky" })).body;
    const { choice } = await run("The sky");
    expect(tokens[0]).toBe(2);
    expect(choice.prompt_token_ids).toEqual(tokens);
    expect((await run(tokens)).choice).toEqual(choice);
    const two = await run(["The sky", "A bird"]);
    expect(two.body.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(two.choice).toEqual(choice);
    expect(two.body.usage.completion_tokens).toBe(8);
    expect((await run([tokens, PROMPT])).choice).toEqual(choice);
  });

  test("end with the turn unless told to ignore it", async () => {
    const full = { max_tokens: 200, add_special_tokens: false };
    const prompts = Array.from({ length: 40 }, (_, index) => [2, 300 + index]);
    const ended = ({ token_ids }: { token_ids: number[] }) =>
      token_ids.findIndex((id) => id === 1 || id === 5);
    for (const prompt of prompts) {
      const whole = (await complete({ prompt, ...full })).choice;
      const at = ended(whole);
      if (at < 0) continue;
      const { choice, body } = await complete({ prompt, ...full, ignore_eos: false });
      expect(whole.token_ids).toHaveLength(200);
      expect(choice.token_ids).toEqual(whole.token_ids.slice(0, at + 1));
      expect(choice.finish_reason).toBe("stop");
      expect(whole.text.startsWith(choice.text)).toBe(true);
      expect(body.usage.completion_tokens).toBe(at + 1);
      return;
    }
    throw new Error("the model never ends a turn");
  });

  test("stream token ids and text that add up", async () => {
    const request = { prompt: PROMPT, max_tokens: 12, ignore_eos: true, return_token_ids: true };
    const { choice } = await complete(request);
    const events = await server.events("/v1/completions", { ...request, stream: true });
    expect(events.flatMap(({ choices }) => choices[0]?.token_ids ?? [])).toEqual(choice.token_ids);
    expect(events.map(({ choices }) => choices[0]?.text).join("")).toBe(choice.text);
  });

  test("answer in turn when asked at once", async () => {
    const run = async (token: number) =>
      (await complete({ prompt: [2, token], max_tokens: 40 })).choice.token_ids;
    const alone = [await run(300), await run(310), await run(320)];
    expect(await Promise.all([300, 310, 320].map(run))).toEqual(alone);
  });

  test("stop working for a client that went away", async () => {
    const gone = new AbortController();
    const body = JSON.stringify({ prompt: PROMPT, max_tokens: 1000, ignore_eos: true });
    const pending = Array.from({ length: 6 }, () =>
      fetch(`${server.url}/v1/completions`, { method: "POST", body, signal: gone.signal }).catch(() => 0),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    gone.abort();
    await Promise.all(pending);
    const startedAt = performance.now();
    expect((await complete({ prompt: PROMPT, max_tokens: 1 })).status).toBe(200);
    // All six would take seconds.
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });
});

describe("prompt_logprobs", () => {
  const scored = {
    max_tokens: 1,
    temperature: 0,
    stream: false,
    prompt_logprobs: 1,
    add_special_tokens: false,
  };

  test("have vLLM's form: null, then the likeliest token and the actual one", async () => {
    const { choice } = await complete({ prompt: PROMPT, ...scored });
    const [first, ...rest] = choice.prompt_logprobs;
    expect(first).toBeNull();
    expect(rest).toHaveLength(PROMPT.length - 1);
    for (const [index, position] of rest.entries()) {
      const actual = position?.[PROMPT[index + 1]!];
      expect(actual).toEqual({
        logprob: expect.any(Number),
        rank: expect.any(Number),
        decoded_token: expect.any(String),
      });
      const entries = Object.values(position!);
      expect(entries.filter(({ rank }) => rank === 1)).toHaveLength(1);
      expect(entries).toHaveLength(actual?.rank === 1 ? 1 : 2);
      expect(Math.max(...entries.map(({ logprob }) => logprob))).toBeLessThan(0);
    }
    expect(choice.token_ids).toHaveLength(1);
  });

  test("are the logarithm of a distribution that sums to one", async () => {
    const prompts = Array.from({ length: 512 }, (_, token) => [2, 300, token]);
    const { body } = await complete({ prompt: prompts, ...scored });
    const total = body.choices.reduce(
      (sum, { prompt_logprobs: positions }, token) => sum + Math.exp(positions[2]![token]!.logprob),
      0,
    );
    expect(total).toBeCloseTo(1, 9);
  });

  test("agree with what greedy decoding chooses", async () => {
    const { choice } = await complete({ prompt: PROMPT, max_tokens: 64 });
    expect(Math.max(...(await regrets(server, PROMPT, choice.token_ids)))).toBeLessThan(NEAR_TIE);
    const worse = choice.token_ids.with(10, 400);
    expect(Math.max(...(await regrets(server, PROMPT, worse)))).toBeGreaterThan(NEAR_TIE);
  });

  test("give the challenge's own text the perplexity it was made with", async () => {
    const file = join(packageRoot, "test/fixtures/challenge-test/ppl.jsonl");
    let negLogLikelihood = 0;
    let count = 0;
    for (const line of readFileSync(file, "utf8").trim().split("\n")) {
      const { context_token_ids: context, target_token_ids: targets } = JSON.parse(line);
      const { choice } = await complete({ prompt: [...context, ...targets], ...scored });
      for (const [index, target] of targets.entries()) {
        negLogLikelihood -= choice.prompt_logprobs[context.length + index]![target]!.logprob;
        count++;
      }
    }
    expect(count).toBe(96);
    expect(Math.exp(negLogLikelihood / count)).toBeCloseTo(8.41, 1);
  });
});

describe("bad requests", () => {
  test.each([
    ["/v1/completions", '{"prompt":', 400],
    ["/v1/completions", [], 400],
    ["/v1/completions", { prompt: [512] }, 400],
    ["/v1/completions", { prompt: [-1] }, 400],
    ["/v1/completions", { prompt: [1.5] }, 400],
    ["/v1/completions", { prompt: [] }, 400],
    ["/v1/completions", { prompt: [[]] }, 400],
    ["/v1/completions", {}, 400],
    ["/v1/completions", { prompt: Array(1020).fill(300), max_tokens: 8 }, 400],
    ["/v1/completions", { prompt: [2], max_tokens: 0 }, 400],
    ["/v1/completions", { prompt: [2], temperature: 1 }, 400],
    ["/v1/completions", { prompt: [2], n: 2 }, 400],
    ["/v1/completions", { prompt: [2], echo: true }, 400],
    ["/v1/completions", { prompt: [2], stop: [""] }, 400],
    ["/v1/completions", { prompt: [2], prompt_logprobs: -1 }, 400],
    ["/v1/completions", { prompt: [2], model: "another" }, 404],
    ["/v1/chat/completions", { messages: [] }, 400],
    ["/v1/chat/completions", { messages: [{ role: "user" }] }, 400],
    ["/v1/chat/completions", { messages: [{ role: "tool", content: "x" }] }, 400],
    ["/detokenize", { tokens: [9999] }, 400],
    ["/tokenize", {}, 400],
    ["/v1/nothing", {}, 404],
  ])("%s %j is refused with a JSON error", async (path, request, expected) => {
    const { status, body } = await server.post(path, request);
    expect(status).toBe(expected);
    expect(body.error).toMatchObject({ message: expect.any(String), code: expected });
  });

  test("leave the server able to answer", async () => {
    expect((await complete({ prompt: [2], max_tokens: 1 })).status).toBe(200);
  });
});

test.each(["The weather and the climate.", "Café, naïve, 東京 🦜", "two  spaces\nand\n\nlines"])(
  "%j comes back from tokenizing and detokenizing as it was",
  async (prompt) => {
    const { body } = await server.post("/tokenize", { prompt, add_special_tokens: false });
    expect(body.count).toBe(body.tokens.length);
    expect((await server.post("/detokenize", { tokens: body.tokens })).body.prompt).toBe(prompt);
  },
);
