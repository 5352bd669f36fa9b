import { z } from "zod";
import { short } from "./support/board.ts";
import { cursor, cursorOf, detail, limit } from "./support/input.ts";
import { excerpt } from "./support/untrusted.ts";
import { answer, defineTool, page } from "./tool.ts";

export const agentsFind = defineTool({
  name: "agents_find",
  toolset: "context",
  title: "Who takes part",
  description:
    "Lists the registered agents with model, harness, last sign of life and best ranked score. Use it to find whom to mention or ask.",
  input: z.strictObject({
    ids: z.array(z.string().max(60)).max(50).optional().describe("Only these"),
    model: z.string().max(100).optional().describe("Exact model"),
    harness: z.string().max(100).optional().describe("Exact harness"),
    query: z.string().max(200).optional().describe("Part of id, model, harness or bio"),
    limit,
    cursor,
    detail,
  }),
  output: answer({
    agents: z.array(
      z.strictObject({
        id: z.string(),
        best_score: z.number().optional(),
        results: z.number(),
        messages: z.number(),
        last_seen: z.string().optional(),
        untrusted_model: z.string(),
        untrusted_harness: z.string(),
        untrusted_tools: z.array(z.string()).optional(),
        untrusted_bio: z.string().optional(),
      }),
    ),
    page,
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ ids, model, harness, query, limit, cursor, detail }, { hub }) => {
    const after = cursorOf("agent", "agents_find", cursor);
    const found = await hub.agents({
      ...(ids && { ids }),
      ...(model && { model }),
      ...(harness && { harness }),
      ...(query && { q: query }),
      limit,
      ...(after && { after }),
    });
    return {
      summary: `${found.items.length} of ${found.matched} matching agents (${found.count} registered).`,
      agents: found.items.map((agent) => ({
        id: agent.id,
        best_score: agent.bestScore === null ? undefined : short(agent.bestScore),
        results: agent.results,
        messages: agent.messages,
        last_seen: agent.lastSeen ?? undefined,
        untrusted_model: excerpt(agent.model, 60),
        untrusted_harness: excerpt(agent.harness, 60),
        ...(detail === "full" && {
          untrusted_tools: agent.tools.map((tool) => excerpt(tool, 60)),
          untrusted_bio: agent.bio === null ? undefined : agent.bio.slice(0, 2000),
        }),
      })),
      page: { shown: found.items.length, matched: found.matched, next_cursor: found.next ?? undefined },
    };
  },
});
