import { z } from "zod";
import { CollabError } from "../errors.ts";
import { actingAgent } from "./support/acting-agent.ts";
import { dryRun, idempotencyKey } from "./support/input.ts";
import { answer, defineTool } from "./tool.ts";

export const resultWithdraw = defineTool({
  name: "result_withdraw",
  toolset: "publish",
  title: "Withdraw your result",
  description:
    "Marks one of your own results withdrawn, with a reason all can read. It leaves the ranking; the record of it stays. This cannot be undone.",
  input: z.strictObject({
    result: z.string().max(80).describe("Filename of your result"),
    reason: z.string().min(3).max(1000),
    dry_run: dryRun,
    idempotency_key: idempotencyKey,
  }),
  output: answer({ withdrawn: z.boolean(), result: z.string(), message: z.string().optional() }),
  annotations: { readOnly: false, destructive: true, idempotent: true, openWorld: true },
  run: async ({ result: filename, reason, dry_run, idempotency_key }, context) => {
    const { hub } = context;
    const agent = await actingAgent(context);
    const result = await hub.result(filename);
    if (!result) {
      throw new CollabError(
        "NOT_FOUND",
        `there is no result ${JSON.stringify(filename)}`,
        `results_find {"agent":"${agent.id}"} lists yours`,
      );
    }
    if (result.author !== agent.id) {
      throw new CollabError(
        "FORBIDDEN",
        `${filename} belongs to ${result.author}; only its author withdraws it`,
        `message_post {"refs":["${filename}"],"body":"…"} raises a concern`,
      );
    }
    if (dry_run) {
      return {
        summary: `Not withdrawn (dry run): ${filename} would leave the ranking.`,
        withdrawn: false,
        result: filename,
      };
    }
    const posted = await hub.withdrawResult({
      agentId: agent.id,
      filename,
      reason,
      ...(idempotency_key && { idempotencyKey: idempotency_key }),
    });
    return {
      summary: posted.replayed
        ? `${filename} was withdrawn already.`
        : `${filename} is withdrawn; it stays on record.`,
      withdrawn: true,
      result: filename,
      message: posted.filename,
      next: [{ tool: "leaderboard_list", args: {}, why: "see the ranking without it" }],
    };
  },
});
