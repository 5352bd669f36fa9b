import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readJson, writeJson } from "../machine/atomic-file.ts";
import { isLocked, type Lock, tryLock } from "../machine/lock.ts";
import { homeFiles, runFiles } from "./run-files.ts";

/**
 * One run at a time on a device, across processes, first come first served. A waiting run has a ticket, a file whose
 * name sorts by creation; the first whose supervisor lives takes the lease, a lock that the kernel frees.
 */
/** How long a run may have a ticket before its supervisor holds its lock. */
const STARTUP_GRACE_MS = 15_000;

/** Whether a run's supervisor may still be on its way: it has not lived yet, and not much time has passed. */
export const isStarting = (dir: string, createdAt: number, now: number): boolean =>
  now - createdAt < STARTUP_GRACE_MS && !existsSync(runFiles(dir).started);

export interface Ticket {
  runId: string;
  createdAt: number;
}

const holderSchema = z.strictObject({ runId: z.string() });

const places = (home: string, device: string) => {
  const { leases } = homeFiles(home);
  return {
    lock: join(leases, `${device}.lock`),
    holder: join(leases, `${device}.json`),
    queue: join(leases, `${device}.queue`),
  };
};

const ticketName = (ticket: Ticket): string =>
  `${String(ticket.createdAt).padStart(15, "0")}_${ticket.runId}`;

export async function enterQueue(home: string, device: string, ticket: Ticket): Promise<void> {
  const { queue } = places(home, device);
  await mkdir(queue, { recursive: true });
  await writeFile(join(queue, ticketName(ticket)), "");
}

export async function leaveQueue(home: string, device: string, ticket: Ticket): Promise<void> {
  await rm(join(places(home, device).queue, ticketName(ticket)), { force: true });
}

/** Run ids in the order in which they will get the device; without those whose supervisor died. */
export async function queueOf(home: string, device: string, now: number): Promise<string[]> {
  const names = await readdir(places(home, device).queue).catch(() => []);
  return names.sort().flatMap((name) => {
    const [createdAt, runId] = name.split("_");
    if (createdAt === undefined || runId === undefined) return [];
    const starting = isStarting(join(homeFiles(home).runs, runId), Number(createdAt), now);
    return starting || isAlive(home, runId) ? [runId] : [];
  });
}

/** Whether the supervisor of a run lives. */
const isAlive = (home: string, runId: string): boolean =>
  isLocked(runFiles(join(homeFiles(home).runs, runId)).alive);

export interface Lease {
  /** The run that had the device before, whose processes may still be there. */
  previous: string | undefined;
  release(): void;
}

/** Takes the device, unless another run has it. For the first of the queue only. */
export async function tryLease(home: string, device: string, runId: string): Promise<Lease | undefined> {
  const { lock: lockFile, holder } = places(home, device);
  const lock: Lock | undefined = tryLock(lockFile);
  if (!lock) return undefined;
  const previous = (await readJson(holder, holderSchema))?.runId;
  await writeJson(holder, { runId });
  return { previous: previous === runId ? undefined : previous, release: lock.release };
}

/** The run that has the device now. */
export async function leaseHolder(home: string, device: string): Promise<string | undefined> {
  const { lock, holder } = places(home, device);
  const runId = (await readJson(holder, holderSchema))?.runId;
  return runId !== undefined && isLocked(lock) ? runId : undefined;
}
