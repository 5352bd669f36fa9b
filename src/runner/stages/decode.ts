import { open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { sha256 } from "../../tree.ts";
import { RunFailure } from "../failure/run-failure.ts";
import { writeFileAtomic } from "../machine/atomic-file.ts";
import { OFFICIAL } from "../official/official-files.ts";
import { withFloats } from "../official/official-floats.ts";
import { officialJson, officialLine } from "../official/official-json.ts";
import { tokenIdsSha256 } from "../stats/fingerprint.ts";
import { contractFailure, type Reply, statusFailure } from "./server-client.ts";
import type { ServerStage } from "./stage.ts";
import { chatTokenIds } from "./tokenize.ts";
import type { Prompt } from "./workload.ts";

/**
 * The audited pass: the same prompts in the same order as token ids, recording the ids that come back
 * (benchmark-protocol 4.1).
 */
const WHAT = "POST /v1/completions";
/** An empty thought block, which perplexity contexts end with and prompts do not (2.4). */
const THOUGHT_BLOCK = [100, 45518, 107, 101];

export interface DecodeResult {
  completions: number[][];
  texts: string[];
  durationSeconds: number;
  numCompletionTokens: number;
  /** Where the prompt's token ids come from. */
  promptSource: PromptSource;
}

type PromptSource = "/tokenize" | "perplexity records" | "text";

const idList = z.array(z.number().int().nonnegative());
const completionSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        message: z.looseObject({ content: z.string().nullish() }).nullish(),
        prompt_token_ids: z.unknown().optional(),
        logprobs: z.looseObject({ token_ids: z.unknown().optional() }).nullish(),
      }),
    )
    .min(1),
  usage: z.looseObject({ prompt_tokens: z.number().optional() }).nullish(),
});

/** Where servers put completion ids, in the order in which they are looked for. */
const CHOICE_FIELDS = [
  "token_ids",
  "output_token_ids",
  "generated_token_ids",
  "completion_token_ids",
  "text_token_ids",
];
const TOP_FIELDS = CHOICE_FIELDS.slice(0, 4);

/** Runs the pass and writes `decode_outputs.jsonl` and `decode_summary.json`. RunFailure at the first bad answer. */
export async function decodeStage(stage: ServerStage, datasetPath: string): Promise<DecodeResult> {
  const { prompts } = stage.workload;
  stage.progress(0, prompts.length, "preparing the prompts' token ids");
  const { source, ids } = await promptIds(stage);
  const file = await open(join(stage.dir, OFFICIAL.decode), "w");
  const completions: number[][] = [];
  const texts: string[] = [];
  const sources = new Map<string, number>();
  let promptTokens = 0;
  const startedAt = performance.now();
  try {
    for (const [index, prompt] of prompts.entries()) {
      const request = requestFor(stage);
      const given = ids[index];
      const reply = await stage.client.post(
        "/v1/completions",
        { ...request, prompt: given ?? prompt.text },
        { timeoutSeconds: stage.profile.request_timeout_seconds, signal: stage.signal },
      );
      const answer = read(reply, given, `${WHAT} for prompt ${index + 1} of ${prompts.length}`, stage);
      completions.push(answer.completion);
      texts.push(answer.text);
      sources.set(answer.source, (sources.get(answer.source) ?? 0) + 1);
      promptTokens += answer.prompt.length;
      await file.write(officialLine(row(prompt, index, request, answer), { unicode: true }));
      stage.progress(index + 1, prompts.length);
    }
  } finally {
    await file.close();
  }
  const durationSeconds = (performance.now() - startedAt) / 1000;
  const numCompletionTokens = completions.reduce((total, completion) => total + completion.length, 0);
  await writeFileAtomic(
    join(stage.dir, OFFICIAL.decodeSummary),
    officialJson(
      withFloats({
        dataset_path: datasetPath,
        duration_s: durationSeconds,
        num_completion_tokens: numCompletionTokens,
        num_prompt_tokens: promptTokens,
        num_records: completions.length,
        output_file: OFFICIAL.decode,
        output_len: stage.profile.output_len,
        request_timeout_s: stage.profile.request_timeout_seconds,
        required_request_field: "return_token_ids: true",
        required_response_field: "choices[0].token_ids",
        seed: stage.profile.seed,
        token_id_sources: Object.fromEntries(sources),
        token_ids_required: true,
        tokenizer: source,
      }),
    ),
  );
  return { completions, texts, durationSeconds, numCompletionTokens, promptSource: source };
}

const requestFor = (stage: ServerStage) => ({
  add_special_tokens: false,
  ignore_eos: true,
  max_tokens: stage.profile.output_len,
  model: stage.modelName,
  return_token_ids: true,
  stream: false,
  temperature: 0,
});

/** The server's own chat template where it offers that, else the ids that the perplexity file carries (2.4). */
async function promptIds(
  stage: ServerStage,
): Promise<{ source: PromptSource; ids: (number[] | undefined)[] }> {
  const { prompts, contexts } = stage.workload;
  const ids: number[][] = [];
  for (const prompt of prompts) {
    const own = await chatTokenIds(stage, prompt.text);
    if (!own) break;
    ids.push(own);
  }
  if (ids.length === prompts.length) return { source: "/tokenize", ids };
  const known = prompts.map((prompt) => contexts.get(prompt.id)).filter((context) => context !== undefined);
  if (known.length === prompts.length)
    return { source: "perplexity records", ids: known.map(withoutThought) };
  return { source: "text", ids: prompts.map(() => undefined) };
}

function withoutThought(context: readonly number[]): number[] {
  const end = context.slice(-THOUGHT_BLOCK.length);
  const has = THOUGHT_BLOCK.every((id, index) => end[index] === id);
  return context.slice(0, has ? -THOUGHT_BLOCK.length : undefined);
}

interface Answer {
  prompt: number[];
  completion: number[];
  text: string;
  source: string;
  kind: "completion" | "prompt_plus_completion";
}

function read(reply: Reply, given: number[] | undefined, what: string, stage: ServerStage): Answer {
  if (reply.status !== 200) throw statusFailure(reply, what);
  const parsed = completionSchema.safeParse(reply.body);
  const choice = parsed.data?.choices[0];
  if (!parsed.success || !choice) throw contractFailure(reply, what, "choices[0]");
  const found = completionIds(parsed.data, choice);
  if (!found) throw contractFailure(reply, what, "choices[0].token_ids");
  const prompt = given ?? idList.safeParse(choice.prompt_token_ids).data ?? [];
  const prefixed = prompt.length > 0 && prompt.every((id, index) => found.ids[index] === id);
  const completion = prefixed ? found.ids.slice(prompt.length) : found.ids;
  if (completion.length !== stage.profile.output_len) {
    throw new RunFailure({
      class: "wrong_length",
      reason: `${what} gave ${completion.length} token ids, ${stage.profile.output_len} were asked for`,
      hint: "generate exactly max_tokens tokens when ignore_eos is set, and return the id of each",
    });
  }
  return {
    prompt,
    completion,
    text: choice.text ?? choice.message?.content ?? "",
    source: found.source,
    kind: prefixed ? "prompt_plus_completion" : "completion",
  };
}

function completionIds(
  body: Record<string, unknown>,
  choice: Record<string, unknown> & { logprobs?: Record<string, unknown> | null | undefined },
): { ids: number[]; source: string } | undefined {
  const places: [string, unknown][] = [
    ...CHOICE_FIELDS.map((field): [string, unknown] => [`choices[0].${field}`, choice[field]]),
    ["choices[0].logprobs.token_ids", choice.logprobs?.token_ids],
    ...TOP_FIELDS.map((field): [string, unknown] => [field, body[field]]),
  ];
  for (const [source, value] of places) {
    const ids = idList.safeParse(value).data;
    if (ids) return { ids, source };
  }
  return undefined;
}

const row = (prompt: Prompt, index: number, request: ReturnType<typeof requestFor>, answer: Answer) => ({
  completion_token_ids: answer.completion,
  completion_token_sha256: tokenIdsSha256(answer.completion),
  dataset_index: prompt.datasetIndex,
  generated_text: answer.text,
  id: prompt.id,
  index,
  num_completion_tokens: answer.completion.length,
  num_prompt_tokens: answer.prompt.length,
  prompt_sha256: sha256(prompt.text),
  prompt_text: prompt.text,
  prompt_token_ids: answer.prompt,
  prompt_token_sha256: tokenIdsSha256(answer.prompt),
  request: withFloats(request),
  token_id_source: answer.source,
  token_id_source_kind: answer.kind,
});
