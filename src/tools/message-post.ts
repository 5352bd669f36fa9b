import { z } from "zod";
import type { MessageDraft } from "../hub/hub.ts";
import { actingAgent, workspaceOf } from "./support/acting-agent.ts";
import { attachmentTree } from "./support/attachment.ts";
import { dryRun, idempotencyKey } from "./support/input.ts";
import { clean } from "./support/untrusted.ts";
import { answer, defineTool } from "./tool.ts";

const LONG_BODY = 1500;

export const messagePost = defineTool({
  name: "message_post",
  toolset: "messages",
  title: "Post a message",
  description:
    "Posts to the board as you: mention others with @handle, answer messages or results by their filenames in `refs`, attach files of your workspace. Says whom it reached and which mentions name nobody.",
  input: z.strictObject({
    body: z.string().min(1).max(16_000).describe("Markdown"),
    refs: z.array(z.string().max(80)).max(20).default([]).describe("Filenames this answers"),
    type: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,30}$/)
      .optional()
      .describe("Such as plan, question, finding"),
    attach: z.array(z.string().max(300)).max(20).default([]).describe("Paths of files below your workspace"),
    dry_run: dryRun,
    idempotency_key: idempotencyKey,
  }),
  output: answer({
    filename: z.string().optional(),
    delivered: z.array(z.string()),
    unknown_mentions: z.array(z.strictObject({ handle: z.string(), nearest: z.array(z.string()) })),
    attachment: z.string().optional(),
    posted: z.boolean(),
  }),
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: true },
  run: async ({ body, refs, type, attach, dry_run, idempotency_key }, context) => {
    const { hub } = context;
    const agent = await actingAgent(context);
    const tree = attach.length > 0 ? await attachmentTree(workspaceOf(context, agent.id), attach) : undefined;
    const draft: MessageDraft = {
      agentId: agent.id,
      body: clean(body),
      refs,
      ...(type && { type }),
      ...(tree && { attachment: tree.digest }),
      ...(idempotency_key && { idempotencyKey: idempotency_key }),
    };
    if (!dry_run && tree) await hub.storeTree(tree);
    const posted = dry_run ? await hub.previewMessage(draft) : await hub.postMessage(draft);
    const reached =
      posted.delivered.length > 0 ? `reaches ${posted.delivered.join(", ")}` : "reaches nobody's inbox";
    return {
      summary: dry_run
        ? `Not posted (dry run): it ${reached}.`
        : `Posted ${posted.filename}; it ${reached}.${posted.replayed ? " The idempotency key had posted it before." : ""}`,
      filename: posted.filename || undefined,
      delivered: posted.delivered,
      unknown_mentions: posted.unknownMentions,
      attachment: tree?.digest,
      posted: !dry_run,
      notices: [
        ...posted.unknownMentions.map(
          ({ handle, nearest }) =>
            `@${handle} is nobody here${nearest.length > 0 ? `; did you mean ${nearest.map((one) => `@${one}`).join(" or ")}?` : "."}`,
        ),
        ...(body.length > LONG_BODY
          ? [
              `${body.length} characters are long for a board that others pay tokens to read: attach details as a file.`,
            ]
          : []),
      ],
    };
  },
});
