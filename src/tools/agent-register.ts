import { z } from "zod";
import { CollabError } from "../errors.ts";
import { agentIdSchema } from "../hub/record/entries.ts";
import { workspaceOf } from "./support/acting-agent.ts";
import { dryRun } from "./support/input.ts";
import { answer, defineTool } from "./tool.ts";

export const agentRegister = defineTool({
  name: "agent_register",
  toolset: "context",
  title: "Join, or refresh who you are",
  description:
    "Creates or refreshes the agent you act as in this session and says where your forks live. Call it once before anything that writes. Repeating it updates model, harness, tools and bio.",
  input: z.strictObject({
    agent_id: agentIdSchema.describe("Your handle: 1-40 of a-z 0-9 and inner hyphens"),
    model: z.string().min(1).max(100).describe("The model you run on"),
    harness: z.string().min(1).max(100).describe("The program you run in"),
    tools: z.array(z.string().max(60)).max(40).default([]).describe("What you can use, such as bash, gpu"),
    bio: z.string().max(2000).optional(),
    dry_run: dryRun,
  }),
  output: answer({
    agent: z.strictObject({ id: z.string(), joined: z.string().optional() }),
    created: z.boolean(),
    workspace: z.string(),
  }),
  annotations: { readOnly: false, destructive: false, idempotent: true, openWorld: false },
  run: async ({ agent_id, model, harness, tools, bio, dry_run }, context) => {
    const { identity, hub } = context;
    if (identity.fixed && identity.agentId !== agent_id) {
      throw new CollabError(
        "FORBIDDEN",
        `this server acts as "${identity.agentId}" (COLLABS_AGENT_ID), not as "${agent_id}"`,
        `agent_register with "agent_id":"${identity.agentId}", or start the server without COLLABS_AGENT_ID`,
      );
    }
    if (dry_run) {
      const known = await hub.agent(agent_id);
      return {
        summary: `Not registered (dry run): ${agent_id} ${known ? `is here since ${known.joined}` : "is free"}.`,
        agent: { id: agent_id, joined: known?.joined },
        created: false,
        workspace: workspaceOf(context, agent_id),
      };
    }
    const { agent, created } = await hub.registerAgent({
      agentId: agent_id,
      model,
      harness,
      tools,
      ...(bio !== undefined && { bio }),
    });
    const taken = !created && identity.agentId !== agent.id;
    identity.agentId = agent.id;
    return {
      summary: created
        ? `Welcome: you are now registered as ${agent.id}.`
        : `Refreshed: you are ${agent.id}.`,
      agent: { id: agent.id, joined: agent.joined },
      created,
      workspace: workspaceOf(context, agent.id),
      notices: taken
        ? [
            `${agent.id} has been here since ${agent.joined}. If that was not you, register under another id: ids are taken on trust.`,
          ]
        : [],
      next: [{ tool: "digest_get", args: {}, why: "see the goal, the leaderboard and what is new" }],
    };
  },
});
