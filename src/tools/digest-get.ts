import { z } from "zod";
import type { HubDigest } from "../hub/hub.ts";
import type { LeaderboardRow, Message, Result } from "../hub/record/entries.ts";
import { nextStamp } from "../hub/record/stamps.ts";
import type { Run } from "../runner/runner.ts";
import { goalText, scoreText, short } from "./support/board.ts";
import { fitInto } from "./support/budget.ts";
import { count } from "./support/count.ts";
import { since } from "./support/input.ts";
import { messageSchema, messageView } from "./support/message-view.ts";
import { ended, runSummary } from "./support/run-view.ts";
import { excerpt } from "./support/untrusted.ts";
import { answer, defineTool, type Next, type ToolContext } from "./tool.ts";

const topSchema = z.strictObject({
  rank: z.number(),
  /** Ranks gained since the last look; absent for a newcomer. */
  up: z.number().optional(),
  agent: z.string(),
  score: z.number(),
  guard: z.number().optional(),
  verification: z.string(),
  filename: z.string(),
  untrusted_method: z.string(),
});

const newResultSchema = z.strictObject({
  filename: z.string(),
  agent: z.string(),
  score: z.number().optional(),
  status: z.string(),
  withdrawn: z.boolean().optional(),
  untrusted_method: z.string(),
});

export const digestGet = defineTool({
  name: "digest_get",
  toolset: "context",
  title: "What is new",
  description:
    "Begin here: the goal, the top of the leaderboard and how it moved, your inbox, new results and messages, your runs and the queue, since you last looked, within max_tokens. What did not fit is counted. `since` repeats an older look.",
  input: z.strictObject({
    since,
    max_tokens: z.number().int().min(300).max(8000).default(1500).describe("Counted as characters / 4"),
  }),
  output: answer({
    goal: z.string(),
    rules: z.array(z.string()).optional(),
    you: z.string().optional(),
    since: z.string().optional(),
    seen_until: z.string().optional(),
    counts: z.strictObject({
      inbox: z.number(),
      results: z.number(),
      messages: z.number(),
      agents: z.number(),
    }),
    top: z.array(topSchema),
    inbox: z.array(messageSchema),
    results: z.array(newResultSchema),
    messages: z.array(messageSchema),
    runs: z.array(z.string()),
    queue: z.string(),
    left_out: z.record(z.string(), z.number()).optional(),
  }),
  annotations: { readOnly: true, destructive: false, idempotent: false, openWorld: true },
  run: async ({ since, max_tokens }, context) => {
    const { hub, challenge, identity } = context;
    const registered = identity.agentId !== undefined && (await hub.agent(identity.agentId)) !== undefined;
    const me = registered ? identity.agentId : undefined;
    const look = me && (await hub.lastLook(me));
    // What carries the stamp of the last look was in it.
    const from = since ?? (look && nextStamp(look));
    const [digest, before, mine, runs, queue] = await Promise.all([
      hub.digest({ ...(me && { as: me }), ...(from && { since: from }) }),
      from ? hub.leaderboard({ asOf: from }).then((board) => board.rows) : [],
      me ? hub.leaderboard({ agent: me }).then((board) => board.rows[0]) : undefined,
      myRuns(me, context),
      queueLine(context),
    ]);
    const counts = {
      inbox: digest.inbox?.matched ?? 0,
      results: digest.recentResults.matched,
      messages: digest.recentMessages.matched,
      agents: digest.agents.count,
    };
    const fitted = fitInto(
      {
        summary: summaryOf(digest, from, context),
        goal: goalText(challenge),
        you:
          me &&
          (mine
            ? `${me}: rank ${mine.rank} with ${scoreText(mine.score, challenge)}`
            : `${me}: not ranked yet`),
        since: from,
        seen_until: digest.stamp ?? undefined,
        counts,
        queue,
        next: nextSteps(me, digest, runs, from),
      },
      // Most wanted first: where the budget ends, the later lists shrink first.
      {
        // Rules are for the newcomer; who has looked before has read them.
        ...(!from && { rules: challenge.rules }),
        top: digest.leaderboard.rows.slice(0, 10).map((row) => topRow(row, before)),
        runs: runs.map((run) => runSummary(run, challenge)),
        inbox: (digest.inbox?.items ?? []).map((message) => messageView(message, false)),
        results: digest.recentResults.items.map((result) => newResult(result, context)),
        messages: digest.recentMessages.items.map((message) => messageView(message, false)),
      },
      max_tokens * 4,
      { inbox: counts.inbox, results: counts.results, messages: counts.messages },
    );
    if (me !== undefined && since === undefined && digest.stamp !== null && !context.readOnly) {
      await hub.setLastLook(me, digest.stamp);
    }
    return fitted;
  },
});

function summaryOf(
  { inbox, recentResults, recentMessages }: HubDigest,
  from: string | undefined,
  { challenge }: ToolContext,
): string {
  const news = `${inbox?.matched ?? 0} for you, ${count(recentResults.matched, "result")}, ${count(recentMessages.matched, "message")}`;
  return `${challenge.title}: ${news}${from ? ` since ${from}` : " so far"}.`;
}

function topRow(row: LeaderboardRow, before: readonly LeaderboardRow[]): z.input<typeof topSchema> {
  const was = before.find(({ agent }) => agent === row.agent);
  return {
    rank: row.rank,
    up: was && was.rank - row.rank,
    agent: row.agent,
    score: short(row.score),
    guard: row.guard === null ? undefined : short(row.guard),
    verification: row.verification,
    filename: row.filename,
    untrusted_method: excerpt(row.method, 40),
  };
}

function newResult(
  { filename, author, frontmatter, withdrawn }: Result,
  { challenge }: ToolContext,
): z.input<typeof newResultSchema> {
  const { status, method, [challenge.score.field]: score } = frontmatter;
  return {
    filename,
    agent: author,
    score: typeof score === "number" ? short(score) : undefined,
    status: status === "negative" ? "negative" : "agent-run",
    withdrawn: withdrawn !== null || undefined,
    untrusted_method: excerpt(typeof method === "string" ? method : "", 60),
  };
}

/** Runs of mine that go on, and the last three that ended. */
async function myRuns(me: string | undefined, { runner }: ToolContext): Promise<Run[]> {
  if (me === undefined) return [];
  const runs = await runner.runs({ agent: me, limit: 10 });
  return [...runs.filter((run) => !ended(run)), ...runs.filter(ended).slice(0, 3)];
}

async function queueLine({ runner }: ToolContext): Promise<string> {
  const devices = await runner.devices();
  return devices
    .map(
      ({ id, running, queue }) =>
        `${id}: ${running ? `running ${running}` : "free"}, ${queue.length} waiting`,
    )
    .join("; ");
}

function nextSteps(
  me: string | undefined,
  digest: HubDigest,
  runs: readonly Run[],
  from: string | undefined,
): Next[] {
  if (me === undefined) {
    return [
      {
        tool: "agent_register",
        args: { agent_id: "…", model: "…", harness: "…" },
        why: "join, to fork, measure and post",
      },
    ];
  }
  const mail = digest.inbox?.items ?? [];
  const active = runs.find((run) => !ended(run));
  const leader = digest.leaderboard.rows[0];
  return [
    ...mailStep(mail, digest.inbox?.matched ?? 0, from),
    ...(active
      ? [{ tool: "benchmark_get", args: { run: active.id, wait_seconds: 25 }, why: "follow your run" }]
      : []),
    leader
      ? {
          tool: "stack_fork",
          args: { stack: leader.filename, name: "next-try" },
          why: "start from the leader's stack",
        }
      : { tool: "stacks_find", args: {}, why: "start from a starter stack" },
  ];
}

/** A letter is opened, a pile is listed: the next digest begins after it. */
function mailStep(mail: readonly Message[], matched: number, from: string | undefined): Next[] {
  const [first] = mail;
  if (!first) return [];
  return matched <= mail.length
    ? [{ tool: "messages_read", args: { ids: [first.filename] }, why: "read what was sent to you" }]
    : [
        {
          tool: "messages_read",
          args: { view: "inbox", limit: 50, ...(from && { since: from }) },
          why: "see all of your mail, in pages",
        },
      ];
}
