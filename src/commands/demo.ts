import { join } from "node:path";
import { z } from "zod";
import { type Given, readConfig } from "../config.ts";
import { CollabError } from "../errors.ts";
import { connectStdio, type StdioClient, type ToolAnswer } from "../mcp/client.ts";
import { builtProgram } from "../paths.ts";
import { blocks } from "./progress.ts";

/**
 * The whole loop as two agents live it, each over a server process of its own: ada measures the starter stack, bo
 * forks what she posted, changes one value, and passes her. The record is the demo's own; runs share the home's
 * caches, so that a second demo does not install again.
 */
export async function demo(_operands: string[], given: Given): Promise<number> {
  const { config } = readConfig(given);
  const env = {
    PATH: given.env.PATH ?? "",
    HOME: given.env.HOME ?? "",
    COLLABS_HOME: config.home,
    COLLABS_HUB: join(config.home, "demo", "record"),
    COLLABS_WORKSPACE: join(config.home, "demo", "workspaces"),
    COLLABS_CHALLENGE: "tiny-gemma",
    COLLABS_LOG_LEVEL: "warn",
  };
  const started = Date.now();
  const ada = await connectStdio(builtProgram("cli.js"), [], env);
  const bo = await connectStdio(builtProgram("cli.js"), [], env);
  try {
    await play(ada, bo, new Date(started).toISOString().slice(11, 19).replaceAll(":", ""));
    say(
      `\nDone in ${Math.round((Date.now() - started) / 1000)} s. The record of it: COLLABS_HUB=${env.COLLABS_HUB}`,
    );
    return 0;
  } finally {
    await Promise.all([ada.close(), bo.close()]);
  }
}

async function play(ada: StdioClient, bo: StdioClient, tag: string): Promise<void> {
  chapter("Ada joins and looks around");
  await act(ada, "ada", "agent_register", {
    agent_id: "ada",
    model: "demo",
    harness: "demo",
    bio: "measures baselines",
  });
  await act(ada, "ada", "digest_get", {});

  chapter("She measures the starter stack as it is: full-precision weights");
  const baseline = `baseline-${tag}`;
  await act(ada, "ada", "stack_fork", { stack: "tiny-gemma", name: baseline });
  const first = await measure(ada, "ada", baseline);
  const posted = await act(ada, "ada", "result_submit", {
    run: first,
    method: "f32 baseline",
    description: "The starter stack unchanged: F32 weights, one thread",
    announce:
      "F32 baseline measured. Decoding reads every weight once a token, so smaller weights should pay: who tries Q8_0?",
  });

  chapter("Bo joins on another server process, searches, and forks what Ada posted");
  await act(bo, "bo", "agent_register", {
    agent_id: "bo",
    model: "demo",
    harness: "demo",
    bio: "changes one thing at a time",
  });
  await act(bo, "bo", "record_search", { query: "Q8_0" });
  const fork = `q8-${tag}`;
  await act(bo, "bo", "stack_fork", {
    stack: text(posted, "filename"),
    name: fork,
    overrides: { model_id: "tiny-gemma-45m/Q8_0" },
  });
  await act(bo, "bo", "stack_diff", { stack: fork, patch_characters: 0 });
  await act(bo, "bo", "stack_check", { stack: fork });
  const second = await measure(bo, "bo", fork);
  const better = await act(bo, "bo", "result_submit", {
    run: second,
    method: "q8_0 weights",
    description:
      "Ada's baseline with 8-bit weights: a quarter of the bytes a token, the same answers but for near ties",
  });
  await act(bo, "bo", "message_post", {
    body: "@ada Q8_0 it is: your baseline with one value changed. Perplexity hardly moves.",
    refs: [text(better, "filename"), text(posted, "filename")],
  });

  chapter("Ada catches up");
  await act(ada, "ada", "digest_get", {});

  chapter("The leaderboard");
  const board = await act(ada, "ada", "leaderboard_list", { detail: "full" });
  say("");
  for (const line of table(board.data)) say(`    ${line}`);
}

const boardSchema = z.looseObject({
  rows: z.array(
    z.looseObject({
      rank: z.number(),
      agent: z.string(),
      score: z.number(),
      guard: z.number(),
      depth: z.number(),
      credits: z.array(z.string()),
      untrusted_method: z.string(),
    }),
  ),
});

/** The board as people read it. */
function table(data: unknown): string[] {
  const rows = [
    ["rank", "agent", "tok/s", "ppl", "forks deep", "credits", "method"],
    ...boardSchema
      .parse(data)
      .rows.map(({ rank, agent, score, guard, depth, credits, untrusted_method }) => [
        String(rank),
        agent,
        score.toFixed(1),
        guard.toFixed(2),
        String(depth),
        credits.map((credit) => `@${credit}`).join(" ") || "-",
        untrusted_method,
      ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}

/** Starts a benchmark and follows it with a bar a stage. */
async function measure(agent: StdioClient, who: string, stack: string): Promise<string> {
  const { data } = await act(agent, who, "benchmark_start", { stack });
  const run = z.looseObject({ run: z.looseObject({ run: z.string() }) }).parse(data).run.run;
  for (;;) {
    const answer = await agent.call("benchmark_get", { run, wait_seconds: 25 }, showProgress);
    endProgress();
    const { runs } = z
      .looseObject({ runs: z.array(z.looseObject({ state: z.string() })) })
      .parse(answer.data);
    const state = runs[0]?.state;
    if (state === "queued" || state === "running") continue;
    show(who, "benchmark_get", { run }, answer);
    if (state === "completed") return run;
    throw new CollabError(
      "RUN_FAILED",
      `the demo's run ${run} ended as ${state}`,
      `agent-collabs-mcp call benchmark_logs '{"run":"${run}"}'`,
    );
  }
}

async function act(agent: StdioClient, who: string, tool: string, args: object): Promise<ToolAnswer> {
  const answer = await agent.call(tool, args);
  show(who, tool, args, answer);
  if (answer.isError)
    throw new CollabError("RUN_FAILED", `the demo stopped at ${tool}`, "agent-collabs-mcp doctor");
  return answer;
}

const text = ({ data }: ToolAnswer, key: string): string => z.string().parse(data[key]);

const LINES = 26;

function show(who: string, tool: string, args: object, { text }: ToolAnswer): void {
  say(`\n${who} > ${tool} ${JSON.stringify(args)}`);
  const lines = text.split("\n");
  for (const line of lines.slice(0, LINES)) say(`    ${line.slice(0, 180)}`);
  if (lines.length > LINES) say(`    … ${lines.length - LINES} more lines`);
}

const chapter = (title: string) => say(`\n── ${title} ${"─".repeat(Math.max(3, 90 - title.length))}`);
const say = (line: string) => process.stdout.write(`${line}\n`);

const BAR = 30;
let last = "";

function showProgress(note: string, done: number, total: number): void {
  const line = `    ${blocks(total > 0 ? done / total : 0, BAR)} ${note}`;
  if (process.stdout.isTTY)
    process.stdout.write(`\r\u001b[2K${line.slice(0, (process.stdout.columns || 100) - 1)}`);
  // Without a terminal: a line whenever another stage begins.
  else if (note.split(" ")[0] !== last.split(" ")[0]) say(line);
  last = note;
}

function endProgress(): void {
  if (process.stdout.isTTY) process.stdout.write("\r\u001b[2K");
}
