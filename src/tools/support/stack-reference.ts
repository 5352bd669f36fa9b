import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CollabError } from "../../errors.ts";
import { ENTRY_FILENAME, type LeaderboardRow } from "../../hub/record/entries.ts";
import { packageRoot } from "../../paths.ts";
import { RUN_ID } from "../../runner/runner.ts";
import { readTree } from "../../runner/stack/files.ts";
import { type Ancestor, ancestorSchema, readLineage } from "../../runner/stack/lineage.ts";
import type { Tree } from "../../tree.ts";
import type { ToolContext } from "../tool.ts";
import { workspaceOf } from "./acting-agent.ts";
import { STACK_NAME } from "./stack-name.ts";

/** A stack that a caller named, wherever it lives. */
export interface NamedStack {
  source: "starter" | "workspace" | "result" | "run";
  name: string;
  tree: Tree;
  /** Where its files are, for a starter or a fork. */
  dir?: string;
  /** The agent that made it; null for a starter. */
  author: string | null;
  /** Filename of the newest result that ran it, for `source: result`. */
  result?: string;
  /** What it was forked from, parent first, root last. */
  ancestors: Ancestor[];
}

const startersDir = join(packageRoot, "stacks");

/**
 * Finds a stack by what tools show of it: the name of one's own fork or of a starter, a digest or the beginning of
 * one, the filename of a result, or the id of a run. NOT_FOUND names the tool that lists them.
 */
export async function resolveStack(reference: string, context: ToolContext): Promise<NamedStack> {
  const found = ENTRY_FILENAME.test(reference)
    ? await ofResult(reference, context)
    : RUN_ID.test(reference)
      ? await ofRun(reference, context)
      : reference.startsWith("sha256:")
        ? await ofDigest(reference, context)
        : STACK_NAME.test(reference)
          ? ((await ofWorkspace(reference, context)) ?? (await ofStarter(reference)))
          : undefined;
  if (!found) {
    throw new CollabError(
      "NOT_FOUND",
      `there is no stack ${JSON.stringify(reference.slice(0, 100))}`,
      "stacks_find {} lists names, digests and filenames",
    );
  }
  return found;
}

/** The full digest of a stack that a caller named. */
export const resolveDigest = async (reference: string, context: ToolContext): Promise<string> =>
  /^sha256:[0-9a-f]{64}$/.test(reference) ? reference : (await resolveStack(reference, context)).tree.digest;

/** What estimates go by: the stack itself, and the root it descends from. */
export const kinship = ({ tree, ancestors }: NamedStack) => ({
  digest: tree.digest,
  root: ancestors.at(-1)?.digest ?? tree.digest,
});

/** This stack as the parent of a fork or of a verbatim run. */
export const asAncestor = (stack: NamedStack): Ancestor => ({
  digest: stack.tree.digest,
  name: stack.name,
  author: stack.author,
  result: stack.result ?? null,
});

export async function starters(): Promise<NamedStack[]> {
  const names = await directories(startersDir);
  return Promise.all(names.map((name) => starter(name)));
}

export const isStarter = async (name: string): Promise<boolean> =>
  (await directories(startersDir)).includes(name);

/** This agent's forks; one that cannot be read is left out here and named by `resolveStack`. */
export async function forks(context: ToolContext): Promise<NamedStack[]> {
  const { agentId } = context.identity;
  if (agentId === undefined) return [];
  const names = await directories(workspaceOf(context, agentId));
  const read = await Promise.allSettled(names.map((name) => ofWorkspace(name, context)));
  return read.flatMap((one) => (one.status === "fulfilled" && one.value ? [one.value] : []));
}

/** Every result that ran a stack, newest first: withdrawn and negative ones do not lend their stacks. */
export async function rowsWithStacks({ hub }: ToolContext): Promise<LeaderboardRow[]> {
  const board = await hub.leaderboard({ bestPerAgent: false, verification: ["valid", "pending", "invalid"] });
  return board.rows
    .filter(({ stackDigest }) => stackDigest !== null)
    .sort((a, b) => (a.filename < b.filename ? 1 : -1));
}

async function starter(name: string): Promise<NamedStack> {
  const dir = join(startersDir, name);
  return { source: "starter", name, tree: await readTree(dir), dir, author: null, ancestors: [] };
}

async function ofStarter(name: string): Promise<NamedStack | undefined> {
  return (await isStarter(name)) ? starter(name) : undefined;
}

async function ofWorkspace(name: string, context: ToolContext): Promise<NamedStack | undefined> {
  const { agentId } = context.identity;
  if (agentId === undefined) return undefined;
  const root = workspaceOf(context, agentId);
  if (!(await directories(root)).includes(name)) return undefined;
  const dir = join(root, name);
  const [tree, lineage] = await Promise.all([readTree(dir), readLineage(dir)]);
  return { source: "workspace", name, tree, dir, author: agentId, ancestors: lineage?.ancestors ?? [] };
}

async function ofRun(id: string, { runner }: ToolContext): Promise<NamedStack> {
  const run = await runner.run(id);
  return {
    source: "run",
    name: run.stackName,
    tree: await runner.stack(id),
    author: run.agentId,
    ancestors: run.ancestors,
  };
}

async function ofDigest(digest: string, context: ToolContext): Promise<NamedStack | undefined> {
  if (!/^sha256:[0-9a-f]{8,64}$/.test(digest)) return undefined;
  const own = [...(await forks(context)), ...(await starters())].find(({ tree }) =>
    tree.digest.startsWith(digest),
  );
  if (own) return own;
  const row = (await rowsWithStacks(context)).find(({ stackDigest }) => stackDigest?.startsWith(digest));
  if (row) return ofResult(row.filename, context);
  const tree = await context.hub.tree(digest);
  return tree && { source: "result", name: digest.slice(7, 19), tree, author: null, ancestors: [] };
}

async function ofResult(filename: string, context: ToolContext): Promise<NamedStack | undefined> {
  const result = await context.hub.result(filename);
  if (!result) return undefined;
  const digest = result.frontmatter.stack_digest;
  const tree = typeof digest === "string" ? await context.hub.tree(digest) : undefined;
  if (!tree) {
    throw new CollabError(
      "NOT_FOUND",
      `the result ${filename} stores no stack`,
      "stacks_find {} lists stacks that can be forked",
    );
  }
  const name = result.frontmatter.stack_name;
  return {
    source: "result",
    name: typeof name === "string" && STACK_NAME.test(name) ? name : tree.digest.slice(7, 19),
    tree,
    author: result.author,
    result: filename,
    ancestors: recordedAncestors(result.frontmatter.lineage),
  };
}

function recordedAncestors(lineage: unknown): Ancestor[] {
  const parsed = z.array(ancestorSchema).safeParse(lineage);
  return parsed.success ? parsed.data : [];
}

async function directories(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && STACK_NAME.test(entry.name))
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}
