import { rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CollabError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { RunCancelled, RunFailure } from "../failure/run-failure.ts";
import { storageFailure } from "../failure/storage-fault.ts";
import { readJson } from "../machine/atomic-file.ts";
import { tryLock } from "../machine/lock.ts";
import { pause } from "../machine/pause.ts";
import { ENDED, type Failure } from "../runner.ts";
import { watchCancellation } from "./cancellation.ts";
import { executeRun } from "./execute-run.ts";
import { type Lease, leaveQueue, queueOf, tryLease } from "./lease.ts";
import { readState, stopGroupOf } from "./lost-runs.ts";
import {
  makeWritable,
  type RunRequest,
  type RunSettings,
  runFiles,
  runRequestSchema,
  runSettingsSchema,
} from "./run-files.ts";
import { openRunState, type RunState } from "./run-state.ts";

/**
 * One detached process a run: waits for the device, goes through the stages, writes every change of state. It is the
 * only writer of the state while it lives, which others see by the lock it holds.
 */
const LOCK_WAIT_MS = 5000;
const QUEUE_LOOK_MS = 200;

export async function supervise(dir: string, log: Log): Promise<void> {
  const files = runFiles(dir);
  const alive = await lockWithin(files.alive, LOCK_WAIT_MS);
  if (!alive) throw new Error("another process supervises this run");
  // Without it, only our death would take longer to be noticed.
  await writeFile(files.started, "").catch(() => {});
  const request = await readJson(files.request, runRequestSchema);
  const settings = await readJson(files.settings, runSettingsSchema);
  const stored = await readState(dir);
  if (!request || !settings || !stored) throw new Error("the run's files are incomplete");
  if (ENDED.includes(stored.state)) return alive.release();

  const state = openRunState(stored);
  const cancellation = watchCancellation(files.cancel);
  const ticket = { runId: request.id, createdAt: Date.parse(request.createdAt) };
  let lease: Lease | undefined;
  try {
    lease = await waitForDevice(request, settings, state, cancellation.signal);
    await leaveQueue(settings.home, request.device, ticket);
    if (lease.previous !== undefined) await stopGroupOf(settings.home, lease.previous);
    await state.set({ state: "running", queuePosition: null, startedAt: new Date().toISOString() });
    log.info({ run: request.id, device: request.device }, "run started");
    await executeRun({ dir, request, settings, state, signal: cancellation.signal, log });
    await tidy(dir, log);
    await state.set({ state: "completed", ...ended() });
  } catch (error) {
    await leaveQueue(settings.home, request.device, ticket);
    await tidy(dir, log);
    await recordEnd(error, settings.home, state, log);
  } finally {
    cancellation.stop();
    await state.close();
    lease?.release();
    alive.release();
    log.info({ run: request.id, state: state.run.state }, "run ended");
  }
}

/** Nothing of the stack runs any more; its owner shall be able to remove the directory. */
async function tidy(dir: string, log: Log): Promise<void> {
  const { scratch, stack } = runFiles(dir);
  try {
    await rm(scratch, { recursive: true, force: true });
    await makeWritable(stack);
  } catch (error) {
    log.warn({ err: error }, "the run's directory could not be tidied");
  }
}

const ended = () => ({ queuePosition: null, secondsLeft: null, endedAt: new Date().toISOString() });

async function recordEnd(error: unknown, home: string, state: RunState, log: Log): Promise<void> {
  if (error instanceof RunCancelled) return state.set({ state: "cancelled", ...ended() });
  const failure = { ...failureOf(error, home, log), stage: state.current() };
  log.info({ failure: failure.class, reason: failure.reason }, "run failed");
  return state.set({ state: "failed", failure, ...ended() });
}

function failureOf(error: unknown, home: string, log: Log): Omit<Failure, "stage"> {
  if (error instanceof RunFailure) return error.failure;
  if (error instanceof CollabError) {
    const invalid = error.code === "STACK_INVALID";
    return {
      class: invalid ? "stack_invalid" : "internal",
      reason: error.message,
      hint: error.hint ?? (invalid ? "correct the stack" : "start the run again"),
      rootCauseLines: [],
    };
  }
  const storage = storageFailure(error, home);
  if (storage) return storage.failure;
  log.error({ err: error }, "the supervisor has a bug or the machine a fault");
  return {
    class: "internal",
    reason: "the run ended by an unexpected error of the runner",
    hint: "benchmark_logs with source supervisor has the details; start the run again",
    rootCauseLines: [],
  };
}

/** First come, first served: only the first living waiter asks for the lease, the others watch the queue. */
async function waitForDevice(
  { device, id }: RunRequest,
  { home }: RunSettings,
  state: RunState,
  signal: AbortSignal,
): Promise<Lease> {
  for (;;) {
    signal.throwIfAborted();
    const queue = await queueOf(home, device, Date.now());
    const ahead = Math.max(0, queue.indexOf(id));
    const lease = ahead === 0 ? await tryLease(home, device, id) : undefined;
    if (lease) return lease;
    if (state.run.queuePosition !== ahead + 1) await state.set({ queuePosition: ahead + 1 });
    await pause(QUEUE_LOOK_MS, signal);
  }
}

/** Readers look at the lock for moments; they shall not make its owner give up. */
async function lockWithin(file: string, milliseconds: number) {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const lock = tryLock(file);
    if (lock || performance.now() > deadline) return lock;
    await sleep(20);
  }
}
