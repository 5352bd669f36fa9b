import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** One official run of the game model in 8 bits: what the client costs, and the speed it measures. */
export async function measureRunner(home) {
  const stack = join(home, "stack");
  cpSync(at("stacks/tiny-gemma"), stack, { recursive: true });
  const file = join(stack, "manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...manifest, model_id: "tiny-gemma-45m/Q8_0" }, undefined, 2));
  const { stdout, status } = spawnSync(process.execPath, [at("dist/cli.js"), "bench", stack, "--json"], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, COLLABS_HOME: home },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`the run ended with ${status}`);
  const run = JSON.parse(stdout);
  // The official format holds a bare Infinity.
  const line = readFileSync(join(run.dir, "launch-1/benchmark.jsonl"), "utf8").replaceAll("Infinity", "null");
  const { duration, ttfts } = JSON.parse(line);
  const overhead = duration - ttfts.reduce((sum, one) => sum + one, 0);
  return [
    {
      figure: "client overhead of the throughput stage",
      value: (100 * overhead) / duration,
      unit: "%",
      goal: 0.1,
      note: `${((1000 * overhead) / ttfts.length).toFixed(2)} ms a request`,
    },
    {
      figure: "tiny-gemma-45m in Q8_0",
      value: run.summary.tps,
      unit: "tok/s",
      note: `ppl ${run.summary.ppl.toFixed(2)}`,
    },
  ];
}
