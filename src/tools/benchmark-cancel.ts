import { z } from "zod";
import { CollabError } from "../errors.ts";
import { actingId } from "./support/acting-agent.ts";
import { dryRun } from "./support/input.ts";
import { runSchema, runSummary, runView } from "./support/run-view.ts";
import { answer, defineTool } from "./tool.ts";

export const benchmarkCancel = defineTool({
  name: "benchmark_cancel",
  toolset: "benchmarks",
  title: "Stop a benchmark",
  description:
    "Stops one of your runs and everything it started. Repeating it, or cancelling a run that has ended, changes nothing.",
  input: z.strictObject({ run: z.string().max(60), dry_run: dryRun }),
  output: answer({ run: runSchema }),
  annotations: { readOnly: false, destructive: true, idempotent: true, openWorld: false },
  run: async ({ run: id, dry_run }, context) => {
    const { runner, challenge } = context;
    const agentId = actingId(context);
    const run = await runner.run(id);
    if (run.agentId !== agentId) {
      throw new CollabError(
        "FORBIDDEN",
        `${id} belongs to ${run.agentId}; only its owner stops it`,
        "benchmark_get {} lists your own runs",
      );
    }
    const after = dry_run ? run : await runner.cancel(id);
    return {
      summary: dry_run
        ? `Not cancelled (dry run): ${runSummary(run, challenge)}`
        : runSummary(after, challenge),
      run: runView(after, challenge, false),
    };
  },
});
