import { stat } from "node:fs/promises";
import { CollabError } from "../errors.ts";
import {
  benchmarkLineSchema,
  decodeRowSchema,
  OFFICIAL,
  officialSummarySchema,
  pplRowSchema,
  readOfficial,
  readOfficialLines,
} from "./official-files.ts";
import { tokenIdsSha256 } from "./stats/fingerprint.ts";
import { perplexity } from "./stats/perplexity.ts";
import { servingMetrics } from "./stats/serving-metrics.ts";

/** Stored aggregates may differ from recomputed ones by the order of summation only. */
const TOLERANCE = 1e-9;

export interface Inconsistency {
  file: string;
  field: string;
  stored: number;
  recomputed: number;
}

/** Recomputed from per-request and per-record data, under the official names; absent where the data is. */
interface Recomputed {
  tps: number;
  output_tps: number;
  total_tps: number;
  completed: number;
  num_requests: number;
  duration_s: number;
  request_throughput_req_s: number;
  mean_e2e_latency_ms: number;
  median_e2e_latency_ms: number;
  std_e2e_latency_ms: number;
  p99_e2e_latency_ms: number;
  concurrency: number;
  total_input_tokens: number;
  total_output_tokens: number;
  ppl: number;
  ppl_num_tokens: number;
  mean_record_ppl: number;
  decode_num_records: number;
  decode_num_completion_tokens: number;
}

export type Analysis = Partial<Recomputed> & {
  /** Official files that are not there. */
  missing: string[];
  /** Stored aggregates that the raw data contradicts, and raw data that contradicts itself. */
  inconsistent: Inconsistency[];
};

/**
 * Recomputes what an official run directory reports: times and throughput from `benchmark.jsonl`'s per-request
 * lists and its duration, perplexity from `ppl_results.jsonl`, counts from `decode_outputs.jsonl`. NOT_FOUND where
 * `dir` is no directory; INVALID_ARGUMENT where a file is broken.
 */
export async function analyzeRun(dir: string): Promise<Analysis> {
  const isDirectory = await stat(dir).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isDirectory) {
    throw new CollabError(
      "NOT_FOUND",
      `there is no run directory at ${dir}`,
      "pass a directory with a summary.json",
    );
  }
  const bench = (await readOfficialLines(dir, OFFICIAL.benchmark, benchmarkLineSchema))?.at(-1);
  const pplRows = await readOfficialLines(dir, OFFICIAL.ppl, pplRowSchema);
  const decodeRows = await readOfficialLines(dir, OFFICIAL.decode, decodeRowSchema);
  const summary = await readOfficial(dir, OFFICIAL.summary, officialSummarySchema);
  const pplSummary = await readOfficial(dir, OFFICIAL.pplSummary, officialSummarySchema);
  const decodeSummary = await readOfficial(dir, OFFICIAL.decodeSummary, officialSummarySchema);

  const metrics = bench && benchNumbers(bench);
  const ppl = pplRows && pplNumbers(pplRows);
  const decode = decodeRows && {
    decode_num_records: decodeRows.length,
    decode_num_completion_tokens: decodeRows.reduce((n, row) => n + row.completion_token_ids.length, 0),
  };
  const present = { bench, pplRows, decodeRows, summary, pplSummary, decodeSummary };
  const recomputed: Partial<Recomputed> = { ...metrics?.summary, ...ppl?.summary, ...decode };
  return {
    ...recomputed,
    missing: FILE_OF.flatMap(([key, file]) => (present[key] === undefined ? [file] : [])),
    inconsistent: [
      ...differences(OFFICIAL.benchmark, bench, metrics?.line),
      ...differences(OFFICIAL.summary, summary, recomputed),
      ...differences(OFFICIAL.pplSummary, pplSummary, ppl?.own),
      ...differences(
        OFFICIAL.decodeSummary,
        decodeSummary,
        decode && {
          num_records: decode.decode_num_records,
          num_completion_tokens: decode.decode_num_completion_tokens,
        },
      ),
      ...(decodeRows ?? []).flatMap((row, index) => {
        const stored = row.completion_token_sha256;
        if (stored === undefined || stored === tokenIdsSha256(row.completion_token_ids)) return [];
        return [
          { file: OFFICIAL.decode, field: "completion_token_sha256", stored: index, recomputed: index },
        ];
      }),
    ],
  };
}

const FILE_OF = [
  ["bench", OFFICIAL.benchmark],
  ["decodeRows", OFFICIAL.decode],
  ["decodeSummary", OFFICIAL.decodeSummary],
  ["pplRows", OFFICIAL.ppl],
  ["pplSummary", OFFICIAL.pplSummary],
  ["summary", OFFICIAL.summary],
] as const;

function benchNumbers(bench: typeof benchmarkLineSchema._output) {
  const line = servingMetrics({
    durationSeconds: bench.duration,
    inputLens: bench.input_lens,
    outputLens: bench.output_lens,
    // Without streaming the time to the first token is the request's latency (benchmark-protocol 1.7).
    latenciesSeconds: bench.ttfts,
    errors: bench.errors,
  });
  return {
    line: { ...line },
    summary: {
      tps: line.output_throughput,
      output_tps: line.output_throughput,
      total_tps: (line.total_input_tokens + line.total_output_tokens) / bench.duration,
      completed: line.completed,
      num_requests: bench.errors.length,
      duration_s: bench.duration,
      request_throughput_req_s: line.request_throughput,
      mean_e2e_latency_ms: line.mean_e2e_latency_ms,
      median_e2e_latency_ms: line.median_e2e_latency_ms,
      std_e2e_latency_ms: line.std_e2e_latency_ms,
      p99_e2e_latency_ms: line.p99_e2e_latency_ms,
      concurrency: line.concurrency,
      total_input_tokens: line.total_input_tokens,
      total_output_tokens: line.total_output_tokens,
    },
  };
}

function pplNumbers(rows: readonly (typeof pplRowSchema._output)[]) {
  const result = perplexity(
    rows.map((row) => ({ negLogLikelihood: row.neg_log_likelihood, numTokens: row.num_tokens })),
  );
  return {
    own: {
      ppl: result.ppl,
      num_tokens: result.numTokens,
      num_records: rows.length,
      neg_log_likelihood: result.negLogLikelihood,
      mean_record_ppl: result.meanRecordPpl,
    },
    summary: { ppl: result.ppl, ppl_num_tokens: result.numTokens, mean_record_ppl: result.meanRecordPpl },
  };
}

function differences(
  file: string,
  stored: Record<string, unknown> | undefined,
  recomputed: object | undefined,
): Inconsistency[] {
  const numbers: [string, unknown][] = Object.entries(recomputed ?? {});
  return numbers.flatMap(([field, value]) => {
    const claimed = stored?.[field];
    if (typeof claimed !== "number" || typeof value !== "number" || close(claimed, value)) return [];
    return [{ file, field, stored: claimed, recomputed: value }];
  });
}

const close = (a: number, b: number): boolean =>
  a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
