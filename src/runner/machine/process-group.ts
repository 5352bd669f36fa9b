import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { CappedLog } from "./capped-log.ts";
import { hasVariable, listProcesses, startTimeOf } from "./process-table.ts";
import { watchGroup } from "./watchdog.ts";

/**
 * A program and everything it starts, in a session of its own, so that all of it can be stopped. Besides group and
 * session, a mark in the environment finds children that left both.
 */
const MARK = "COLLABS_PROCESS_MARK";
/** How long the kernel may take to end killed processes. */
const KILL_WAIT_MS = 5000;

/** What it takes to find a group again from another process. */
export const groupIdSchema = z.strictObject({
  pid: z.number().int().positive(),
  startTime: z.string(),
  mark: z.string(),
});
export type GroupId = z.infer<typeof groupIdSchema>;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProcessGroup {
  readonly id: GroupId;
  /** Of the first process; undefined while it lives. */
  readonly exit: Exit | undefined;
  readonly exited: Promise<Exit>;
  /** Living processes of the group. */
  members(): number[];
  /** Ends the whole group, also after its first process has gone. Returns the ids of those that could not be ended. */
  stop(graceSeconds: number): Promise<number[]>;
}

export interface GroupCommand {
  file: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment; nothing is inherited. */
  env: Readonly<Record<string, string>>;
  /** Takes standard output and standard error, in the order of arrival. */
  log: CappedLog;
}

/** Starts a program; rejects with the system's error where it cannot be started. */
export async function startGroup(command: GroupCommand): Promise<ProcessGroup> {
  const mark = randomBytes(8).toString("hex");
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...command.env, [MARK]: mark },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  await started(child);
  const pid = child.pid ?? 0;
  offerToOomKiller(pid);
  const id = { pid, startTime: startTimeOf(pid) ?? "gone", mark };
  const watchdog = watchGroup(pid);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => command.log.write(chunk));
    stream?.on("error", () => {});
  }
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  return {
    id,
    get exit() {
      return exit;
    },
    exited,
    members: () => groupMembers(id),
    stop: async (graceSeconds) => {
      const left = await stopGroup(id, graceSeconds);
      watchdog.dismiss();
      if (left.length === 0) await Promise.race([closed(child), sleep(1000, undefined, { ref: false })]);
      child.stdout?.destroy();
      child.stderr?.destroy();
      return left;
    },
  };
}

/** Living processes of a group that this or another process started. */
function groupMembers(id: GroupId): number[] {
  // Another process with the leader's id has started since: then none of its group is ours.
  const leader = startTimeOf(id.pid);
  const idReused = leader !== undefined && leader !== id.startTime;
  return listProcesses().flatMap((entry) => {
    const related = !idReused && (entry.group === id.pid || entry.session === id.pid);
    const ours = related || hasVariable(entry.pid, MARK, id.mark) === true;
    return ours && entry.pid !== process.pid ? [entry.pid] : [];
  });
}

/** SIGTERM to all, SIGKILL to who is left after the grace, then a look whether anybody is. Returns their ids. */
export async function stopGroup(id: GroupId, graceSeconds: number): Promise<number[]> {
  if (await ended(id, "SIGTERM", graceSeconds * 1000)) return [];
  return (await ended(id, "SIGKILL", KILL_WAIT_MS)) ? [] : groupMembers(id);
}

async function ended(id: GroupId, signal: NodeJS.Signals, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  const told = new Set<number>();
  for (let pause = 10; ; pause = Math.min(pause * 2, 200)) {
    const members = groupMembers(id);
    if (members.length === 0) return true;
    // A member may start another one while we look: each is told once, killers repeat.
    for (const pid of members) if (signal === "SIGKILL" || !told.has(pid)) send(pid, signal);
    for (const pid of members) told.add(pid);
    if (performance.now() >= deadline) return false;
    await sleep(pause);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

const started = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });

const closed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.stdout?.closed !== false && child.stderr?.closed !== false) resolve();
    else child.once("close", () => resolve());
  });

/** When memory runs out the kernel shall end the stack, not the process that watches it. */
function offerToOomKiller(pid: number): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {
    // Without this right the kernel decides by size.
  }
}
