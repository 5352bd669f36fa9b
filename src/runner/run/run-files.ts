import { chmod, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { challengeSchema } from "../../challenge.ts";
import { RUN_ID } from "../runner.ts";
import { ancestorSchema } from "../stack/lineage.ts";

/** What lies where in a runner's home and in the directory of one run. */
export const homeFiles = (home: string) => ({
  runs: join(home, "runs"),
  keys: join(home, "runs", "keys"),
  leases: join(home, "leases"),
  envs: join(home, "envs"),
  models: join(home, "models"),
  hubCache: join(home, "cache", "hub"),
});

export const runFiles = (dir: string) => ({
  request: join(dir, "request.json"),
  settings: join(dir, "settings.json"),
  state: join(dir, "state.json"),
  alive: join(dir, "alive.lock"),
  /** There from the moment on at which the supervisor held its lock for the first time. */
  started: join(dir, "started"),
  cancel: join(dir, "cancel"),
  group: join(dir, "process-group.json"),
  stack: join(dir, "stack"),
  scratch: join(dir, "scratch"),
  report: join(dir, "report.json"),
  summary: join(dir, "summary.json"),
  log: (source: "server" | "install" | "supervisor") => join(dir, `${source}.log`),
  launch: (launch: number) => join(dir, `launch-${launch}`),
});

/** What was asked for; written once, part of the evidence, so it names no path of this machine. */
export const runRequestSchema = z.strictObject({
  id: z.string().regex(RUN_ID),
  agentId: z.string(),
  challengeId: z.string(),
  profile: z.string(),
  launches: z.number().int().positive(),
  stackName: z.string(),
  stackDigest: z.string(),
  ancestors: z.array(ancestorSchema),
  device: z.string(),
  createdAt: z.iso.datetime(),
  harness: z.string(),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

/** What the supervisor needs of this machine. The challenge is copied, so that edits reach later runs only. */
export const runSettingsSchema = z.strictObject({
  home: z.string(),
  challenge: challengeSchema.extend({ dir: z.string() }),
  gpuIndex: z.number().int().nonnegative().nullable(),
  /** Between SIGTERM and SIGKILL; officially 30 (benchmark-protocol 1.5). */
  graceSeconds: z.number().nonnegative(),
});
export type RunSettings = z.infer<typeof runSettingsSchema>;

/** Takes the right to write from a directory's files and folders, keeping that to execute. */
export async function makeReadOnly(dir: string): Promise<void> {
  await setWritable(dir, false);
}

/** Gives it back, so that the directory can be removed. */
export async function makeWritable(dir: string): Promise<void> {
  await setWritable(dir, true);
}

async function setWritable(dir: string, writable: boolean): Promise<void> {
  if (writable) await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await setWritable(path, writable);
    else if (entry.isFile()) await setFileWritable(path, writable);
  }
  if (!writable) await chmod(dir, 0o555);
}

async function setFileWritable(path: string, writable: boolean): Promise<void> {
  const { mode } = await stat(path);
  await chmod(path, writable ? mode | 0o200 : mode & ~0o222);
}
