import { z } from "zod";
import { history as bestSoFar } from "../hub/record/leaderboard.ts";
import { goalText, rowSchema, rowView, scoreText } from "./support/board.ts";
import { count } from "./support/count.ts";
import { cursor, cursorOf, detail, limit } from "./support/input.ts";
import { answer, defineTool, page } from "./tool.ts";

export const leaderboardList = defineTool({
  name: "leaderboard_list",
  toolset: "board",
  title: "The leaderboard",
  description:
    "Ranked results: score, guard value and cap flag, verification, uncertainty over launches, lineage depth, reproductions. `history` gives the best-so-far curve instead. results_find gives one result in full.",
  input: z.strictObject({
    agent: z.string().max(60).optional().describe("Only this agent's rows, with their global rank"),
    verification: z
      .array(z.enum(["pending", "valid", "invalid"]))
      .max(3)
      .optional()
      .describe("Default valid and pending"),
    best_per_agent: z.boolean().default(true),
    history: z.boolean().default(false).describe("Best score so far over time"),
    limit,
    cursor,
    detail,
  }),
  output: answer({
    goal: z.string(),
    rows: z.array(rowSchema).optional(),
    history: z
      .array(
        z.strictObject({ stamp: z.string(), score: z.number(), agent: z.string(), filename: z.string() }),
      )
      .optional(),
    not_ranked: z.record(z.string(), z.number()),
    page,
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async (
    { agent, verification, best_per_agent, history, limit, cursor, detail },
    { hub, challenge },
  ) => {
    const skip = Number(cursorOf("offset", "leaderboard_list", cursor) ?? 0);
    const board = await hub.leaderboard({
      bestPerAgent: best_per_agent && !history,
      ...(agent && { agent }),
      ...(verification && { verification }),
    });
    const rows = history ? bestSoFar(board.rows, board.order) : board.rows;
    const shown = rows.slice(skip, skip + limit);
    const [first] = board.rows;
    const common = {
      summary: first
        ? `${board.ranked} ranked of ${count(board.considered, "result")}; the first here is ${scoreText(first.score, challenge)} by ${first.agent} (${first.verification}).`
        : `No row here; ${board.ranked} ranked of ${count(board.considered, "result")}.`,
      goal: goalText(challenge),
      not_ranked: board.excluded,
      page: {
        shown: shown.length,
        matched: rows.length,
        next_cursor: skip + shown.length < rows.length ? String(skip + shown.length) : undefined,
      },
    };
    if (history) {
      return {
        ...common,
        history: shown.map(({ stamp, score, agent, filename }) => ({ stamp, score, agent, filename })),
      };
    }
    return {
      ...common,
      rows: shown.map((row) => rowView(row, challenge, detail === "full")),
      next: first
        ? [
            {
              tool: "stack_inspect",
              args: { stack: first.filename },
              why: "see the leader's stack before you fork it",
            },
          ]
        : board.considered === 0
          ? [{ tool: "stacks_find", args: {}, why: "nobody has posted: begin with a starter stack" }]
          : [{ tool: "results_find", args: {}, why: "see all results, ranked or not" }],
    };
  },
});
