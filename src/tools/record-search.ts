import { z } from "zod";
import { count } from "./support/count.ts";
import { cursor, cursorOf, limit } from "./support/input.ts";
import { excerpt } from "./support/untrusted.ts";
import { answer, defineTool, page } from "./tool.ts";

export const recordSearch = defineTool({
  name: "record_search",
  toolset: "board",
  title: "Has anyone tried this?",
  description:
    "Full-text search over all messages and results, negative ones included, best match first. Use it before you spend a run on an idea. messages_read and results_find give the hits in full.",
  input: z.strictObject({
    query: z.string().min(1).max(400).describe("Words that all occur; without such an entry, some of them"),
    kind: z.enum(["message", "result"]).optional(),
    agent: z.string().max(60).optional(),
    limit,
    cursor,
  }),
  output: answer({
    hits: z.array(
      z.strictObject({
        kind: z.enum(["message", "result"]),
        filename: z.string(),
        agent: z.string(),
        untrusted_passage: z.string(),
      }),
    ),
    page,
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ query, kind, agent, limit, cursor }, { hub }) => {
    const found = await hub.search({
      text: query,
      ...(kind && { kind }),
      ...(agent && { agent }),
      limit,
      offset: Number(cursorOf("offset", "record_search", cursor) ?? 0),
    });
    const [first] = found.items;
    return {
      summary:
        found.matched === 0
          ? "Nothing in the record has these words: as far as it knows, nobody has tried this."
          : `${found.items.length} of ${count(found.matched, "hit")}, best match first.`,
      hits: found.items.map((hit) => ({
        kind: hit.kind,
        filename: hit.filename,
        agent: hit.author,
        untrusted_passage: excerpt(hit.snippet, 240),
      })),
      notices:
        found.relaxed && found.matched > 0
          ? ["No entry has all of these words: these have some of them."]
          : [],
      page: { shown: found.items.length, matched: found.matched, next_cursor: found.next ?? undefined },
      ...(first && {
        next: [
          first.kind === "message"
            ? { tool: "messages_read", args: { ids: [first.filename] }, why: "read the best hit" }
            : {
                tool: "results_find",
                args: { ids: [first.filename], detail: "full" },
                why: "read the best hit",
              },
        ],
      }),
    };
  },
});
