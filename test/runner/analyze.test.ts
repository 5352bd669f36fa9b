import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/paths.ts";
import { analyzeRun } from "../../src/runner/analyze.ts";
import { orderedLine } from "../../src/runner/official/official-json.ts";

const scratch = mkdtempSync(join(tmpdir(), "analyze-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const toyLine = {
  request_rate: Number.POSITIVE_INFINITY,
  duration: 4,
  completed: 2,
  output_throughput: 5,
  input_lens: [3, 4],
  output_lens: [10, 10],
  ttfts: [1.5, 2.5],
  errors: ["", ""],
};

describe("analyzeRun", () => {
  it("recomputes throughput and perplexity from the raw records", async () => {
    const dir = mkdtempSync(join(scratch, "run-"));
    writeFileSync(
      join(dir, "benchmark.jsonl"),
      orderedLine({ ...toyLine, duration: 99 }) + orderedLine(toyLine),
    );
    writeFileSync(join(dir, "ppl_results.jsonl"), '{"neg_log_likelihood": 2.0, "num_tokens": 4}\n');
    const analysis = await analyzeRun(dir);
    expect(analysis).toMatchObject({ tps: 5, total_tps: 6.75, completed: 2, mean_e2e_latency_ms: 2000 });
    expect(analysis.ppl).toBe(Math.exp(0.5));
    expect(analysis.inconsistent).toEqual([]);
    expect(analysis.missing).toEqual([
      "decode_outputs.jsonl",
      "decode_summary.json",
      "ppl_summary.json",
      "summary.json",
    ]);
  });

  it("names stored numbers that the raw records contradict", async () => {
    const dir = mkdtempSync(join(scratch, "run-"));
    writeFileSync(join(dir, "benchmark.jsonl"), orderedLine(toyLine));
    writeFileSync(join(dir, "summary.json"), '{"tps": 5.5, "completed": 2}');
    expect((await analyzeRun(dir)).inconsistent).toEqual([
      { file: "summary.json", field: "tps", stored: 5.5, recomputed: 5 },
    ]);
  });

  it("refuses what is no run directory, and broken files", async () => {
    await expect(analyzeRun(join(scratch, "nowhere"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    const dir = mkdtempSync(join(scratch, "run-"));
    writeFileSync(join(dir, "benchmark.jsonl"), "nonsense\n");
    await expect(analyzeRun(dir)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

const realRuns = join(packageRoot, "..", "shared", "data", "gemma-challenge", "runs");

describe.skipIf(!existsSync(realRuns))("analyzeRun on real runs (skipped without ../shared)", () => {
  const names = existsSync(realRuns) ? readdirSync(realRuns) : [];
  const measured = names.filter((name) => existsSync(join(realRuns, name, "benchmark.jsonl")));

  it.each(measured)("recomputes %s to 1e-9", async (name) => {
    const dir = join(realRuns, name);
    const analysis = await analyzeRun(dir);
    const summary = JSON.parse(readFileSync(join(dir, "summary.json"), "utf8"));
    const fields = [
      "tps",
      "total_tps",
      "mean_e2e_latency_ms",
      "p99_e2e_latency_ms",
      "completed",
      "ppl",
      "ppl_num_tokens",
    ] as const;
    for (const field of fields) {
      if (summary[field] === undefined) continue;
      expect(Math.abs(Number(analysis[field]) / summary[field] - 1), field).toBeLessThan(1e-9);
    }
    expect(analysis.inconsistent).toEqual([]);
  });

  it("sees a stored number that was edited", async () => {
    const dir = join(scratch, "edited");
    cpSync(join(realRuns, "reroll-ctk48-a"), dir, { recursive: true });
    rmSync(join(dir, "ppl_summary.json"), { force: true });
    writeFileSync(join(dir, "ppl_summary.json"), '{"ppl": 2.2}');
    expect((await analyzeRun(dir)).inconsistent).toHaveLength(1);
  });
});
