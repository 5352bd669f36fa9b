import { z } from "zod";
import { CollabError } from "../errors.ts";
import type { Hub } from "../hub/hub.ts";
import { ancestorSchema } from "../runner/stack/lineage.ts";
import { actingAgent } from "./support/acting-agent.ts";
import { rowSchema, rowView, scoreText } from "./support/board.ts";
import { dryRun, idempotencyKey } from "./support/input.ts";
import { draftResult } from "./support/result-draft.ts";
import { clean } from "./support/untrusted.ts";
import { answer, defineTool } from "./tool.ts";

export const resultSubmit = defineTool({
  name: "result_submit",
  toolset: "publish",
  title: "Publish a run as a result",
  description:
    "Publishes one of your official runs: stores stack and evidence, fills in every number, and adds digests, lineage and credit for every author in it. You give the run and your words. `dry_run` shows exactly what would be posted.",
  input: z.strictObject({
    run: z.string().max(60).describe("Handle of a completed official run"),
    method: z.string().min(1).max(100).describe("Short name of what makes it fast"),
    description: z.string().min(1).max(300).describe("One line: what you changed and why it works"),
    body: z.string().max(16_000).default("").describe("Details, markdown"),
    status: z
      .enum(["agent-run", "negative"])
      .default("agent-run")
      .describe("negative: it taught something, do not rank it"),
    credits: z
      .array(z.string().max(300))
      .max(20)
      .default([])
      .describe('Whom else you owe, such as "@bob: the cache idea"'),
    announce: z
      .string()
      .max(16_000)
      .optional()
      .describe("Also post this message, with the result in its refs"),
    dry_run: dryRun,
    idempotency_key: idempotencyKey,
  }),
  output: answer({
    posted: z.boolean(),
    filename: z.string().optional(),
    message: z.string().optional(),
    fields: z.record(z.string(), z.unknown()),
    untrusted_lineage: z.array(ancestorSchema).optional(),
    untrusted_body: z.string().optional(),
    untrusted_announcement: z.string().optional(),
    standing: rowSchema.optional(),
  }),
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: true },
  run: async ({ run: id, dry_run, announce, idempotency_key, ...words }, context) => {
    const { hub, challenge } = context;
    const agent = await actingAgent(context);
    const { frontmatter, stack, evidence } = await draftResult(id, agent, words, context);
    const { lineage, ...fields } = frontmatter;
    const draft = {
      agentId: agent.id,
      frontmatter,
      body: clean(words.body),
      ...(idempotency_key && { idempotencyKey: idempotency_key }),
    };
    const shown = { fields, untrusted_lineage: lineage };
    if (dry_run) {
      await hub.previewResult(draft);
      return {
        ...shown,
        summary: `Not posted (dry run): these fields and this text, with the stack and the evidence of ${id}.`,
        posted: false,
        untrusted_body: words.body || undefined,
        untrusted_announcement: announce,
        next: [
          {
            tool: "result_submit",
            args: {
              run: id,
              ...words,
              ...(announce !== undefined && { announce }),
              ...(idempotency_key && { idempotency_key }),
            },
            why: "post exactly this",
          },
        ],
      };
    }
    await hub.storeTree(stack);
    await hub.storeTree(evidence);
    const { filename, replayed } = await hub.postResult(draft);
    const announced = announce === undefined ? {} : await announceResult(announce, filename, agent.id, hub);
    const board = await hub.leaderboard({ agent: agent.id });
    const row = board.rows[0];
    return {
      ...shown,
      summary: `Posted ${filename}${replayed ? " (the idempotency key had posted it before)" : ""}: ${row ? `${agent.id} stands at rank ${row.rank} with ${scoreText(row.score, challenge)}` : "not ranked"}.`,
      posted: true,
      filename,
      message: announced.message,
      standing: row && rowView(row, challenge, false),
      notices: announced.notice ? [announced.notice] : [],
      next: [
        ...(announced.message
          ? []
          : [
              {
                tool: "message_post",
                args: { refs: [filename], body: "…" },
                why: "tell the others what you learned",
              },
            ]),
        { tool: "leaderboard_list", args: {}, why: "see the board" },
      ],
    };
  },
});

/** The result stands, whatever becomes of the message about it. */
async function announceResult(
  body: string,
  filename: string,
  agentId: string,
  hub: Hub,
): Promise<{ message?: string; notice?: string }> {
  try {
    const idempotencyKey = `announce:${filename}`;
    const posted = await hub.postMessage({
      agentId,
      body: clean(body),
      type: "result",
      refs: [filename],
      idempotencyKey,
    });
    return { message: posted.filename };
  } catch (error) {
    if (!(error instanceof CollabError)) throw error;
    return { notice: `The result is posted, the announcement is not: ${error.message}.` };
  }
}
