import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { type Challenge, profileOf } from "../../challenge.ts";
import { CollabError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { builtProgram, packageVersion } from "../../paths.ts";
import { sha256, type Tree } from "../../tree.ts";
import { storageError } from "../failure/storage-fault.ts";
import { writeJson } from "../machine/atomic-file.ts";
import { type DeviceInfo, listDevices } from "../machine/devices.ts";
import { supervisorEnvironment } from "../machine/process-environment.ts";
import { parseModelId } from "../models/models.ts";
import type { Run, StartRequest } from "../runner.ts";
import { readTree, writeTree } from "../stack/files.ts";
import { MANIFEST_FILE, type Manifest, parseManifest } from "../stack/manifest.ts";
import { loadWorkload } from "../stages/workload.ts";
import { claimKey, forgetKey, type IdempotencyKey, runOfKey } from "./idempotency.ts";
import { enterQueue, leaseHolder, queueOf } from "./lease.ts";
import { readState } from "./lost-runs.ts";
import {
  homeFiles,
  makeReadOnly,
  makeWritable,
  type RunRequest,
  type RunSettings,
  runFiles,
} from "./run-files.ts";
import { waitingStages } from "./waiting-stages.ts";

export interface StartContext {
  home: string;
  challenge: Challenge;
  log: Log;
  now: () => number;
  graceSeconds: number;
}

/**
 * Copies the stack into a new run's directory, queues the run and starts its supervisor. INVALID_ARGUMENT for data of
 * the challenge that no run could use, UNAVAILABLE for a home that cannot be written.
 */
export async function startRun(asked: StartRequest, context: StartContext): Promise<Run> {
  try {
    return await start(asked, context);
  } catch (error) {
    throw storageError(error, context.home) ?? error;
  }
}

async function start(asked: StartRequest, context: StartContext): Promise<Run> {
  const { challenge, home, now } = context;
  const profileName = asked.profile ?? challenge.default_profile;
  const profile = profileOf(challenge, profileName);
  const launches = asked.launches ?? profile.launches;
  const tree = await readTree(asked.stackDir);
  await checkManifest(tree, challenge);
  await loadWorkload(challenge, profile);
  const places = homeFiles(home);

  const key = keyOf(asked, [challenge.id, profileName, launches, tree.digest, asked.stackName], context);
  const earlier = key && (await earlierRun(key, places.runs));
  if (earlier) return earlier;

  const device = await chooseDevice(home, now());
  const createdAt = now();
  const id = newRunId(createdAt);
  const dir = join(places.runs, id);
  const request: RunRequest = {
    id,
    agentId: asked.agentId,
    challengeId: challenge.id,
    profile: profileName,
    launches,
    stackName: asked.stackName,
    stackDigest: tree.digest,
    ancestors: [...asked.ancestors],
    device: device.id,
    createdAt: new Date(createdAt).toISOString(),
    harness: `agent-collabs-mcp ${packageVersion}`,
  };
  const settings: RunSettings = {
    home,
    challenge,
    gpuIndex: device.index ?? null,
    graceSeconds: context.graceSeconds,
  };
  const run = queuedRun(request, profile.official, dir);
  await makeRunDirectory(dir, { tree, request, settings, run });
  if (key && !(await claimKey(key, id))) {
    await makeWritable(runFiles(dir).stack);
    await rm(dir, { recursive: true, force: true });
    return (await earlierRun(key, places.runs)) ?? start(asked, context);
  }
  await enterQueue(home, device.id, { runId: id, createdAt });
  startSupervisor(dir, context.log);
  return run;
}

/** Says at once what would keep the stack from running at all; a finer check is stack_check. */
async function checkManifest(tree: Tree, challenge: Challenge): Promise<Manifest> {
  if (!tree.entries.some((entry) => entry.path === MANIFEST_FILE)) {
    throw new CollabError(
      "STACK_INVALID",
      `the stack has no ${MANIFEST_FILE}`,
      "stack_fork a starter stack to begin with",
    );
  }
  const manifest = parseManifest(Buffer.from(await tree.read(MANIFEST_FILE)).toString("utf8"));
  parseModelId(manifest.model_id, challenge);
  const script = manifest.serve
    .slice(0, 2)
    .find((part) => /\.(?:py|[cm]?js)$/.test(part) && !isAbsolute(part));
  const path = script?.replace(/^\.\//, "");
  if (path !== undefined && !tree.entries.some((entry) => entry.path === path)) {
    throw new CollabError(
      "STACK_INVALID",
      `${MANIFEST_FILE}: serve names ${JSON.stringify(script)}, which the stack does not hold`,
      "add the script or correct serve",
    );
  }
  return manifest;
}

function keyOf(
  asked: StartRequest,
  parts: unknown[],
  { home, now }: StartContext,
): IdempotencyKey | undefined {
  if (asked.idempotencyKey === undefined) return undefined;
  return {
    dir: homeFiles(home).keys,
    agentId: asked.agentId,
    key: asked.idempotencyKey,
    request: sha256(JSON.stringify(parts)),
    now: now(),
  };
}

async function earlierRun(key: IdempotencyKey, runs: string): Promise<Run | undefined> {
  const id = await runOfKey(key);
  const run = id === undefined ? undefined : await readState(join(runs, id));
  // A key is tied to a run that is there: without it, somebody has cleaned up.
  if (!run) await forgetKey(key);
  return run;
}

/** The device with the shortest line. */
async function chooseDevice(home: string, now: number): Promise<DeviceInfo> {
  const devices = await listDevices();
  const lines = await Promise.all(
    devices.map(async (device) => {
      const waiting = await queueOf(home, device.id, now);
      const running = await leaseHolder(home, device.id);
      return { device, length: waiting.length + (running === undefined ? 0 : 1) };
    }),
  );
  const [shortest] = lines.sort((a, b) => a.length - b.length);
  if (!shortest) throw new CollabError("UNAVAILABLE", "this machine has no device that runs could use");
  return shortest.device;
}

/** `run-20261122-175501-0a1b2c`, in UTC. */
function newRunId(time: number): string {
  const [date = "", clock = ""] = new Date(time).toISOString().split("T");
  const stamp = `${date.replaceAll("-", "")}-${clock.slice(0, 8).replaceAll(":", "")}`;
  return `run-${stamp}-${randomBytes(3).toString("hex")}`;
}

const queuedRun = (request: RunRequest, official: boolean, dir: string): Run => ({
  id: request.id,
  agentId: request.agentId,
  challengeId: request.challengeId,
  profile: request.profile,
  official,
  stackName: request.stackName,
  stackDigest: request.stackDigest,
  ancestors: request.ancestors,
  launches: request.launches,
  state: "queued",
  queuePosition: 0,
  device: request.device,
  createdAt: request.createdAt,
  startedAt: null,
  endedAt: null,
  stages: waitingStages(request.launches),
  secondsLeft: null,
  summary: {},
  failure: null,
  warnings: [],
  dir,
});

interface RunContent {
  tree: Tree;
  request: RunRequest;
  settings: RunSettings;
  run: Run;
}

/** Appears as a whole, or not at all. */
async function makeRunDirectory(dir: string, { tree, request, settings, run }: RunContent): Promise<void> {
  const unfinished = `${dir}.new`;
  const files = runFiles(unfinished);
  await mkdir(unfinished, { recursive: true });
  try {
    await writeTree(tree, files.stack);
    await makeReadOnly(files.stack);
    await writeJson(files.request, request);
    await writeJson(files.settings, settings);
    await writeJson(files.state, run);
    await rename(unfinished, dir);
  } catch (error) {
    if (existsSync(files.stack)) await makeWritable(files.stack);
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Detached, in a session of its own and without our secrets: it outlives this process. */
function startSupervisor(dir: string, log: Log): void {
  const program = builtProgram("runner/supervise.js");
  if (!existsSync(program)) {
    throw new CollabError("UNAVAILABLE", `the program ${program} is missing`, "npm run build");
  }
  const output = openSync(runFiles(dir).log("supervisor"), "a");
  try {
    const child = spawn(process.execPath, [program, dir], {
      cwd: dir,
      detached: true,
      env: supervisorEnvironment(process.env),
      stdio: ["ignore", output, output],
      windowsHide: true,
    });
    child.once("error", (error) => log.error({ err: error, dir }, "a run's supervisor could not be started"));
    child.unref();
  } finally {
    closeSync(output);
  }
}
