import { z } from "zod";
import type { Challenge } from "../../challenge.ts";
import { ENDED, type Run, type Stage } from "../../runner/runner.ts";
import type { Call, Next, ToolContext } from "../tool.ts";
import { short, shortDigest } from "./board.ts";
import { count } from "./count.ts";
import { STACK_NAME } from "./stack-name.ts";

/** A run as tools give it. */
export const runSchema = z.strictObject({
  run: z.string(),
  agent: z.string(),
  stack: z.string(),
  digest: z.string(),
  profile: z.string(),
  official: z.boolean(),
  state: z.string(),
  stage: z.string().optional(),
  stages: z.array(z.string()).optional(),
  queue_position: z.number().optional(),
  seconds_left: z.number().optional(),
  poll_after_seconds: z.number().optional(),
  numbers: z.record(
    z.string(),
    z.union([z.number(), z.string(), z.boolean(), z.null(), z.array(z.string())]),
  ),
  failure: z
    .strictObject({
      class: z.string(),
      reason: z.string(),
      hint: z.string(),
      untrusted_lines: z.array(z.string()).optional(),
    })
    .optional(),
  warnings: z.array(z.string()).optional(),
});

const CONCISE = [
  "tps",
  "tps_sd",
  "launches",
  "ppl",
  "completed",
  "duration_s",
  "mean_e2e_latency_ms",
  "p99_e2e_latency_ms",
];

export function runView(run: Run, challenge: Challenge, full: boolean): z.input<typeof runSchema> {
  const wanted = new Set([...CONCISE, challenge.score.field, challenge.guard?.field ?? ""]);
  const ended = ENDED.includes(run.state);
  return {
    run: run.id,
    agent: run.agentId,
    // A directory's name, where the run was started from the command line.
    stack: STACK_NAME.test(run.stackName) ? run.stackName : shortDigest(run.stackDigest),
    digest: shortDigest(run.stackDigest),
    profile: run.profile,
    official: run.official,
    state: run.state,
    stage: ended ? undefined : currentStage(run),
    stages: full ? run.stages.map(stageLine) : undefined,
    queue_position: run.queuePosition ?? undefined,
    seconds_left: run.secondsLeft === null || ended ? undefined : Math.ceil(run.secondsLeft),
    poll_after_seconds: ended ? undefined : Math.max(1, Math.min(25, Math.ceil(run.secondsLeft ?? 5))),
    numbers: Object.fromEntries(
      Object.entries(run.summary).flatMap(([key, value]) =>
        full || wanted.has(key) ? [[key, shortened(value)]] : [],
      ),
    ),
    failure: run.failure
      ? {
          class: run.failure.class,
          reason: run.failure.reason,
          hint: run.failure.hint,
          untrusted_lines: run.failure.rootCauseLines.slice(0, full ? 20 : 5),
        }
      : undefined,
    warnings: run.warnings.length > 0 ? run.warnings : undefined,
  };
}

const share = ({ state, done, total }: Stage): number =>
  state === "done" ? 1 : state === "running" && total > 0 ? Math.min(0.99, done / total) : 0;

/** `throughput 12/16 (launch 2 of 3)` */
function currentStage(run: Run): string | undefined {
  const stage =
    run.stages.find(({ state }) => state === "running") ??
    run.stages.findLast(({ state }) => state === "done");
  if (!stage) return undefined;
  const where = stage.launch > 0 && run.launches > 1 ? ` (launch ${stage.launch} of ${run.launches})` : "";
  const progress = stage.total > 0 ? ` ${stage.done}/${stage.total}` : "";
  return `${stage.name}${progress}${where}${stage.note ? `: ${stage.note}` : ""}`;
}

const stageLine = ({ name, launch, state, done, total, durationSeconds }: Stage): string =>
  [
    `${launch > 0 ? `launch ${launch} ` : ""}${name} ${state}`,
    ...(total > 0 ? [`${done}/${total}`] : []),
    ...(durationSeconds === null ? [] : [`${durationSeconds.toFixed(1)} s`]),
  ].join(", ");

const shortened = <Value>(value: Value): Value | number =>
  typeof value === "number" && !Number.isInteger(value) ? short(value) : value;

export const ended = ({ state }: Run): boolean => ENDED.includes(state);

/** Waits until the run ends or the time is up, telling its progress on the way. */
export async function follow(run: Run, seconds: number, { runner }: ToolContext, call: Call): Promise<Run> {
  if (seconds <= 0) return run;
  // Not AbortSignal.any over AbortSignal.timeout: Node 20 may collect that signal before it fires.
  const over = new AbortController();
  const stop = () => over.abort();
  const timer = setTimeout(stop, seconds * 1000);
  call.signal.addEventListener("abort", stop);
  try {
    let current = run;
    let told = -1;
    while (!ended(current) && !over.signal.aborted) {
      current = await runner.changed(current, over.signal);
      const done = current.stages.reduce((sum, stage) => sum + share(stage), 0);
      // The protocol wants progress to increase.
      if (done <= told) continue;
      told = done;
      call.progress(done, current.stages.length, currentStage(current) ?? current.state);
    }
    return current;
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener("abort", stop);
  }
}

/**
 * Seconds that a run will take, from the newest completed run of this stack, else of a stack with the same root:
 * another engine would tell nothing.
 */
export function estimateSeconds(
  runs: readonly Run[],
  { digest, root }: { digest: string; root: string },
  profile: string,
): number | undefined {
  const done = completed(runs, profile);
  const rootOf = (run: Run) => run.ancestors.at(-1)?.digest ?? run.stackDigest;
  const like = done.find((run) => run.stackDigest === digest) ?? done.find((run) => rootOf(run) === root);
  return like && seconds(like);
}

/** What runs of a profile take here: the newest completed one's time. */
export function typicalSeconds(runs: readonly Run[], profile: string): number | undefined {
  const [newest] = completed(runs, profile);
  return newest && seconds(newest);
}

const completed = (runs: readonly Run[], profile: string): Run[] =>
  runs.filter((run) => run.state === "completed" && run.profile === profile);

const seconds = ({ startedAt, endedAt }: Run): number | undefined =>
  startedAt && endedAt ? Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1000) : undefined;

/** One line that says how the run stands. */
export function runSummary(run: Run, challenge: Challenge): string {
  const score = run.summary[challenge.score.field];
  const guard = challenge.guard ? run.summary[challenge.guard.field] : undefined;
  switch (run.state) {
    case "queued":
      return `${run.id} waits for ${run.device}; ${count(run.queuePosition ?? 0, "run")} ahead.`;
    case "running":
      return `${run.id} runs: ${currentStage(run) ?? "starting"}.`;
    case "completed":
      return `${run.id} completed: ${number(score)} ${challenge.score.unit}${challenge.guard ? `, ${challenge.guard.field} ${number(guard)} (cap ${challenge.guard.cap})` : ""}${run.official ? "" : "; not official, cannot be posted as a score"}.`;
    case "failed":
      return `${run.id} failed: ${run.failure?.reason ?? "unknown reason"}`;
    case "cancelled":
      return `${run.id} was cancelled.`;
  }
}

const number = (value: unknown): string => (typeof value === "number" ? String(short(value)) : "?");

/** What the acting agent may do with a run as it stands. */
export function runNext(run: Run, { identity }: ToolContext): Next[] {
  switch (run.state) {
    case "queued":
    case "running":
      return [
        {
          tool: "benchmark_get",
          args: { run: run.id, wait_seconds: 25 },
          why: "wait for it; the run goes on by itself",
        },
      ];
    case "completed":
      if (run.agentId !== identity.agentId) return [];
      return run.official
        ? [
            {
              tool: "result_submit",
              args: { run: run.id, method: "…", description: "…", dry_run: true },
              why: "if it is not posted yet: see what would be",
            },
          ]
        : [{ tool: "benchmark_start", args: { stack: run.stackName }, why: "measure it officially" }];
    case "failed":
      return [
        {
          tool: "benchmark_logs",
          args: { run: run.id },
          why: "the root cause, then the lines around it",
        },
      ];
    case "cancelled":
      return [];
  }
}
