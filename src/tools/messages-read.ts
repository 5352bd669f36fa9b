import { z } from "zod";
import { CollabError } from "../errors.ts";
import type { Hub } from "../hub/hub.ts";
import type { Message } from "../hub/record/entries.ts";
import { actingId } from "./support/acting-agent.ts";
import { count } from "./support/count.ts";
import { cursor, cursorOf, detail, limit, since } from "./support/input.ts";
import { BODY_CHARACTERS, messageSchema, messageView } from "./support/message-view.ts";
import { clean } from "./support/untrusted.ts";
import { answer, defineTool, type Next, page, type ToolContext } from "./tool.ts";

export const messagesRead = defineTool({
  name: "messages_read",
  toolset: "messages",
  title: "Read messages",
  description:
    "The board, your inbox (mentions and answers) or a thread, newest first: headers by default, bodies with `ids` or `detail: full`. With one id, `offset` goes on in a long body and `file` reads an attached file. Reading marks nothing.",
  input: z.strictObject({
    view: z.enum(["board", "inbox"]).default("board"),
    ids: z.array(z.string().max(80)).min(1).max(10).optional().describe("These messages, with bodies"),
    thread: z.string().max(80).optional().describe("A filename: all it answers and all that answers it"),
    agent: z.string().max(60).optional().describe("Author"),
    type: z.string().max(40).optional(),
    query: z.string().max(200).optional().describe("Part of the text"),
    since,
    offset: z.number().int().min(0).default(0).describe("Skip so many characters of the body"),
    file: z.string().max(300).optional().describe("Path of an attached file"),
    limit,
    cursor,
    detail,
  }),
  output: answer({
    messages: z.array(messageSchema),
    untrusted_attached: z.array(z.string()).optional(),
    untrusted_file: z.string().optional(),
    page,
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async (input, context) => {
    const { hub } = context;
    const full = input.detail === "full";
    if (input.ids) return readByIds(input.ids, input.offset, input.file, context);
    if (input.file !== undefined || input.offset > 0) {
      throw new CollabError("INVALID_ARGUMENT", ONE_ID, 'messages_read with "ids":["…"] too');
    }
    if (input.thread) {
      const messages = await hub.thread(input.thread, input.limit);
      if (messages.length === 0) throw unknownMessage(input.thread);
      return {
        summary: `Thread of ${count(messages.length, "message")}, oldest first.`,
        messages: messages.map((message) => messageView(message, full)),
        page: { shown: messages.length, matched: messages.length },
      };
    }
    const before = cursorOf("filename", "messages_read", input.cursor);
    const query = {
      ...(input.agent && { agent: input.agent }),
      ...(input.type && { type: input.type }),
      ...(input.query && { q: input.query }),
      ...(input.since && { since: input.since }),
      ...(before && { before }),
      limit: full ? Math.min(input.limit, 10) : input.limit,
    };
    const inbox = input.view === "inbox";
    const found = inbox ? await hub.inbox(actingId(context), query) : await hub.messages(query);
    const [first] = found.items;
    return {
      summary: `${found.items.length} of ${count(found.matched, "message")} ${inbox ? "in your inbox" : "on the board"}, newest first.`,
      messages: found.items.map((message) => messageView(message, full)),
      page: { shown: found.items.length, matched: found.matched, next_cursor: found.next ?? undefined },
      ...(first &&
        !full && { next: [{ tool: "messages_read", args: { ids: [first.filename] }, why: "read a body" }] }),
    };
  },
});

const ONE_ID = "offset and file go with exactly one id";

async function readByIds(ids: string[], offset: number, file: string | undefined, { hub }: ToolContext) {
  const messages = await Promise.all(
    ids.map(async (filename) => {
      const message = await hub.message(filename);
      if (!message) throw unknownMessage(filename);
      return message;
    }),
  );
  const [only] = messages;
  if (file === undefined && offset === 0) {
    return {
      summary: `${count(messages.length, "message")}.`,
      messages: messages.map((message) => messageView(message, true)),
      page: { shown: messages.length, matched: messages.length },
      ...(only && readOn(only.filename, 0, only.body)),
      untrusted_attached: await attachedFiles(messages, hub),
    };
  }
  if (!only || messages.length > 1) {
    throw new CollabError("INVALID_ARGUMENT", ONE_ID, "messages_read with one id");
  }
  const shown = { page: { shown: 1, matched: 1 } };
  if (file === undefined) {
    const rest = clean(only.body.trim()).slice(offset);
    return {
      ...shown,
      summary: `Characters ${offset} to ${offset + Math.min(rest.length, BODY_CHARACTERS)} of the body.`,
      messages: [{ ...messageView({ ...only, body: rest }, true), characters: only.body.trim().length }],
      ...readOn(only.filename, offset, only.body),
    };
  }
  const header = messageView(only, false);
  if (header.attachment === undefined) {
    throw new CollabError("NOT_FOUND", `${only.filename} has no attachment`);
  }
  const tree = await hub.tree(header.attachment);
  if (!tree?.entries.some(({ path }) => path === file)) {
    throw new CollabError(
      "NOT_FOUND",
      "the attachment has no such file",
      `messages_read {"ids":["${only.filename}"]} lists its files`,
    );
  }
  const text = Buffer.from(await tree.read(file)).toString("utf8");
  const piece = text.slice(offset, offset + 4 * BODY_CHARACTERS);
  return {
    ...shown,
    summary: `Characters ${offset} to ${offset + piece.length} of ${text.length} of the attached file.`,
    messages: [header],
    untrusted_file: piece,
  };
}

/** The call that goes on in a body which did not fit; nothing where it did. */
function readOn(filename: string, offset: number, body: string): { next?: Next[] } {
  const end = offset + BODY_CHARACTERS;
  if (body.trim().length <= end) return {};
  return { next: [{ tool: "messages_read", args: { ids: [filename], offset: end }, why: "read on" }] };
}

/** Paths of the files that travel with messages. */
async function attachedFiles(messages: Message[], hub: Hub): Promise<string[] | undefined> {
  const digests = messages.flatMap((message) => messageView(message, false).attachment ?? []);
  if (digests.length === 0) return undefined;
  const trees = await Promise.all(digests.map((digest) => hub.tree(digest)));
  return trees.flatMap((tree) => tree?.entries.map(({ path, size }) => `${path} (${size} bytes)`) ?? []);
}

function unknownMessage(filename: string): CollabError {
  return new CollabError(
    "NOT_FOUND",
    `there is no message ${JSON.stringify(filename.slice(0, 80))}`,
    "messages_read {} lists the newest",
  );
}
