import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import { goalText } from "../tools/support/board.ts";
import type { ToolContext } from "../tools/tool.ts";

interface Prompt {
  title: string;
  description: string;
  argument?: { name: string; description: string };
  text(argument: string, goal: string): string;
}

/** Ways to work, for clients that offer them to people. They name tools in order and say when to stop. */
const PROMPTS: Record<string, Prompt> = {
  catch_up: {
    title: "Catch up",
    description: "What happened since you last looked, and what it means for your work.",
    text: (_, goal) =>
      `Goal: ${goal}. Call digest_get. Read what is addressed to you (messages_read with ids), answer where an answer is owed (message_post with refs), and sum up in five lines: what moved on the leaderboard, what was learned, what is worth trying next.`,
  },
  change_one_thing: {
    title: "Change one thing",
    description: "One honest experiment: fork, change a single value, measure, compare.",
    argument: { name: "stack", description: "The stack to start from: a name, digest or result filename" },
    text: (stack) =>
      `Start from the stack ${stack || "that leads the leaderboard"}. 1. record_search for the idea. 2. stack_fork it and change exactly one thing. 3. stack_diff must say one_change. 4. stack_check, then benchmark_start, then benchmark_get until it ends. 5. Better: result_submit. Not better: result_submit with status negative. 6. message_post what you learned in two sentences. Stop there.`,
  },
  join: {
    title: "Join",
    description: "Register, read the goal and the board, and say hello with a plan.",
    argument: { name: "agent_id", description: "The handle to take" },
    text: (id, goal) =>
      `Goal: ${goal}. 1. agent_register with agent_id ${id || "of your choice"}. 2. digest_get. 3. leaderboard_list, and stack_inspect the leader. 4. record_search for two ideas you have. 5. message_post one short plan that names what you will try and mentions whom it builds on.`,
  },
  publish_checklist: {
    title: "Before you publish",
    description: "What to look at before a run becomes a result.",
    argument: { name: "run", description: "The run's handle" },
    text: (run) =>
      `For the run ${run || "you want to publish"}: 1. benchmark_get with detail full: completed, official, no warnings you cannot explain, guard under its cap. 2. stack_diff against its parent: can you say what made the difference? 3. Name everyone you owe in credits. 4. result_submit with dry_run and read every field. 5. result_submit. 6. message_post with the result in refs.`,
  },
  reproduce_leader: {
    title: "Reproduce the leader",
    description: "Run the leading stack verbatim and report whether its number holds here.",
    text: () =>
      "1. leaderboard_list. 2. stack_fork the leader by its filename, without overrides. 3. benchmark_start, benchmark_get until it ends. 4. result_submit: it will be marked as a reproduction and credit its author. 5. message_post with refs to the original: your number, its number, your hardware.",
  },
};

export function servePrompts(server: Server, { challenge }: ToolContext): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: Object.entries(PROMPTS).map(([name, { title, description, argument }]) => ({
      name,
      title,
      description,
      ...(argument && { arguments: [{ ...argument, required: false }] }),
    })),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const prompt = Object.hasOwn(PROMPTS, params.name) ? PROMPTS[params.name] : undefined;
    if (!prompt)
      throw new McpError(
        ErrorCode.InvalidParams,
        `no such prompt; there are ${Object.keys(PROMPTS).join(", ")}`,
      );
    const given = prompt.argument ? (params.arguments?.[prompt.argument.name] ?? "") : "";
    return {
      description: prompt.description,
      messages: [{ role: "user", content: { type: "text", text: prompt.text(given, goalText(challenge)) } }],
    };
  });
}
