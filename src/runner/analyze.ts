import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CollabError } from "../errors.ts";
import {
  benchmarkLineSchema,
  decodeRowSchema,
  OFFICIAL,
  officialSummarySchema,
  pplRowSchema,
  readOfficial,
  readOfficialLines,
} from "./official/official-files.ts";
import { tokenIdsSha256 } from "./stats/fingerprint.ts";
import { mean } from "./stats/percentile.ts";
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
const recomputedSchema = z
  .object({
    tps: z.number(),
    output_tps: z.number(),
    total_tps: z.number(),
    completed: z.number(),
    num_requests: z.number(),
    duration_s: z.number(),
    request_throughput_req_s: z.number(),
    mean_e2e_latency_ms: z.number(),
    median_e2e_latency_ms: z.number(),
    std_e2e_latency_ms: z.number(),
    p99_e2e_latency_ms: z.number(),
    concurrency: z.number(),
    total_input_tokens: z.number(),
    total_output_tokens: z.number(),
    ppl: z.number(),
    ppl_num_tokens: z.number(),
    mean_record_ppl: z.number(),
    decode_num_records: z.number(),
    decode_num_completion_tokens: z.number(),
  })
  .partial();
type Recomputed = z.infer<typeof recomputedSchema>;

export type Analysis = Recomputed & {
  /** Official files that are not there. */
  missing: string[];
  /** Stored aggregates that the raw data contradicts, and raw data that contradicts itself. */
  inconsistent: Inconsistency[];
};

/**
 * Recomputes what an official run directory reports: times and throughput from `benchmark.jsonl`'s per-request
 * lists and its duration, perplexity from `ppl_results.jsonl`, counts from `decode_outputs.jsonl`. NOT_FOUND where
 * `dir` is no directory; INVALID_ARGUMENT where a file is broken. For a run of this runner: the means of its launches.
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
  const launches = (await readdir(dir)).filter((name) => /^launch-\d+$/.test(name)).sort(byNumber);
  if (launches.length === 0) return analyzeLaunch(dir);
  const analyses = await Promise.all(launches.map((launch) => analyzeLaunch(join(dir, launch))));
  const summary = await readOfficial(dir, OFFICIAL.summary, officialSummarySchema);
  const means = meanOf(analyses);
  return {
    ...means,
    missing: [
      ...analyses.flatMap(({ missing }, index) => missing.map((file) => `${launches[index]}/${file}`)),
      ...(summary ? [] : [OFFICIAL.summary]),
    ],
    inconsistent: [
      ...analyses.flatMap(({ inconsistent }, index) =>
        inconsistent.map((one) => ({ ...one, file: `${launches[index]}/${one.file}` })),
      ),
      ...differences(OFFICIAL.summary, summary, means),
    ],
  };
}

const byNumber = (a: string, b: string): number => Number(a.slice(7)) - Number(b.slice(7));

/** The mean of each number that all launches have. */
function meanOf(analyses: readonly Analysis[]): Recomputed {
  const [first] = analyses;
  const numbers = recomputedSchema.parse(first);
  return recomputedSchema.parse(
    Object.fromEntries(
      Object.keys(numbers).flatMap((field) => {
        const values = analyses.flatMap((analysis) => {
          const value: unknown = new Map(Object.entries(analysis)).get(field);
          return typeof value === "number" ? [value] : [];
        });
        return values.length === analyses.length ? [[field, mean(values)]] : [];
      }),
    ),
  );
}

/** One launch: a directory of the official files. */
async function analyzeLaunch(dir: string): Promise<Analysis> {
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
  const recomputed = { ...metrics?.summary, ...ppl?.summary, ...decode };
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
