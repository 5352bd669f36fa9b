import { resolve } from "node:path";
import type { Given } from "../config.ts";
import { CollabError } from "../errors.ts";
import { analyzeRun } from "../runner/analyze.ts";

/** Exit 1 where the stored numbers contradict the raw ones. */
export async function analyze([dir]: string[], given: Given): Promise<number> {
  if (dir === undefined) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      "analyze takes one run directory",
      "agent-collabs-mcp analyze runs/my-run --json",
    );
  }
  const analysis = await analyzeRun(resolve(dir));
  const { missing, inconsistent, ...numbers } = analysis;
  if (given.flags.json) {
    process.stdout.write(`${JSON.stringify(analysis, undefined, 2)}\n`);
  } else {
    const lines = [
      ...Object.entries(numbers).map(([key, value]) => `${key.padEnd(28)} ${value}`),
      ...(missing.length > 0 ? [`missing: ${missing.join(", ")}`] : []),
      ...inconsistent.map(
        ({ file, field, stored, recomputed }) =>
          `inconsistent: ${file} ${field}: stored ${stored}, recomputed ${recomputed}`,
      ),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
  return inconsistent.length === 0 ? 0 : 1;
}
