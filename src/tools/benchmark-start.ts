import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { profileOf } from "../challenge.ts";
import { CollabError } from "../errors.ts";
import { checkStack } from "../runner/stack/check.ts";
import { writeTree } from "../runner/stack/files.ts";
import { actingAgent } from "./support/acting-agent.ts";
import { count } from "./support/count.ts";
import { gpuNotices } from "./support/gpu-need.ts";
import { dryRun, idempotencyKey, stackReference, waitSeconds } from "./support/input.ts";
import { estimateSeconds, follow, runNext, runSchema, runSummary, runView } from "./support/run-view.ts";
import { asAncestor, kinship, type NamedStack, resolveStack } from "./support/stack-reference.ts";
import { answer, defineTool } from "./tool.ts";

export const benchmarkStart = defineTool({
  name: "benchmark_start",
  toolset: "benchmarks",
  title: "Start a benchmark",
  description:
    "Copies the stack as it is now, queues a run on this machine and returns its handle at once; the run goes on whatever happens to this call or server. Follow it with benchmark_get. Runs of the profile `quick` cannot be posted.",
  input: z.strictObject({
    stack: stackReference,
    profile: z.string().max(40).optional().describe("Default: the challenge's official one"),
    launches: z
      .number()
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe("Fresh server starts; default: the profile's"),
    wait_seconds: waitSeconds,
    dry_run: dryRun,
    idempotency_key: idempotencyKey,
  }),
  output: answer({
    run: runSchema.optional(),
    started: z.boolean(),
    official: z.boolean(),
    launches: z.number(),
    digest: z.string(),
    estimated_seconds: z.number().optional(),
  }),
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
  run: async (
    { stack: reference, profile: profileName, launches, wait_seconds, dry_run, idempotency_key },
    context,
    call,
  ) => {
    const { runner, challenge } = context;
    const agent = await actingAgent(context);
    const profile = profileOf(challenge, profileName);
    const stack = await resolveStack(reference, context);
    const findings = await checkStack(stack.tree, challenge);
    const errors = findings.filter(({ level }) => level === "error");
    if (errors.length > 0) {
      throw new CollabError(
        "STACK_INVALID",
        `${stack.name} cannot run: ${count(errors.length, "error")} (${[...new Set(errors.map(({ rule }) => rule))].join(", ")})`,
        `stack_check {"stack":${JSON.stringify(reference)}} says where and how to mend them`,
      );
    }
    const past = await runner.runs({ limit: 100 });
    const common = {
      official: profile.official,
      launches: launches ?? profile.launches,
      digest: stack.tree.digest,
      estimated_seconds: estimateSeconds(past, kinship(stack), profileName ?? challenge.default_profile),
    };
    const failed = past.find((run) => run.stackDigest === stack.tree.digest && run.state === "failed");
    const notices = [
      ...(await gpuNotices(stack.tree, runner)),
      ...(failed
        ? [`This very stack failed before (${failed.failure?.class ?? "unknown"}, ${failed.id}).`]
        : []),
      ...findings.filter(({ level }) => level === "warning").map(({ rule, fix }) => `${rule}: ${fix}`),
    ];
    if (dry_run) {
      return { ...common, summary: `Not started (dry run): ${stack.name} can run.`, started: false, notices };
    }
    const started = await onDisk(stack, (stackDir) =>
      runner.start({
        agentId: agent.id,
        stackDir,
        stackName: stack.name,
        ancestors: ancestorsOf(stack),
        ...(profileName && { profile: profileName }),
        ...(launches && { launches }),
        ...(idempotency_key && { idempotencyKey: idempotency_key }),
      }),
    );
    const run = await follow(started, wait_seconds, context, call);
    return {
      ...common,
      summary: runSummary(run, challenge),
      run: runView(run, challenge, false),
      started: true,
      notices,
      next: runNext(run, context),
    };
  },
});

/** A stack out of the record that runs as it is descends from the result it came from. */
const ancestorsOf = (stack: NamedStack) =>
  stack.source === "result" && stack.result ? [asAncestor(stack), ...stack.ancestors] : stack.ancestors;

/** Gives `work` the directory of a stack, made for the time of the work where the stack has none. */
async function onDisk<T>(stack: NamedStack, work: (dir: string) => Promise<T>): Promise<T> {
  if (stack.dir !== undefined) return work(stack.dir);
  const parent = await mkdtemp(join(tmpdir(), "collabs-stack-"));
  try {
    const dir = join(parent, "stack");
    await writeTree(stack.tree, dir);
    return await work(dir);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}
