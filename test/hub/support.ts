import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Challenge, challengeSchema } from "../../src/challenge.ts";
import type { Hub } from "../../src/hub/hub.ts";
import { type LocalHubOptions, openLocalHub } from "../../src/hub/local/local-hub.ts";
import { sha256, type Tree, treeDigest } from "../../src/tree.ts";

export const challenge: Challenge = {
  ...challengeSchema.parse({
    id: "test",
    title: "Test",
    summary: "The most tokens per second",
    rules: [],
    score: { field: "tps", unit: "tok/s", order: "desc" },
    guard: { field: "ppl", cap: 2.42 },
    required_result_fields: ["ppl", "method", "status", "description"],
    prompts: "prompts.json",
    perplexity: "perplexity.jsonl",
    profiles: {},
  }),
  dir: "/",
};

/** 2026-06-12 13:45:07.042 UTC */
export const NOON = Date.UTC(2026, 5, 12, 13, 45, 7, 42);

export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), "collabs-hub-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A hub over a real directory; its clock stands still until it is moved. */
export function openTestHub(options: Partial<LocalHubOptions> = {}): {
  hub: Hub;
  dir: string;
  clock: { ms: number };
} {
  const dir = options.dir ?? temporaryDirectory();
  const clock = { ms: NOON };
  const hub = openLocalHub({ dir, challenge, now: () => clock.ms, ...options });
  onTestFinished(() => hub.close());
  return { hub, dir, clock };
}

export async function register(hub: Hub, ...ids: string[]): Promise<void> {
  for (const agentId of ids) await hub.registerAgent({ agentId, model: "opus", harness: "cli", tools: [] });
}

export const resultFields = (tps: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  tps,
  ppl: 2.3,
  method: `method-${tps}`,
  status: "agent-run",
  description: `measured ${tps}`,
  ...more,
});

/** Posts a result whose body makes it unlike any other. */
export async function postScore(
  hub: Hub,
  agentId: string,
  tps: number,
  more: Record<string, unknown> = {},
): Promise<string> {
  return (
    await hub.postResult({
      agentId,
      frontmatter: resultFields(tps, more),
      body: `${agentId} ${Math.random()}`,
    })
  ).filename;
}

export function treeOf(files: Record<string, string>): Tree {
  const entries = Object.entries(files)
    .map(([path, text]) => ({
      path,
      executable: path.endsWith(".sh"),
      size: Buffer.byteLength(text),
      sha256: sha256(text),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { entries, digest: treeDigest(entries), read: async (path) => Buffer.from(files[path] ?? "") };
}

export const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** Real data of the public challenge, kept beside a checkout of its developers; undefined elsewhere. */
export function sharedData(path: string): string | undefined {
  const file = join(import.meta.dirname, "../../../shared/data/gemma-challenge", path);
  if (existsSync(file)) return file;
  process.stderr.write(`SKIPPED: no ${file}\n`);
  return undefined;
}
