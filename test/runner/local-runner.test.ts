import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { analyzeRun } from "../../src/runner/analyze.ts";
import { makeToy, processesBelow, type Toy } from "./support/toy-run.ts";

let toy: Toy;
afterEach(async () => {
  await toy.remove();
  expect(processesBelow(toy.dir)).toEqual([]);
});

const SHOW = `
  const { statSync } = require("node:fs");
  console.log(JSON.stringify(process.env));
  console.log(JSON.stringify({ writable: [".", "manifest.json"].map((path) => statSync(path).mode & 0o222) }));
  process.exit(1);
`;
const text = (path: string) => readFileSync(path, "utf8");

describe("a run of an honest server", () => {
  it("completes with the official files, numbers and evidence", async () => {
    toy = makeToy();
    const run = await toy.finish("good", {}, { launches: 2 });
    expect(run.failure).toBeNull();
    expect(run.state).toBe("completed");
    expect(run.stages.map((stage) => `${stage.launch} ${stage.name} ${stage.state}`)).toEqual([
      "0 environment done",
      ...[1, 2].flatMap((n) => ["launch", "throughput", "decode", "perplexity"].map((s) => `${n} ${s} done`)),
    ]);
    expect(run.summary).toMatchObject({
      completed: 4,
      launches: 2,
      ppl_num_tokens: 12,
      decode_num_records: 4,
    });
    expect(run.summary.tps).toBe(run.summary.tps_mean);
    const fingerprints = run.summary.fingerprints;
    expect(Array.isArray(fingerprints) && fingerprints[0]).toBe(
      Array.isArray(fingerprints) && fingerprints[1],
    );
    expect(run.warnings.filter((warning) => !/speed|client/.test(warning))).toEqual([]);

    const evidence = await toy.runner.evidence(run.id);
    const official = [
      "benchmark.jsonl",
      "decode_outputs.jsonl",
      "decode_summary.json",
      "ppl_results.jsonl",
      "ppl_summary.json",
      "run_environment.json",
      "server.json",
      "summary.json",
    ];
    expect(evidence.entries.map((entry) => entry.path)).toEqual([
      ...official.map((name) => `launch-1/${name}`),
      ...official.map((name) => `launch-2/${name}`),
      "report.json",
      "request.json",
      "summary.json",
    ]);
    for (const { path } of evidence.entries) {
      expect(Buffer.from(await evidence.read(path)).toString(), path).not.toContain(toy.dir);
    }
    expect((await toy.runner.stack(run.id)).digest).toBe(run.stackDigest);

    expect(run.summary.tps_sd).toBeGreaterThan(0);
    expect(await analyzeRun(run.dir)).toMatchObject({ missing: [], inconsistent: [], tps: run.summary.tps });
    const analysis = await analyzeRun(join(run.dir, "launch-1"));
    expect(analysis).toMatchObject({
      missing: [],
      inconsistent: [],
      completed: 4,
      decode_num_completion_tokens: 64,
    });
  });

  it("gives the perplexity of its log-probabilities to the last digit", async () => {
    toy = makeToy();
    const run = await toy.finish("good");
    // No target token is the toy's favourite, so each has the probability 0.5 / 255.
    const one = -Math.log(0.5 / 255);
    const record = one + one + one + one;
    expect(run.summary.ppl).toBe(Math.exp((record + record + record) / 12));
  });

  it("works with the bare contract and says where prompt ids come from", async () => {
    toy = makeToy();
    const run = await toy.finish("plain");
    expect(run.state).toBe("completed");
    const report = JSON.parse(text(join(run.dir, "report.json")));
    expect(report.launches[0]).toMatchObject({
      decodePromptSource: "text",
      inputLensSource: "usage.prompt_tokens",
      paths: { identicalTextShare: null, retokenizedShare: null },
    });
  });

  it("takes prompt ids from the perplexity records where the server cannot give them", async () => {
    toy = makeToy();
    const run = await toy.finish("plain", {}, { profile: "single" });
    expect(run.state).toBe("completed");
    const report = JSON.parse(text(join(run.dir, "report.json")));
    expect(report.launches[0].decodePromptSource).toBe("perplexity records");
    const row = JSON.parse(text(join(run.dir, "launch-1", "decode_outputs.jsonl")));
    expect(row).toMatchObject({ id: "p2", index: 0, dataset_index: 2, prompt_token_ids: [1, 7, 9] });
  });

  it("waits for a server that starts slowly", async () => {
    toy = makeToy();
    const run = await toy.finish("slow-start");
    expect(run.state).toBe("completed");
    expect(run.stages.find((stage) => stage.name === "launch")?.durationSeconds).toBeGreaterThan(0.9);
  });

  it("warns where the scored path and the audited path disagree", async () => {
    toy = makeToy();
    const run = await toy.finish("two-faced");
    expect(run.state).toBe("completed");
    expect(run.warnings.join("\n")).toMatch(/same text for 0.0 %/);
    expect(run.warnings.join("\n")).toMatch(/repetition loops/);
  });

  it("gets a scrubbed environment and a read-only stack", async () => {
    process.env.HF_TOKEN = "hf_secret_of_the_caller";
    process.env.MODEL_ID = "stray";
    try {
      toy = makeToy();
      const show = ["node", "-e", SHOW];
      const run = await toy.finish("good", { serve: show, model_id: "some/model", env: { THREADS: 2 } });
      expect(run.failure?.class).toBe("exited_before_ready");
      const { lines } = await toy.runner.logs(run.id, { grep: "SERVED_MODEL_NAME" });
      const env = JSON.parse(lines[0] ?? "");
      expect(env).toMatchObject({
        MODEL_ID: "some/model",
        SERVED_MODEL_NAME: "toy",
        HOST: "127.0.0.1",
        THREADS: "2",
      });
      expect(env.HOME.startsWith(run.dir)).toBe(true);
      expect(JSON.stringify(env)).not.toContain("hf_secret");
      expect(Object.keys(env).filter((name) => name.startsWith("COLLABS_"))).toEqual([
        "COLLABS_PROCESS_MARK",
      ]);
      const modes = await toy.runner.logs(run.id, { grep: "writable" });
      expect(JSON.parse(modes.lines[0] ?? "")).toEqual({ writable: [0, 0] });
      expect(existsSync(join(run.dir, "scratch"))).toBe(false);
    } finally {
      delete process.env.HF_TOKEN;
      delete process.env.MODEL_ID;
    }
  });
});
