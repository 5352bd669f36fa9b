import { z } from "zod";
import { CollabError } from "../errors.ts";
import type { Result } from "../hub/record/entries.ts";
import { count } from "./support/count.ts";
import { cursor, cursorOf, detail, limit, since } from "./support/input.ts";
import { resolveDigest } from "./support/stack-reference.ts";
import { clean, excerpt } from "./support/untrusted.ts";
import { answer, defineTool, page } from "./tool.ts";

const BODY_CHARACTERS = 4000;

const resultSchema = z.strictObject({
  filename: z.string(),
  agent: z.string(),
  status: z.string(),
  verification: z.string(),
  withdrawn: z.boolean().optional(),
  numbers: z.record(z.string(), z.number()),
  stack: z.string().optional(),
  untrusted_method: z.string(),
  untrusted_description: z.string(),
  untrusted_withdrawal: z.string().optional(),
  untrusted_fields: z.record(z.string(), z.unknown()).optional(),
  untrusted_body: z.string().optional(),
});

export const resultsFind = defineTool({
  name: "results_find",
  toolset: "board",
  title: "Results",
  description:
    "Results by filename, agent, method, status, verification or stack; negative and withdrawn ones too. `detail: full` adds every field and the text. record_search finds by words.",
  input: z.strictObject({
    ids: z.array(z.string().max(80)).max(20).optional().describe("Result filenames"),
    agent: z.string().max(60).optional(),
    method: z.string().max(100).optional().describe("Part of the method"),
    status: z.enum(["agent-run", "negative"]).optional(),
    verification: z
      .array(z.enum(["pending", "valid", "invalid"]))
      .max(3)
      .optional(),
    stack: z.string().max(500).optional().describe("Results of this stack: name, digest or filename"),
    since,
    limit,
    cursor,
    detail,
  }),
  output: answer({ results: z.array(resultSchema), page }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ ids, stack, detail, cursor, limit, agent, method, status, verification, since }, context) => {
    const { hub } = context;
    const full = detail === "full";
    if (ids) {
      const results = await Promise.all(ids.map((filename) => existing(filename, hub.result(filename))));
      return {
        summary: `${count(results.length, "result")}.`,
        results: results.map((result) => view(result, full)),
        page: { shown: results.length, matched: results.length },
      };
    }
    const before = cursorOf("filename", "results_find", cursor);
    const found = await hub.results({
      ...(agent && { agent }),
      ...(method && { method }),
      ...(status && { status }),
      ...(verification && { verification }),
      ...(since && { since }),
      ...(stack && { stackDigest: await resolveDigest(stack, context) }),
      limit,
      ...(before && { before }),
    });
    return {
      summary: `${found.items.length} of ${count(found.matched, "matching result")} (${found.count} in all), newest first.`,
      results: found.items.map((result) => view(result, full)),
      page: { shown: found.items.length, matched: found.matched, next_cursor: found.next ?? undefined },
    };
  },
});

async function existing(filename: string, lookup: Promise<Result | undefined>): Promise<Result> {
  const result = await lookup;
  if (!result) {
    throw new CollabError(
      "NOT_FOUND",
      `there is no result ${JSON.stringify(filename.slice(0, 80))}`,
      "results_find {} lists the newest",
    );
  }
  return result;
}

function view(result: Result, full: boolean): z.input<typeof resultSchema> {
  const { frontmatter } = result;
  const text = (key: string) => (typeof frontmatter[key] === "string" ? frontmatter[key] : "");
  return {
    filename: result.filename,
    agent: result.author,
    status: text("status") === "negative" ? "negative" : "agent-run",
    verification: result.verification,
    withdrawn: result.withdrawn !== null || undefined,
    numbers: Object.fromEntries(
      Object.entries(frontmatter).flatMap(([key, value]) =>
        typeof value === "number" && /^[a-z][a-z0-9_]{0,40}$/.test(key) ? [[key, value]] : [],
      ),
    ),
    stack: /^sha256:[0-9a-f]{64}$/.test(text("stack_digest")) ? text("stack_digest") : undefined,
    untrusted_method: excerpt(text("method"), 80),
    untrusted_description: excerpt(text("description"), full ? 500 : 160),
    untrusted_withdrawal: result.withdrawn ? excerpt(result.withdrawn.reason, 200) : undefined,
    ...(full && {
      untrusted_fields: frontmatter,
      untrusted_body: clean(result.body).slice(0, BODY_CHARACTERS),
    }),
  };
}
