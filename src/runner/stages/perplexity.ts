import { open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { RunFailure } from "../failure/run-failure.ts";
import { writeFileAtomic } from "../machine/atomic-file.ts";
import { OFFICIAL } from "../official/official-files.ts";
import { withFloats } from "../official/official-floats.ts";
import { officialJson, officialLine } from "../official/official-json.ts";
import { perplexity, type RecordScore, recordPpl } from "../stats/perplexity.ts";
import type { PplRecord } from "./perplexity-records.ts";
import { contractFailure, type Reply, statusFailure } from "./server-client.ts";
import type { ServerStage } from "./stage.ts";

/** The guarded pass: how likely the model finds given tokens (benchmark-protocol 3). */
const WHAT = "POST /v1/completions with prompt_logprobs";
/** What engines send for minus infinity, since JSON has none (3.3). */
const MINUS_INFINITY = -9999;
/** A probability of 1 may come out a rounding error above it. */
const ROUNDING = 1e-6;
const SHOWN = 5;

export interface PerplexityResult {
  ppl: number;
  numTokens: number;
}

const candidateSchema = z.union([z.number(), z.looseObject({ logprob: z.number() })]);
const positionSchema = z.record(z.string(), z.unknown()).nullable();
const replySchema = z.looseObject({
  choices: z.array(z.looseObject({ prompt_logprobs: z.array(z.unknown()).nullish() })).min(1),
  prompt_logprobs: z.array(z.unknown()).nullish(),
});

/**
 * Scores every record, writing `ppl_results.jsonl` and `ppl_summary.json`. Records with bad log-probabilities are
 * looked through to the end, so that the failure can say how many there are; only then it is thrown.
 */
export async function perplexityStage(stage: ServerStage, datasetPath: string): Promise<PerplexityResult> {
  const { records } = stage.workload;
  const file = await open(join(stage.dir, OFFICIAL.ppl), "w");
  const scores: RecordScore[] = [];
  const bad: string[] = [];
  try {
    for (const [index, record] of records.entries()) {
      const startedAt = performance.now();
      const reply = await request(stage, record);
      const outcome = score(reply, record, `${WHAT} for record ${index + 1} of ${records.length}`);
      if (typeof outcome === "string") {
        bad.push(outcome);
      } else {
        scores.push(outcome);
        await file.write(
          officialLine(withFloats(row(record, outcome, (performance.now() - startedAt) / 1000))),
        );
      }
      stage.progress(index + 1, records.length);
    }
  } finally {
    await file.close();
  }
  if (bad.length > 0) {
    throw new RunFailure({
      class: "bad_logprobs",
      reason: `${bad.length} of ${records.length} perplexity records have no usable log-probabilities`,
      hint: "every prompt token needs a finite log-probability of at most 0; a pruned vocabulary cannot give one",
      rootCauseLines: bad.slice(0, SHOWN),
    });
  }
  const result = perplexity(scores);
  await writeFileAtomic(
    join(stage.dir, OFFICIAL.pplSummary),
    officialJson(
      withFloats({
        base_url: stage.origin,
        dataset_path: datasetPath,
        mean_record_ppl: result.meanRecordPpl,
        model: stage.modelName,
        neg_log_likelihood: result.negLogLikelihood,
        num_records: scores.length,
        num_tokens: result.numTokens,
        output_file: OFFICIAL.ppl,
        ppl: result.ppl,
        prompt_logprobs: 1,
      }),
    ),
  );
  return { ppl: result.ppl, numTokens: result.numTokens };
}

const request = (stage: ServerStage, record: PplRecord): Promise<Reply> =>
  stage.client.post(
    "/v1/completions",
    {
      model: stage.modelName,
      prompt: record.promptTokenIds,
      max_tokens: 1,
      temperature: 0,
      stream: false,
      prompt_logprobs: 1,
      add_special_tokens: false,
      return_token_ids: true,
    },
    { timeoutSeconds: stage.profile.request_timeout_seconds, signal: stage.signal },
  );

/** The record's score, or what is wrong with its log-probabilities. */
function score(reply: Reply, record: PplRecord, what: string): RecordScore | string {
  if (reply.status !== 200) throw statusFailure(reply, what);
  const body = replySchema.safeParse(reply.body).data;
  const positions = body?.choices[0]?.prompt_logprobs ?? body?.prompt_logprobs;
  if (!positions) throw contractFailure(reply, what, "prompt_logprobs");
  const { promptTokenIds: prompt, scoreStart: start, scoreEnd: end } = record;
  let negLogLikelihood = 0;
  for (let index = start; index < end; index++) {
    const id = prompt[index] ?? 0;
    const logprob = logprobOf(positions[index], id);
    const wrong = logprob === undefined ? "is missing" : complaint(logprob);
    if (logprob === undefined || wrong) {
      return `record ${record.id}, position ${index}, token ${id}: the log-probability ${wrong}`;
    }
    negLogLikelihood -= logprob;
  }
  return { negLogLikelihood, numTokens: end - start };
}

function logprobOf(position: unknown, id: number): number | undefined {
  const candidates = positionSchema.safeParse(position).data;
  const candidate = candidateSchema.safeParse(
    candidates?.[String(id)] ?? candidates?.[`token_id:${id}`],
  ).data;
  return typeof candidate === "object" ? candidate.logprob : candidate;
}

function complaint(logprob: number): string | undefined {
  if (!Number.isFinite(logprob)) return "is not finite";
  if (logprob <= MINUS_INFINITY) return `is ${logprob}, which stands for minus infinity`;
  return logprob > ROUNDING ? `is ${logprob}, more than certain` : undefined;
}

const row = (record: PplRecord, scored: RecordScore, durationSeconds: number) => ({
  duration_s: durationSeconds,
  id: record.id,
  neg_log_likelihood: scored.negLogLikelihood,
  num_tokens: scored.numTokens,
  ppl: recordPpl(scored),
  score_end: record.scoreEnd,
  score_start: record.scoreStart,
});
