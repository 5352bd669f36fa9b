import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { cpus, release } from "node:os";
import { basename, isAbsolute, join } from "node:path";
import { profileOf } from "../../challenge.ts";
import type { Log } from "../../log.ts";
import { RunFailure } from "../failure/run-failure.ts";
import { writeFileAtomic, writeJson } from "../machine/atomic-file.ts";
import { openCappedLog } from "../machine/capped-log.ts";
import { listDevices } from "../machine/devices.ts";
import { installerEnvironment, serverEnvironment } from "../machine/process-environment.ts";
import type { GroupId } from "../machine/process-group.ts";
import { ensureModel } from "../models/models.ts";
import { withFloats } from "../official/official-floats.ts";
import { officialJson } from "../official/official-json.ts";
import type { Progress } from "../runner.ts";
import { readTree } from "../stack/files.ts";
import { MANIFEST_FILE, type Manifest, parseManifest, serveCommand } from "../stack/manifest.ts";
import { environmentStage } from "../stages/environment.ts";
import { loadWorkload } from "../stages/workload.ts";
import { HARNESS } from "./launch-files.ts";
import { type LaunchResult, measureLaunch } from "./measure-launch.ts";
import { homeFiles, type RunRequest, type RunSettings, runFiles } from "./run-files.ts";
import type { RunState } from "./run-state.ts";
import { runSummary, runWarnings } from "./run-summary.ts";

interface Execution {
  dir: string;
  request: RunRequest;
  settings: RunSettings;
  state: RunState;
  signal: AbortSignal;
  log: Log;
}

/** The stages of a run that has its device: the environment once, then each launch; writes summary and report. */
export async function executeRun(execution: Execution): Promise<void> {
  const { dir, request, settings, state, signal, log } = execution;
  const { challenge, home, graceSeconds } = settings;
  const files = runFiles(dir);
  const places = homeFiles(home);
  const profile = profileOf(challenge, request.profile);
  const workload = await loadWorkload(challenge, profile);
  await checkStack(execution, {
    reason: "the run's copy of the stack was changed after the run had been started",
    hint: "start the run again and leave its directory alone",
  });
  const manifest = parseManifest(await readFile(join(files.stack, MANIFEST_FILE), "utf8"));
  const onGroup = (group: GroupId | undefined) =>
    group ? writeJson(files.group, group) : rm(files.group, { force: true });

  const prepared = await state.stage("environment", 0, async (progress) => {
    const installLog = openCappedLog(files.log("install"));
    try {
      const environment = await environmentStage(manifest, {
        envsDir: places.envs,
        env: installerEnvironment(process.env),
        log: installLog,
        logPath: files.log("install"),
        signal,
        progress,
        graceSeconds,
        onGroup,
      });
      return { environment, modelId: await resolveModel(execution, manifest, progress) };
    } finally {
      installLog.close();
    }
  });

  const serverLog = openCappedLog(files.log("server"));
  const results: LaunchResult[] = [];
  const { installed, interpreter } = prepared.environment;
  const modelName = manifest.env.SERVED_MODEL_NAME ?? manifest.served_model_name;
  try {
    for (let launch = 1; launch <= request.launches; launch++) {
      if (launch > 1) await checkStack(execution, CHANGED_BY_ITSELF);
      const result = await measureLaunch(
        {
          launch,
          dir: files.launch(launch),
          manifest,
          profile,
          workload,
          datasets: { prompts: shown(challenge.prompts), perplexity: shown(challenge.perplexity) },
          command: async (port) => ({
            ...serveCommand(manifest, files.stack, interpreter),
            cwd: files.stack,
            env: await serverEnvironment({
              parent: process.env,
              manifestEnv: manifest.env,
              modelId: prepared.modelId,
              servedModelName: manifest.served_model_name,
              port,
              environment: installed,
              scratchDir: files.scratch,
              hubCacheDir: places.hubCache,
              gpuIndex: settings.gpuIndex ?? undefined,
            }),
          }),
          modelName,
          log: serverLog,
          logPath: files.log("server"),
          graceSeconds,
          signal,
          onGroup,
          onNumbers: (numbers) =>
            results.length === 0 ? state.set({ summary: numbers }) : Promise.resolve(),
        },
        state,
      );
      results.push(result);
      await state.set({ summary: runSummary(results), warnings: runWarnings(results) });
    }
  } finally {
    serverLog.close();
    if (serverLog.fault) log.warn({ err: serverLog.fault }, "words of the server were dropped from its log");
  }
  await checkStack(execution, CHANGED_BY_ITSELF);
  await writeJson(files.report, await report(request, results));
  await writeFileAtomic(files.summary, officialJson(withFloats(runSummary(results))));
}

const CHANGED_BY_ITSELF = {
  reason: "the stack's server changed its own files",
  hint: "let the server write to TMPDIR or HOME only: what ran shall be what the stack holds",
};

/** The copy is what was asked for: nobody changed it since. */
async function checkStack(
  { dir, request }: Execution,
  changed: { reason: string; hint: string },
): Promise<void> {
  const digest = await readTree(runFiles(dir).stack).then(
    (tree) => tree.digest,
    () => undefined,
  );
  if (digest !== request.stackDigest) throw new RunFailure({ class: "stack_invalid", ...changed });
}

/** Evidence shall not tell where on a machine it was made. */
const shown = (path: string): string => (isAbsolute(path) ? basename(path) : path);

/** The final MODEL_ID: a model of the challenge, made if need be; a path; else a name that the server knows (1.2). */
async function resolveModel(
  { dir, settings, signal }: Execution,
  manifest: Manifest,
  progress: Progress,
): Promise<string> {
  const { model_id: modelId } = manifest;
  // A manifest's env.MODEL_ID beats its model_id, which then nobody needs (1.3).
  if (manifest.env.MODEL_ID !== undefined) return modelId;
  const own = await ensureModel({
    modelId,
    challenge: settings.challenge,
    modelsDir: homeFiles(settings.home).models,
    signal,
    onProgress: (done, total) => progress(megabytes(done), megabytes(total), "making the challenge's model"),
  });
  if (own !== undefined) return own;
  const inside = join(runFiles(dir).stack, modelId);
  if (!isAbsolute(modelId)) return existsSync(inside) ? inside : modelId;
  if (existsSync(modelId)) return modelId;
  throw new RunFailure({
    class: "model_missing",
    reason: `model_id names ${JSON.stringify(modelId)}, and there is no such file or directory on this machine`,
    hint: "correct model_id in manifest.json, or put the model there",
  });
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e6);

/** Our own numbers beside the official files: what was measured on, and how far the two paths agree. */
async function report(request: RunRequest, results: readonly LaunchResult[]) {
  const device = (await listDevices()).find((one) => one.id === request.device);
  return {
    harness: HARNESS,
    machine: {
      platform: process.platform,
      arch: process.arch,
      osRelease: release(),
      node: process.versions.node,
      cpu: cpus()[0]?.model ?? "unknown",
      cpuCount: cpus().length,
      sandbox: "none",
    },
    device: device && {
      id: device.id,
      kind: device.kind,
      name: device.name,
      memoryTotalMb: device.memoryTotalMb,
      driver: device.driver,
    },
    launches: results.map(({ summary: _, ...own }, index) => ({ launch: index + 1, ...own })),
    warnings: runWarnings(results),
  };
}
