import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { deathFailure, neverReadyFailure } from "../failure/failures.ts";
import { RunFailure } from "../failure/run-failure.ts";
import type { CappedLog } from "../machine/capped-log.ts";
import { readLogLines } from "../machine/log-pages.ts";
import { pause } from "../machine/pause.ts";
import { isListening } from "../machine/port.ts";
import { type GroupCommand, type GroupId, type ProcessGroup, startGroup } from "../machine/process-group.ts";
import { type ServerClient, serverClient } from "./server-client.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** Of one readiness request (benchmark-protocol 1.5). */
const PROBE_SECONDS = 5;
/** How long after a broken connection the server's end may take to be noticed. */
const DEATH_NOTICE_MS = 1000;

export interface LaunchOptions {
  command: Omit<GroupCommand, "log">;
  port: number;
  log: CappedLog;
  logPath: string;
  startupTimeoutSeconds: number;
  /** Aborted, with the reason to throw, by a cancel. */
  signal: AbortSignal;
  onGroup: (group: GroupId) => Promise<void>;
}

export interface LaunchedServer {
  origin: string;
  client: ServerClient;
  /** Aborted by a cancel, or by the server's end with the failure that this is. */
  signal: AbortSignal;
  readySeconds: number;
  readyAtUnix: number;
  /** The failure itself, or the server's end where that is what lies behind it. */
  explain(failure: RunFailure): Promise<RunFailure>;
  /** Ends the server and everything it started; returns the ids of processes that could not be ended. */
  stop(graceSeconds: number): Promise<number[]>;
}

/** Starts a stack's server and waits until it answers `GET /v1/models` with 200 (benchmark-protocol 1.5). */
export async function launchStage(options: LaunchOptions): Promise<LaunchedServer> {
  const startedAt = performance.now();
  const logStart = options.log.position;
  const oomKillsBefore = oomKills();
  const group = await startGroup({ ...options.command, log: options.log }).catch((error: unknown) => {
    throw startFailure(error);
  });
  await options.onGroup(group.id);
  const origin = `http://127.0.0.1:${options.port}`;
  const client = serverClient(origin);
  const life = { ready: false, stopping: false };
  const death = new AbortController();
  const died = () =>
    deathFailure({
      exit: group.exit ?? { code: null, signal: null },
      log: readLogLines(options.logPath, logStart),
      ready: life.ready,
      oomKills: oomKills() > oomKillsBefore,
    });
  void group.exited.then(async () => {
    if (life.stopping) return;
    // What it said last may still be in the pipe.
    await sleep(50);
    death.abort(died());
  });
  const server: LaunchedServer = {
    origin,
    client,
    signal: AbortSignal.any([options.signal, death.signal]),
    readySeconds: 0,
    readyAtUnix: 0,
    explain: async (failure) => {
      if (failure.failure.class !== "request_failed") return failure;
      await Promise.race([group.exited, sleep(DEATH_NOTICE_MS)]);
      return group.exit ? died() : failure;
    },
    stop: async (graceSeconds) => {
      life.stopping = true;
      await client.close();
      return group.stop(graceSeconds);
    },
  };
  await untilReady(server, options, logStart)
    .then(() => checkOwner(group, options))
    .catch(async (error: unknown) => {
      await server.stop(1);
      throw error;
    });
  life.ready = true;
  server.readySeconds = (performance.now() - startedAt) / 1000;
  server.readyAtUnix = Date.now() / 1000;
  return server;
}

async function untilReady(
  server: LaunchedServer,
  { startupTimeoutSeconds, logPath }: LaunchOptions,
  logStart: number,
): Promise<void> {
  const deadline = performance.now() + startupTimeoutSeconds * 1000;
  let last = "no answer";
  for (let rest = FIRST_PAUSE_MS; ; rest = Math.min(rest * 1.5, LONGEST_PAUSE_MS)) {
    const left = (deadline - performance.now()) / 1000;
    if (left <= 0) throw neverReadyFailure(readLogLines(logPath, logStart), startupTimeoutSeconds, last);
    try {
      const { status } = await server.client.get("/v1/models", {
        timeoutSeconds: Math.min(PROBE_SECONDS, left),
        signal: server.signal,
      });
      if (status === 200) return;
      last = `last answer: HTTP ${status}`;
    } catch (error) {
      server.signal.throwIfAborted();
      if (!(error instanceof RunFailure)) throw error;
      last = error.failure.class === "request_timeout" ? "the last request had no answer" : "no answer";
    }
    await pause(Math.min(rest, Math.max(0, deadline - performance.now())), server.signal);
  }
}

/** An answer on our port may come from somebody else, whose speed is not what is measured. */
async function checkOwner(group: ProcessGroup, { port }: LaunchOptions): Promise<void> {
  if (isListening(group.members(), port) !== false) return;
  throw new RunFailure({
    class: "port_taken",
    reason: `port ${port} is answered by a program that the stack's server did not start`,
    hint: "start the run again; if that does not help, let the server listen on PORT itself",
  });
}

function startFailure(error: unknown): RunFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return new RunFailure({
    class: "exited_before_ready",
    reason: `the program that the manifest's serve names could not be started (${code})`,
    hint: "check serve in manifest.json: a script of the stack, python, node, or a program on PATH",
  });
}

/** Processes that this machine's kernel ended for want of memory since it was started. */
function oomKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
