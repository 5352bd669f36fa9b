import { join } from "node:path";
import { packageVersion } from "../../paths.ts";
import { writeFileAtomic } from "../machine/atomic-file.ts";
import { OFFICIAL } from "../official/official-files.ts";
import { withFloats } from "../official/official-floats.ts";
import { type Json, officialJson } from "../official/official-json.ts";
import type { Summary } from "../runner.ts";
import type { Manifest } from "../stack/manifest.ts";
import type { DecodeResult } from "../stages/decode.ts";
import type { LaunchedServer } from "../stages/launch.ts";
import type { PerplexityResult } from "../stages/perplexity.ts";
import type { ServerStage } from "../stages/stage.ts";
import type { ThroughputResult } from "../stages/throughput.ts";

/**
 * The summary files of one launch under the official names (benchmark-protocol 1.7), with what was measured and
 * nothing else. Paths are relative to the launch's directory: evidence shall not tell where it was made.
 */
export const HARNESS = `agent-collabs-mcp==${packageVersion}`;

const write = (dir: string, name: string, fields: Record<string, Json>): Promise<void> =>
  writeFileAtomic(join(dir, name), officialJson(withFloats(fields)));

export interface Datasets {
  prompts: string;
  perplexity: string;
}

/** Before the server starts. */
export const writeRunEnvironment = (
  dir: string,
  manifest: Manifest,
  origin: string,
  { perplexity }: Datasets,
): Promise<void> =>
  write(dir, OFFICIAL.environment, {
    base_url: origin,
    bench_venv: null,
    benchmark_dependencies: [HARNESS],
    decode_capture: {
      enabled: true,
      output_file: OFFICIAL.decode,
      requires: {
        request: "return_token_ids: true on /v1/completions",
        response: "choices[0].token_ids",
      },
      script: null,
      summary_file: OFFICIAL.decodeSummary,
    },
    manifest: plain(manifest),
    ppl: {
      dataset_path: perplexity,
      enabled: true,
      output_file: OFFICIAL.ppl,
      script: null,
      summary_file: OFFICIAL.pplSummary,
    },
    server_dependencies: manifest.dependencies,
    server_venv: null,
  });

/** A value that JSON holds, for keys of the manifest that no schema knows. */
const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value));

/** Once the server answers. */
export const writeServer = (dir: string, server: LaunchedServer, port: number, modelName: string) =>
  write(dir, OFFICIAL.server, {
    base_url: server.origin,
    job_id: null,
    port,
    ready_at_unix: server.readyAtUnix,
    served_model_name: modelName,
  });

export interface Measured {
  throughput: ThroughputResult;
  decode?: DecodeResult;
  perplexity?: PerplexityResult;
}

/** Written after each pass: which of the later keys are there tells how far a launch got. */
export async function writeLaunchSummary(
  stage: ServerStage,
  manifest: Manifest,
  { throughput, decode, perplexity }: Measured,
): Promise<Summary> {
  const { metrics, durationSeconds } = throughput;
  const summary = {
    base_url: stage.origin,
    benchmark_dependencies: [HARNESS],
    benchmark_jsonl: OFFICIAL.benchmark,
    completed: metrics.completed,
    duration_s: durationSeconds,
    job_id: null,
    max_concurrency: 1,
    mean_e2e_latency_ms: metrics.mean_e2e_latency_ms,
    model: stage.modelName,
    num_prompts: stage.profile.num_prompts,
    output_len: stage.profile.output_len,
    output_tps: metrics.output_throughput,
    p99_e2e_latency_ms: metrics.p99_e2e_latency_ms,
    request_throughput_req_s: metrics.request_throughput,
    server_dependencies: [...manifest.dependencies],
    tps: metrics.output_throughput,
    ...(throughput.inputLensSource !== "none" && {
      total_tps: (metrics.total_input_tokens + metrics.total_output_tokens) / durationSeconds,
    }),
    ...(decode && {
      decode_num_completion_tokens: decode.numCompletionTokens,
      decode_num_records: decode.completions.length,
      decode_outputs_file: OFFICIAL.decode,
      decode_summary_file: OFFICIAL.decodeSummary,
      decode_token_ids_required: true,
    }),
    ...(perplexity && {
      ppl: perplexity.ppl,
      ppl_num_tokens: perplexity.numTokens,
      ppl_results_file: OFFICIAL.ppl,
      ppl_summary_file: OFFICIAL.pplSummary,
    }),
  };
  await write(stage.dir, OFFICIAL.summary, summary);
  return summary;
}
