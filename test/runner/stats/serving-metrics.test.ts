import { describe, expect, it } from "vitest";
import { median, percentile, populationSd, sampleSd } from "../../../src/runner/stats/percentile.ts";
import { servingMetrics } from "../../../src/runner/stats/serving-metrics.ts";

describe("percentile", () => {
  it("interpolates linearly between order statistics", () => {
    const values = Array.from({ length: 128 }, (_, i) => 127 - i);
    expect(percentile(values, 99)).toBeCloseTo(125.73, 12);
    expect(median([3, 1, 2, 10])).toBe(2.5);
    expect(percentile([7], 99)).toBe(7);
  });

  it("divides by n for the population and by n-1 for a sample", () => {
    expect(populationSd([1, 3])).toBe(1);
    expect(sampleSd([1, 3])).toBe(Math.SQRT2);
  });
});

describe("servingMetrics", () => {
  const pass = {
    durationSeconds: 10,
    inputLens: [5, 6, 7],
    outputLens: [100, 100, 0],
    latenciesSeconds: [4, 5, 0],
    errors: ["", "", "Internal Server Error"],
  };

  it("counts tokens of all requests, and times and prompts of those that succeeded", () => {
    const metrics = servingMetrics(pass);
    expect(metrics.completed).toBe(2);
    expect(metrics.total_input_tokens).toBe(11);
    expect(metrics.output_throughput).toBe(20);
    expect(metrics.mean_e2e_latency_ms).toBe(4500);
    expect(metrics.std_e2e_latency_ms).toBe(500);
    expect(metrics.concurrency).toBe(0.9);
  });

  it("says that the first token came with the last one", () => {
    const metrics = servingMetrics(pass);
    expect(metrics.p99_ttft_ms).toBe(metrics.p99_e2e_latency_ms);
    expect(metrics.mean_tpot_ms).toBe(0);
  });
});
