import { basename, resolve } from "node:path";
import { profileOf } from "../challenge.ts";
import type { Given } from "../config.ts";
import { CollabError } from "../errors.ts";
import type { Run } from "../runner/runner.ts";
import { checkStack } from "../runner/stack/check.ts";
import { readTree } from "../runner/stack/files.ts";
import { readLineage } from "../runner/stack/lineage.ts";
import { open } from "./open.ts";
import { followWithBars } from "./progress.ts";

/** Benchmarks a directory. Interrupting it cancels the run; exit 1 where the run did not complete. */
export async function bench([dir]: string[], given: Given): Promise<number> {
  if (dir === undefined) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      "bench takes the directory of one stack",
      "agent-collabs-mcp bench stacks/tiny-gemma --profile quick",
    );
  }
  const { profile, launches, json, agentId } = given.flags;
  const { assembly, config } = open(given);
  try {
    const { runner, challenge } = assembly.session();
    const stackDir = resolve(dir);
    profileOf(challenge, typeof profile === "string" ? profile : undefined);
    const errors = (await checkStack(await readTree(stackDir), challenge)).filter(
      ({ level }) => level === "error",
    );
    for (const { file, message, fix } of errors) process.stderr.write(`${file}: ${message}. ${fix}\n`);
    if (errors.length > 0)
      throw new CollabError("STACK_INVALID", `${stackDir} cannot run: ${errors.length} errors`);
    const run = await runner.start({
      agentId: config.agentId ?? (typeof agentId === "string" ? agentId : "local"),
      stackDir,
      stackName: basename(stackDir),
      ancestors: (await readLineage(stackDir))?.ancestors ?? [],
      ...(typeof profile === "string" && { profile }),
      ...(launches !== undefined && { launches: count(launches) }),
    });
    process.stderr.write(
      `${run.id}: ${run.stackName}, profile ${run.profile}, ${run.launches} launches on ${run.device}\n`,
    );
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    let after = await followWithBars(runner, run, process.stderr, stop.signal);
    if (stop.signal.aborted) after = await runner.cancel(run.id);
    process.stdout.write(json ? `${JSON.stringify(after, undefined, 2)}\n` : report(after));
    return after.state === "completed" ? 0 : 1;
  } finally {
    assembly.close();
  }
}

function count(value: string | boolean): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 20) {
    throw new CollabError("INVALID_ARGUMENT", `--launches ${String(value)} is not a number from 1 to 20`);
  }
  return number;
}

function report(run: Run): string {
  const lines = [`${run.id}: ${run.state}${run.official ? "" : " (not official)"}`];
  for (const [key, value] of Object.entries(run.summary)) {
    if (typeof value === "number") lines.push(`  ${key.padEnd(26)} ${Number(value.toPrecision(6))}`);
  }
  for (const warning of run.warnings) lines.push(`  warning: ${warning}`);
  if (run.failure) {
    lines.push(`  ${run.failure.class}: ${run.failure.reason}`, `  next: ${run.failure.hint}`);
    lines.push(...run.failure.rootCauseLines.map((line) => `  | ${line}`));
  }
  lines.push(`  files: ${run.dir}`);
  return `${lines.join("\n")}\n`;
}
