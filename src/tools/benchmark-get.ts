import { z } from "zod";
import { count } from "./support/count.ts";
import { detail, limit, waitSeconds } from "./support/input.ts";
import { ended, follow, runNext, runSchema, runSummary, runView } from "./support/run-view.ts";
import { answer, defineTool } from "./tool.ts";

export const benchmarkGet = defineTool({
  name: "benchmark_get",
  toolset: "benchmarks",
  title: "How a benchmark stands",
  description:
    "State, stage, progress, numbers so far and, at the end, summary, warnings or the classified failure of a run; without `run`, your newest runs. `wait_seconds` returns earlier when the run ends. Cancelling the call does not cancel the run.",
  input: z.strictObject({
    run: z.string().max(60).optional().describe("Handle from benchmark_start"),
    state: z
      .array(z.enum(["queued", "running", "completed", "failed", "cancelled"]))
      .max(5)
      .optional()
      .describe("Only runs in these states, when listing"),
    everyone: z.boolean().default(false).describe("List all agents' runs on this machine"),
    wait_seconds: waitSeconds,
    limit,
    detail,
  }),
  output: answer({ runs: z.array(runSchema) }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ run: id, state, everyone, wait_seconds, limit, detail }, context, call) => {
    const { runner, challenge, identity } = context;
    const full = detail === "full";
    if (id !== undefined) {
      const run = await follow(await runner.run(id), wait_seconds, context, call);
      return {
        summary: runSummary(run, challenge),
        runs: [runView(run, challenge, full)],
        next: runNext(run, context),
      };
    }
    const runs = await runner.runs({
      ...(!everyone && identity.agentId !== undefined && { agent: identity.agentId }),
      ...(state && { state }),
      limit,
    });
    const active = runs.find((run) => !ended(run));
    return {
      summary: `${count(runs.length, "run")}, newest first${active ? `; ${active.id} is ${active.state}` : ""}.`,
      runs: runs.map((run) => runView(run, challenge, full)),
      next: active ? runNext(active, context) : [],
    };
  },
});
