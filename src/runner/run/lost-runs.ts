import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readJson, writeJson } from "../machine/atomic-file.ts";
import { tryLock } from "../machine/lock.ts";
import { groupIdSchema, stopGroup } from "../machine/process-group.ts";
import { ENDED, type Run, runSchema } from "../runner.ts";
import { isStarting, leaveQueue } from "./lease.ts";
import { homeFiles, makeWritable, runFiles } from "./run-files.ts";

/** What a dead supervisor's server gets between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 2;

/** The state on disk, with the directory it was found in; undefined where there is none that can be read. */
export async function readState(dir: string): Promise<Run | undefined> {
  const run = await readJson(runFiles(dir).state, runSchema);
  return run && { ...run, dir };
}

/**
 * A run that has not ended and whose supervisor is gone: ends what it left running and writes that down. Any process
 * may do this; the run's own lock decides which one does.
 */
export async function settleIfLost(home: string, run: Run, now: number): Promise<Run> {
  if (ENDED.includes(run.state)) return run;
  if (run.state === "queued" && isStarting(run.dir, Date.parse(run.createdAt), now)) return run;
  const files = runFiles(run.dir);
  const lock = tryLock(files.alive);
  if (!lock) return run;
  try {
    const current = (await readState(run.dir)) ?? run;
    if (ENDED.includes(current.state)) return current;
    await stopRecordedGroup(run.dir);
    await rm(files.scratch, { recursive: true, force: true });
    await makeWritable(files.stack).catch(() => {});
    await leaveQueue(home, run.device, { runId: run.id, createdAt: Date.parse(run.createdAt) });
    const settled = lost(current, existsSync(files.cancel), now);
    await writeJson(files.state, settled);
    return settled;
  } finally {
    lock.release();
  }
}

/** Ends the process group that a run left on record. */
async function stopRecordedGroup(dir: string): Promise<void> {
  const { group: file } = runFiles(dir);
  const group = await readJson(file, groupIdSchema);
  if (!group) return;
  const left = await stopGroup(group, GRACE_SECONDS);
  if (left.length === 0) await rm(file, { force: true });
}

/** The same for the run that had a device before, by its id. */
export const stopGroupOf = (home: string, runId: string): Promise<void> =>
  stopRecordedGroup(join(homeFiles(home).runs, runId));

function lost(run: Run, cancelled: boolean, now: number): Run {
  const stages = run.stages.map((stage) =>
    stage.state === "running" ? { ...stage, state: "failed" as const } : stage,
  );
  const ended = {
    ...run,
    stages,
    queuePosition: null,
    secondsLeft: null,
    endedAt: new Date(now).toISOString(),
  };
  if (cancelled) return { ...ended, state: "cancelled" };
  return {
    ...ended,
    state: "failed",
    failure: {
      class: "supervisor_lost",
      stage: stages.findLast((stage) => stage.state === "failed")?.name ?? null,
      reason: "the process that watched over this run ended without a word",
      hint: "start the run again; benchmark_logs with source supervisor may say why: usually a full memory or a full disk",
      rootCauseLines: [],
    },
  };
}
