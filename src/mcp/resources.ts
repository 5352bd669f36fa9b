import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  ErrorCode,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { CollabError } from "../errors.ts";
import { benchmarkGet } from "../tools/benchmark-get.ts";
import { benchmarkLogs } from "../tools/benchmark-logs.ts";
import { leaderboardList } from "../tools/leaderboard-list.ts";
import { messagesRead } from "../tools/messages-read.ts";
import { resultsFind } from "../tools/results-find.ts";
import { stackInspect } from "../tools/stack-inspect.ts";
import { goalText } from "../tools/support/board.ts";
import { render } from "../tools/support/render.ts";
import { clean } from "../tools/support/untrusted.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import { sha256 } from "../tree.ts";
import { errorText } from "./error-text.ts";

const POLL_MS = 1000;

/**
 * Resources repeat what tools give, for clients that attach them: each is a tool's answer as text, so that fencing
 * and budgets are the tools' own. Leaderboard, inbox and runs can be subscribed to.
 */
export function serveResources(server: Server, context: ToolContext): void {
  const watched = new Map<string, string | undefined>();
  let timer: NodeJS.Timeout | undefined;

  const look = async () => {
    for (const [uri, before] of watched) {
      const now = await state(uri, context);
      // What cannot be read now is no news.
      if (now === undefined || now === before || !watched.has(uri)) continue;
      watched.set(uri, now);
      if (before !== undefined) await server.sendResourceUpdated({ uri });
    }
  };
  const tick = () => {
    timer = undefined;
    look()
      .catch((error: unknown) => context.log.warn({ err: error }, "watching resources failed"))
      .finally(schedule);
  };
  // Never keeps the process alive, and never runs for nobody.
  const schedule = () => {
    if (watched.size > 0 && !timer) timer = setTimeout(tick, POLL_MS).unref();
  };

  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: FIXED }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params: { uri } }) => {
    try {
      return { contents: [{ uri, mimeType: "text/plain", text: await read(uri, context) }] };
    } catch (error) {
      throw new McpError(ErrorCode.InvalidParams, errorText(error, "resources/read", context.log));
    }
  });
  server.setRequestHandler(SubscribeRequestSchema, async ({ params: { uri } }) => {
    if (!/^collab:\/\/(?:leaderboard$|inbox$|runs\/[^/]+)/.test(uri)) {
      throw new McpError(ErrorCode.InvalidParams, "leaderboard, inbox and runs can be subscribed to");
    }
    watched.set(uri, await state(uri, context));
    schedule();
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    watched.delete(uri);
    return {};
  });
}

/** What a resource says, but for the fence's boundary, which is another one each time; undefined where it cannot be read. */
const state = (uri: string, context: ToolContext): Promise<string | undefined> =>
  read(uri, context).then(
    (text) => sha256(text.replace(/<\/?untrusted-[0-9a-f]{12}>/g, "")),
    () => undefined,
  );

const FIXED = [
  {
    uri: "collab://challenge",
    name: "challenge",
    title: "The challenge and its rules",
    mimeType: "text/plain",
  },
  { uri: "collab://leaderboard", name: "leaderboard", title: "The leaderboard", mimeType: "text/plain" },
  { uri: "collab://inbox", name: "inbox", title: "Messages for you", mimeType: "text/plain" },
];

const TEMPLATES = [
  {
    uriTemplate: "collab://messages/{filename}",
    name: "message",
    title: "A message",
    mimeType: "text/plain",
  },
  {
    uriTemplate: "collab://results/{filename}",
    name: "result",
    title: "A result in full",
    mimeType: "text/plain",
  },
  { uriTemplate: "collab://stacks/{digest}", name: "stack", title: "A stack", mimeType: "text/plain" },
  {
    uriTemplate: "collab://runs/{id}/{file}",
    name: "run",
    title: "A run: status, log, or a file of its evidence",
    mimeType: "text/plain",
  },
];

async function read(uri: string, context: ToolContext): Promise<string> {
  const [kind, ...rest] = uri
    .replace(/^collab:\/\//, "")
    .split("/")
    .map(decoded);
  const [id = "", ...path] = rest;
  switch (kind) {
    case "challenge":
      return challengeText(context);
    case "leaderboard":
      return answerText(leaderboardList, { limit: 50 }, context);
    case "inbox":
      return answerText(messagesRead, { view: "inbox" }, context);
    case "messages":
      return answerText(messagesRead, { ids: [id] }, context);
    case "results":
      return answerText(resultsFind, { ids: [id], detail: "full" }, context);
    case "stacks":
      return answerText(stackInspect, { stack: id }, context);
    case "runs":
      return runFile(id, path.join("/"), context);
    default:
      throw new CollabError(
        "NOT_FOUND",
        `there is no resource ${JSON.stringify(uri.slice(0, 120))}`,
        "resources/list and resources/templates/list",
      );
  }
}

/** A part of a URI; what is no valid escape stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function answerText(tool: Tool, args: object, context: ToolContext): Promise<string> {
  return render(
    await tool.invoke(args, context, { signal: new AbortController().signal, progress: () => {} }),
  );
}

function challengeText({ challenge }: ToolContext): string {
  return [
    challenge.title,
    challenge.summary,
    `Goal: ${goalText(challenge)}`,
    ...challenge.rules.map((rule) => `- ${rule}`),
  ].join("\n");
}

const FILE_CHARACTERS = 40_000;

async function runFile(id: string, file: string, context: ToolContext): Promise<string> {
  if (file === "" || file === "status") return answerText(benchmarkGet, { run: id, detail: "full" }, context);
  if (file === "log") return answerText(benchmarkLogs, { run: id, limit: 200 }, context);
  const evidence = await context.runner.evidence(id);
  const text = clean(Buffer.from(await evidence.read(file)).toString("utf8"));
  const shown = text.slice(0, FILE_CHARACTERS);
  return render({
    summary: `A file of ${id}, characters 0 to ${shown.length} of ${text.length}.`,
    untrusted_file: shown,
  });
}
