import { mean, median, percentile, populationSd, sum } from "./percentile.ts";

/** What one pass of requests measured; lists run in the order of the requests. */
export interface PassRecord {
  /** Wall clock from before the first request until after the last, on the monotonic clock. */
  durationSeconds: number;
  /** Prompt tokens of each request. */
  inputLens: readonly number[];
  /** Completion tokens that the server reported; 0 for a failed request. */
  outputLens: readonly number[];
  /** From before the POST until the body was parsed; 0 for a failed request. */
  latenciesSeconds: readonly number[];
  /** Empty string for a request that succeeded. */
  errors: readonly string[];
}

/** Official names of the four statistics of a duration, in milliseconds. */
type Spread<Name extends string> = Record<`${"mean" | "median" | "std" | "p99"}_${Name}_ms`, number>;

export interface ServingMetrics extends Spread<"e2e_latency">, Spread<"ttft">, Spread<"tpot"> {
  completed: number;
  total_input_tokens: number;
  total_output_tokens: number;
  request_throughput: number;
  input_throughput: number;
  output_throughput: number;
  concurrency: number;
}

/**
 * The aggregates of `benchmark.jsonl` by the formulas of benchmark-protocol 2.3. Throughputs are per second,
 * `*_ms` in milliseconds, `output_throughput` is the score. Statistics run over successful requests.
 */
export function servingMetrics(pass: PassRecord): ServingMetrics {
  const succeeded = pass.errors.flatMap((error, i) => (error === "" ? [i] : []));
  const pick = (values: readonly number[]) => succeeded.map((i) => values[i] ?? Number.NaN);
  const latencies = pick(pass.latenciesSeconds);
  const totalInput = sum(pick(pass.inputLens));
  const totalOutput = sum(pass.outputLens);
  const e2e = spread(latencies);
  // Without streaming the first token arrives with the last one, so ttft is the latency and tpot is 0.
  const tpot = spread(latencies.map(() => 0));
  return {
    completed: succeeded.length,
    total_input_tokens: totalInput,
    total_output_tokens: totalOutput,
    request_throughput: succeeded.length / pass.durationSeconds,
    input_throughput: totalInput / pass.durationSeconds,
    output_throughput: totalOutput / pass.durationSeconds,
    concurrency: sum(latencies) / pass.durationSeconds,
    mean_e2e_latency_ms: e2e.mean,
    median_e2e_latency_ms: e2e.median,
    std_e2e_latency_ms: e2e.std,
    p99_e2e_latency_ms: e2e.p99,
    mean_ttft_ms: e2e.mean,
    median_ttft_ms: e2e.median,
    std_ttft_ms: e2e.std,
    p99_ttft_ms: e2e.p99,
    mean_tpot_ms: tpot.mean,
    median_tpot_ms: tpot.median,
    std_tpot_ms: tpot.std,
    p99_tpot_ms: tpot.p99,
  };
}

const spread = (seconds: readonly number[]) => ({
  mean: mean(seconds) * 1000,
  median: median(seconds) * 1000,
  std: populationSd(seconds) * 1000,
  p99: percentile(seconds, 99) * 1000,
});
