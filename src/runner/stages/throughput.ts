import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { RunFailure } from "../failure/run-failure.ts";
import { pause } from "../machine/pause.ts";
import { OFFICIAL } from "../official/official-files.ts";
import { withFloats } from "../official/official-floats.ts";
import { orderedLine } from "../official/official-json.ts";
import { type ServingMetrics, servingMetrics } from "../stats/serving-metrics.ts";
import { contractFailure, type Reply, statusFailure } from "./server-client.ts";
import type { ServerStage } from "./stage.ts";
import { tokenCounts } from "./tokenize.ts";

/**
 * The scored pass, as the official client runs it (benchmark-protocol 2): a warm-up of concurrent requests, a pause,
 * then one request after another, each on a fresh connection, with nothing between two of them.
 */
const WARMUP_TOKENS = 32;
const WARMUP_PAUSE_MS = 1000;
const WHAT = "POST /v1/chat/completions";

export interface ThroughputResult {
  metrics: ServingMetrics;
  durationSeconds: number;
  texts: string[];
  latenciesSeconds: number[];
  /** `duration - sum of latencies` over duration: what this client itself costs. */
  clientOverheadShare: number;
  /** Where prompt token counts come from. */
  inputLensSource: "/tokenize" | "usage.prompt_tokens" | "none";
  /** Tokens of the texts, counted anew, over the tokens that were claimed; undefined without `/tokenize`. */
  retokenizedShare: number | undefined;
}

const chatReplySchema = z.looseObject({
  choices: z.array(z.looseObject({ message: z.looseObject({ content: z.string().nullish() }) })).min(1),
  usage: z
    .looseObject({
      completion_tokens: z.number().int().nonnegative().optional(),
      prompt_tokens: z.number().int().nonnegative().optional(),
    })
    .nullish(),
});

interface Answer {
  text: string;
  promptTokens: number | undefined;
  seconds: number;
}

/** Runs the pass and appends its line to `benchmark.jsonl`. RunFailure at the first request that does not count. */
export async function throughputStage(stage: ServerStage): Promise<ThroughputResult> {
  const { prompts } = stage.workload;
  await warmUp(stage);

  const answers: Answer[] = [];
  stage.progress(0, prompts.length, "");
  const startedAt = performance.now();
  for (const [index, prompt] of prompts.entries()) {
    // From before the POST until the answer's fields are read, as the official client's clock runs (2.2).
    const sentAt = performance.now();
    const reply = await post(stage, prompt.text, stage.profile.output_len);
    const answer = read(reply, index, stage);
    answers.push({ ...answer, seconds: (performance.now() - sentAt) / 1000 });
    stage.progress(index + 1, prompts.length);
  }
  const durationSeconds = (performance.now() - startedAt) / 1000;

  return recorded(stage, answers, durationSeconds);
}

const post = (stage: ServerStage, prompt: string, maxTokens: number): Promise<Reply> =>
  stage.client.post(
    "/v1/chat/completions",
    {
      model: stage.modelName,
      messages: [{ role: "user", content: prompt }],
      temperature: 0,
      max_tokens: maxTokens,
      stream: false,
      ignore_eos: true,
    },
    { timeoutSeconds: stage.profile.request_timeout_seconds, signal: stage.signal },
  );

/** All at once, outside of the one-at-a-time rule; only when every one fails does the run fail (2.2). */
async function warmUp(stage: ServerStage): Promise<void> {
  const [first] = stage.workload.prompts;
  const { warmup_requests: requests, output_len } = stage.profile;
  if (!first || requests === 0) return;
  stage.progress(0, 0, `warming up with ${requests} requests`);
  const outcomes = await Promise.allSettled(
    Array.from({ length: requests }, () => post(stage, first.text, Math.min(output_len, WARMUP_TOKENS))),
  );
  stage.signal.throwIfAborted();
  const failures = outcomes.flatMap((outcome): unknown[] => {
    if (outcome.status === "rejected") return [outcome.reason];
    return outcome.value.status === 200 ? [] : [statusFailure(outcome.value, `${WHAT} (warm-up)`)];
  });
  if (failures.length === outcomes.length) throw failures[0];
  stage.progress(0, 0, "resting before the measurement");
  await pause(WARMUP_PAUSE_MS, stage.signal);
}

function read(reply: Reply, index: number, stage: ServerStage): Omit<Answer, "seconds"> {
  const what = `${WHAT} for request ${index + 1} of ${stage.workload.prompts.length}`;
  if (reply.status !== 200) throw statusFailure(reply, what);
  const parsed = chatReplySchema.safeParse(reply.body);
  if (!parsed.success) throw contractFailure(reply, what, "choices[0].message.content");
  const { choices, usage } = parsed.data;
  // The official client credits the requested length where the count is absent; we never do (2.4).
  if (usage?.completion_tokens === undefined) throw contractFailure(reply, what, "usage.completion_tokens");
  if (usage.completion_tokens !== stage.profile.output_len) {
    throw new RunFailure({
      class: "wrong_length",
      reason: `${what} gave ${usage.completion_tokens} tokens, ${stage.profile.output_len} were asked for`,
      hint: "generate exactly max_tokens tokens when ignore_eos is set",
    });
  }
  return { text: choices[0]?.message.content ?? "", promptTokens: usage.prompt_tokens };
}

async function recorded(
  stage: ServerStage,
  answers: readonly Answer[],
  durationSeconds: number,
): Promise<ThroughputResult> {
  const texts = answers.map((answer) => answer.text);
  const latenciesSeconds = answers.map((answer) => answer.seconds);
  const outputLens = answers.map(() => stage.profile.output_len);
  // Official prompt lengths are those of the raw texts, without special tokens (2.4).
  const promptCounts = await tokenCounts(
    stage,
    stage.workload.prompts.map((prompt) => prompt.text),
    false,
  );
  const textCounts = promptCounts && (await tokenCounts(stage, texts, false));
  const claimed = answers.every((answer) => answer.promptTokens !== undefined);
  const inputLens = promptCounts ?? answers.map((answer) => answer.promptTokens ?? 0);
  const metrics = servingMetrics({
    durationSeconds,
    inputLens,
    outputLens,
    latenciesSeconds,
    errors: answers.map(() => ""),
  });
  const retokenized = textCounts?.reduce((total, count) => total + count, 0);
  await appendFile(
    join(stage.dir, OFFICIAL.benchmark),
    benchmarkLine({
      stage,
      metrics,
      durationSeconds,
      inputLens,
      outputLens,
      latenciesSeconds,
      texts,
      retokenized,
    }),
  );
  return {
    metrics,
    durationSeconds,
    texts,
    latenciesSeconds,
    clientOverheadShare: 1 - metrics.concurrency,
    inputLensSource: promptCounts ? "/tokenize" : claimed ? "usage.prompt_tokens" : "none",
    retokenizedShare: retokenized === undefined ? undefined : retokenized / metrics.total_output_tokens,
  };
}

interface LineSource {
  stage: ServerStage;
  metrics: ServingMetrics;
  durationSeconds: number;
  inputLens: number[];
  outputLens: number[];
  latenciesSeconds: number[];
  texts: string[];
  retokenized: number | undefined;
}

/** The 41 keys of the official line in their order; readers of that format cope with its bare `Infinity` (1.7). */
function benchmarkLine(source: LineSource): string {
  const { stage, metrics, texts } = source;
  return orderedLine(
    withFloats({
      backend: "vllm-chat",
      dataset_name: "sharegpt",
      request_rate: Number.POSITIVE_INFINITY,
      max_concurrency: 1,
      sharegpt_output_len: stage.profile.output_len,
      random_input_len: 1024,
      random_output_len: 1024,
      random_range_ratio: 0,
      duration: source.durationSeconds,
      completed: metrics.completed,
      total_input_tokens: metrics.total_input_tokens,
      total_output_tokens: metrics.total_output_tokens,
      total_output_tokens_retokenized: source.retokenized ?? null,
      request_throughput: metrics.request_throughput,
      input_throughput: metrics.input_throughput,
      output_throughput: metrics.output_throughput,
      mean_e2e_latency_ms: metrics.mean_e2e_latency_ms,
      median_e2e_latency_ms: metrics.median_e2e_latency_ms,
      std_e2e_latency_ms: metrics.std_e2e_latency_ms,
      p99_e2e_latency_ms: metrics.p99_e2e_latency_ms,
      mean_ttft_ms: metrics.mean_ttft_ms,
      median_ttft_ms: metrics.median_ttft_ms,
      std_ttft_ms: metrics.std_ttft_ms,
      p99_ttft_ms: metrics.p99_ttft_ms,
      mean_tpot_ms: metrics.mean_tpot_ms,
      median_tpot_ms: metrics.median_tpot_ms,
      std_tpot_ms: metrics.std_tpot_ms,
      p99_tpot_ms: metrics.p99_tpot_ms,
      mean_itl_ms: 0,
      median_itl_ms: 0,
      std_itl_ms: 0,
      p95_itl_ms: 0,
      p99_itl_ms: 0,
      concurrency: metrics.concurrency,
      accept_length: null,
      input_lens: source.inputLens,
      output_lens: source.outputLens,
      ttfts: source.latenciesSeconds,
      itls: texts.map(() => []),
      generated_texts: texts,
      errors: texts.map(() => ""),
    }),
  );
}
