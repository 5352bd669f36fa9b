import { z } from "zod";
import { profileOf } from "../challenge.ts";
import { checkStack } from "../runner/stack/check.ts";
import { count } from "./support/count.ts";
import { gpuNotices } from "./support/gpu-need.ts";
import { stackReference } from "./support/input.ts";
import { estimateSeconds } from "./support/run-view.ts";
import { kinship, resolveStack } from "./support/stack-reference.ts";
import { answer, defineTool } from "./tool.ts";

export const stackCheck = defineTool({
  name: "stack_check",
  toolset: "stacks",
  title: "Check before you spend a run",
  description:
    "Everything that can be known without running a stack: manifest, files, contract, known failure patterns, rules that need a look, what its digest already scored or failed with, and the time a run will take.",
  input: z.strictObject({
    stack: stackReference,
    profile: z.string().max(40).optional().describe("Default: the challenge's"),
  }),
  output: answer({
    runnable: z.boolean(),
    digest: z.string(),
    findings: z.array(
      z.strictObject({
        level: z.enum(["error", "warning", "ask"]),
        rule: z.string(),
        untrusted_where: z.string(),
        untrusted_what: z.string(),
        fix: z.string(),
      }),
    ),
    known_results: z.array(z.string()),
    past_runs: z.array(
      z.strictObject({ run: z.string(), state: z.string(), failure: z.string().optional() }),
    ),
    estimated_seconds: z.number().optional(),
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ stack: reference, profile }, context) => {
    profileOf(context.challenge, profile);
    const stack = await resolveStack(reference, context);
    const { digest } = stack.tree;
    const [findings, known, runs] = await Promise.all([
      checkStack(stack.tree, context.challenge),
      context.hub.results({ stackDigest: digest, limit: 5 }),
      context.runner.runs({ limit: 100 }),
    ]);
    const same = runs.filter((run) => run.stackDigest === digest);
    const errors = findings.filter(({ level }) => level === "error").length;
    const failed = same.find(({ state }) => state === "failed");
    return {
      summary:
        errors > 0
          ? `${stack.name} cannot run: ${count(errors, "error")}.`
          : `${stack.name} can run: no errors, ${count(findings.length, "remark")}.`,
      runnable: errors === 0,
      digest,
      findings: findings.map(({ level, rule, file, message, fix }) => ({
        level,
        rule,
        untrusted_where: file,
        untrusted_what: message,
        fix,
      })),
      known_results: known.items.map(({ filename }) => filename),
      past_runs: same
        .slice(0, 5)
        .map(({ id, state, failure }) => ({ run: id, state, failure: failure?.class })),
      estimated_seconds: estimateSeconds(runs, kinship(stack), profile ?? context.challenge.default_profile),
      notices: [
        ...(errors === 0 ? await gpuNotices(stack.tree, context.runner) : []),
        ...(failed
          ? [
              `This very stack failed before (${failed.failure?.class ?? "unknown"}): read benchmark_logs of ${failed.id} before you repeat it.`,
            ]
          : []),
        ...(known.matched > 0
          ? [
              `This very stack already has ${count(known.matched, "result")}: running it again makes a reproduction.`,
            ]
          : []),
      ],
      ...(errors === 0 && {
        next: [{ tool: "benchmark_start", args: { stack: reference }, why: "measure it" }],
      }),
    };
  },
});
