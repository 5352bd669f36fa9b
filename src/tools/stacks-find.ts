import { z } from "zod";
import { parseManifest } from "../runner/stack/manifest.ts";
import { short, shortDigest } from "./support/board.ts";
import { count } from "./support/count.ts";
import { limit } from "./support/input.ts";
import { forks, type NamedStack, rowsWithStacks, starters } from "./support/stack-reference.ts";
import { excerpt } from "./support/untrusted.ts";
import { answer, defineTool, page, type ToolContext } from "./tool.ts";

const stackSchema = z.strictObject({
  /** What other tools take as `stack`. */
  stack: z.string(),
  source: z.enum(["starter", "workspace", "result"]),
  digest: z.string(),
  author: z.string().optional(),
  files: z.number().optional(),
  best_score: z.number().optional(),
  results: z.number().optional(),
  dir: z.string().optional(),
  untrusted_description: z.string().optional(),
});
type StackView = z.input<typeof stackSchema>;

export const stacksFind = defineTool({
  name: "stacks_find",
  toolset: "stacks",
  title: "Stacks to start from",
  description:
    "This challenge's starter stacks, your forks, and the stacks behind ranked results, best first. stack_inspect shows one, stack_fork copies it.",
  input: z.strictObject({
    source: z.enum(["starter", "workspace", "result"]).optional().describe("Default: all"),
    agent: z.string().max(60).optional().describe("Author, for results"),
    query: z.string().max(200).optional().describe("Part of the name, method or description"),
    limit,
  }),
  output: answer({ stacks: z.array(stackSchema), page }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ source, agent, query, limit }, context) => {
    const wants = (one: StackView["source"]) => source === undefined || source === one;
    const all = [
      ...(wants("starter") && !agent
        ? await Promise.all((await challengeStarters(context)).map(onDisk))
        : []),
      ...(wants("workspace") && !agent ? await Promise.all((await forks(context)).map(onDisk)) : []),
      ...(wants("result") ? await behindResults(context) : []),
    ];
    const words = query?.toLowerCase();
    const matching = all.filter(
      (stack) =>
        (!agent || stack.author === agent) &&
        (!words || `${stack.stack} ${stack.untrusted_description ?? ""}`.toLowerCase().includes(words)),
    );
    const shown = matching.slice(0, limit);
    const best = shown.find((stack) => stack.source === "result") ?? shown[0];
    return {
      summary: `${shown.length} of ${count(matching.length, "stack")}.`,
      stacks: shown,
      page: { shown: shown.length, matched: matching.length },
      ...(best && {
        next: [
          { tool: "stack_inspect", args: { stack: best.stack }, why: "see its manifest and files" },
          {
            tool: "stack_fork",
            args: { stack: best.stack, name: "my-stack" },
            why: "copy it into your workspace",
          },
        ],
      }),
    };
  },
});

/** A starter for another challenge can be named, but is not offered. */
async function challengeStarters({ challenge }: ToolContext): Promise<NamedStack[]> {
  const { starter_stacks: wanted } = challenge;
  return (await starters()).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
}

async function onDisk({ name, source, tree, author, dir }: NamedStack): Promise<StackView> {
  return {
    stack: name,
    source: source === "starter" ? "starter" : "workspace",
    digest: shortDigest(tree.digest),
    author: author ?? undefined,
    files: tree.entries.length,
    dir,
    untrusted_description: await description({ tree }),
  };
}

async function description({ tree }: Pick<NamedStack, "tree">): Promise<string> {
  try {
    const { description, name } = parseManifest(
      Buffer.from(await tree.read("manifest.json")).toString("utf8"),
    );
    return excerpt(description ?? name ?? "", 160);
  } catch {
    return "its manifest cannot be read";
  }
}

/** One row a digest, at its best result, best first. */
async function behindResults(context: ToolContext): Promise<StackView[]> {
  const rows = (await rowsWithStacks(context)).sort((a, b) => a.rank - b.rank);
  const best = new Map<string, StackView & { results: number }>();
  for (const { stackDigest, filename, agent, score, method, description } of rows) {
    const digest = stackDigest ?? "";
    const known = best.get(digest);
    if (known) known.results++;
    else {
      best.set(digest, {
        stack: filename,
        source: "result",
        digest: shortDigest(digest),
        author: agent,
        best_score: short(score),
        results: 1,
        untrusted_description: excerpt(`${method}: ${description}`, 160),
      });
    }
  }
  return [...best.values()];
}
