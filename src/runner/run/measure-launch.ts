import { mkdir } from "node:fs/promises";
import type { Profile } from "../../challenge.ts";
import { RunFailure } from "../failure/run-failure.ts";
import type { CappedLog } from "../machine/capped-log.ts";
import { freePort } from "../machine/port.ts";
import type { GroupId } from "../machine/process-group.ts";
import type { Progress, Summary } from "../runner.ts";
import type { Manifest } from "../stack/manifest.ts";
import { decodeStage } from "../stages/decode.ts";
import { type LaunchedServer, launchStage } from "../stages/launch.ts";
import { perplexityStage } from "../stages/perplexity.ts";
import type { ServerStage } from "../stages/stage.ts";
import { throughputStage } from "../stages/throughput.ts";
import { tokenCounts } from "../stages/tokenize.ts";
import type { Workload } from "../stages/workload.ts";
import { fingerprint } from "../stats/fingerprint.ts";
import {
  type Datasets,
  type Measured,
  writeLaunchSummary,
  writeRunEnvironment,
  writeServer,
} from "./launch-files.ts";
import { comparePaths, type PathComparison } from "./path-comparison.ts";
import type { RunState } from "./run-state.ts";

export interface LaunchPlan {
  /** From 1. */
  launch: number;
  /** The launch's official state directory. */
  dir: string;
  manifest: Manifest;
  profile: Profile;
  workload: Workload;
  datasets: Datasets;
  /** What to start, for a port. */
  command: (port: number) => Promise<{
    file: string;
    args: readonly string[];
    cwd: string;
    env: Readonly<Record<string, string>>;
  }>;
  /** The final SERVED_MODEL_NAME of the server's environment (benchmark-protocol 1.3). */
  modelName: string;
  log: CappedLog;
  logPath: string;
  graceSeconds: number;
  signal: AbortSignal;
  onGroup: (group: GroupId | undefined) => Promise<void>;
  /** Told of the launch's numbers as far as it got. */
  onNumbers: (summary: Summary) => Promise<void>;
}

export interface LaunchResult {
  summary: Summary;
  fingerprint: string;
  readySeconds: number;
  clientOverheadShare: number;
  inputLensSource: string;
  decodePromptSource: string;
  paths: PathComparison;
}

/** One fresh start of the server and its three passes, in the official order (benchmark-protocol 1.5). */
export async function measureLaunch(plan: LaunchPlan, state: RunState): Promise<LaunchResult> {
  await mkdir(plan.dir, { recursive: true });
  const port = await freePort();
  await writeRunEnvironment(plan.dir, plan.manifest, `http://127.0.0.1:${port}`, plan.datasets);
  const command = await plan.command(port);
  const server = await state.stage("launch", plan.launch, async () => {
    plan.log.write(Buffer.from(`[launch ${plan.launch}]\n`));
    return launchStage({
      command,
      port,
      log: plan.log,
      logPath: plan.logPath,
      startupTimeoutSeconds: plan.profile.startup_timeout_seconds,
      signal: plan.signal,
      onGroup: plan.onGroup,
    });
  });
  try {
    await writeServer(plan.dir, server, port, plan.modelName);
    return await measure(plan, server, state);
  } catch (error) {
    throw error instanceof RunFailure ? await server.explain(error) : error;
  } finally {
    const left = await server.stop(plan.graceSeconds);
    // Whoever gets the device next finds the group on record and tries again.
    if (left.length === 0) await plan.onGroup(undefined);
  }
}

async function measure(plan: LaunchPlan, server: LaunchedServer, state: RunState): Promise<LaunchResult> {
  const { manifest, datasets, launch } = plan;
  const stage = (progress: Progress): ServerStage => ({
    client: server.client,
    origin: server.origin,
    modelName: plan.modelName,
    profile: plan.profile,
    workload: plan.workload,
    dir: plan.dir,
    signal: server.signal,
    progress,
  });
  const quiet = stage(() => {});
  const throughput = await state.stage("throughput", launch, (progress) => throughputStage(stage(progress)));
  const measured: Measured = { throughput };
  await plan.onNumbers(await writeLaunchSummary(quiet, manifest, measured));

  const decode = await state.stage("decode", launch, (progress) =>
    decodeStage(stage(progress), datasets.prompts),
  );
  measured.decode = decode;
  await plan.onNumbers(await writeLaunchSummary(quiet, manifest, measured));

  const perplexity = await state.stage("perplexity", launch, (progress) =>
    perplexityStage(stage(progress), datasets.perplexity),
  );
  measured.perplexity = perplexity;
  const summary = await writeLaunchSummary(quiet, manifest, measured);

  const counts =
    throughput.retokenizedShare === undefined ? undefined : await tokenCounts(quiet, decode.texts, false);
  const recounted = counts && counts.reduce((total, count) => total + count, 0) / decode.numCompletionTokens;
  return {
    summary,
    fingerprint: fingerprint(decode.completions, perplexity.ppl),
    readySeconds: server.readySeconds,
    clientOverheadShare: throughput.clientOverheadShare,
    inputLensSource: throughput.inputLensSource,
    decodePromptSource: decode.promptSource,
    paths: comparePaths(throughput, decode, recounted),
  };
}
