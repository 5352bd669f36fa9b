import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Challenge } from "../challenge.ts";
import { CollabError } from "../errors.ts";
import type { Log } from "../log.ts";
import { listDevices } from "./machine/devices.ts";
import { readLogPage } from "./machine/log-pages.ts";
import { evidenceTree } from "./run/evidence.ts";
import { leaseHolder, queueOf } from "./run/lease.ts";
import { readState, settleIfLost } from "./run/lost-runs.ts";
import { homeFiles, runFiles } from "./run/run-files.ts";
import { startRun } from "./run/start-run.ts";
import { type Device, ENDED, RUN_ID, type Run, type Runner } from "./runner.ts";
import { readTree } from "./stack/files.ts";

/** How often a follower looks at a run's state, and at whether its supervisor lives. */
const LOOK_EVERY_MS = 150;
const SETTLE_EVERY = 10;
/** How long a cancel waits for the run's end before it reports that the run still stops. */
const CANCEL_WAIT_MS = 5000;
const MOST_RUNS = 1000;

export interface LocalRunnerOptions {
  /** Holds runs, environments, models and leases; shared by all processes that use the same devices. */
  home: string;
  challenge: Challenge;
  log: Log;
  now?: () => number;
  /** Between SIGTERM and SIGKILL; officially 30 (benchmark-protocol 1.5). */
  graceSeconds?: number;
}

/**
 * Runs benchmarks on this machine. A run is a directory below `home/runs` and a process of its own; this side only
 * writes requests and reads directories, so any number of processes may do it, and any of them may end.
 */
export function createLocalRunner(options: LocalRunnerOptions): Runner {
  const { home, log, now = Date.now } = options;
  const places = homeFiles(home);

  const stored = async (id: string): Promise<Run> => {
    const run = RUN_ID.test(id) ? await readState(join(places.runs, id)) : undefined;
    if (run) return run;
    throw new CollabError(
      "NOT_FOUND",
      `there is no run ${JSON.stringify(id.slice(0, 60))}`,
      "benchmark_get lists your runs",
    );
  };
  const current = async (id: string): Promise<Run> => settleIfLost(home, await stored(id), now());
  const completed = async (id: string): Promise<Run> => {
    const run = await current(id);
    if (run.state === "completed") return run;
    throw new CollabError(
      "NOT_POSTABLE",
      `${id} is ${run.state}; only a completed run has evidence`,
      `benchmark_get {"run":"${id}"} says how it stands`,
    );
  };

  return {
    start: (request) => startRun(request, { ...options, now, graceSeconds: options.graceSeconds ?? 30 }),

    run: current,

    runs: async ({ agent, state, limit = 50 }) => {
      const names = (await readdir(places.runs).catch(() => [])).filter((name) => RUN_ID.test(name));
      const found: Run[] = [];
      // An id begins with its time of creation.
      for (const id of names.sort().reverse()) {
        if (found.length >= Math.min(limit, MOST_RUNS)) break;
        const read = await readState(join(places.runs, id));
        if (!read) {
          log.warn({ run: id }, "a run's state cannot be read");
          continue;
        }
        if (agent !== undefined && read.agentId !== agent) continue;
        const run = await settleIfLost(home, read, now());
        if (!state || state.includes(run.state)) found.push(run);
      }
      return found.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
    },

    changed: async (seen, signal) => {
      for (let look = 0; ; look++) {
        const run = look % SETTLE_EVERY === 0 ? await current(seen.id) : await stored(seen.id);
        if (signal.aborted || ENDED.includes(run.state) || phase(run) !== phase(seen)) return run;
        await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
      }
    },

    logs: async (id, query) => {
      const run = await current(id);
      return readLogPage(runFiles(run.dir).log(query.source ?? "server"), query, ENDED.includes(run.state));
    },

    cancel: async (id) => {
      let run = await current(id);
      if (ENDED.includes(run.state)) return run;
      await writeFile(runFiles(run.dir).cancel, "");
      const deadline = performance.now() + CANCEL_WAIT_MS;
      while (!ENDED.includes(run.state) && performance.now() < deadline) {
        await sleep(LOOK_EVERY_MS);
        run = await current(id);
      }
      return run;
    },

    devices: async () => {
      const devices = await listDevices();
      return Promise.all(
        devices.map(async ({ index: _, ...device }): Promise<Device> => {
          const queue = await queueOf(home, device.id, now());
          return { ...device, running: (await leaseHolder(home, device.id)) ?? null, queue };
        }),
      );
    },

    stack: async (id) => {
      const run = await completed(id);
      const tree = await readTree(runFiles(run.dir).stack);
      if (tree.digest === run.stackDigest) return tree;
      throw new CollabError(
        "CONFLICT",
        `the stack of ${id} was changed after it ran`,
        `benchmark_start {"stack":"${run.stackName}"} measures the stack as it is now`,
      );
    },
    evidence: async (id) => evidenceTree((await completed(id)).dir),
  };
}

/** How far a run is: what a follower is woken up for. */
const phase = (run: Run): string =>
  [
    run.state,
    run.queuePosition,
    ...run.stages.map(({ state, done, note }) => `${state} ${done} ${note}`),
  ].join(" ");
