import { z } from "zod";
import { CollabError } from "../../errors.ts";
import { digestSchema } from "../../tree.ts";
import type { MessageDraft, MessageQuery, Page, PostedMessage } from "../hub.ts";
import type { Message } from "../record/entries.ts";
import { route } from "../record/mentions.ts";
import { stampOf } from "../record/stamps.ts";
import { assertText, BODY_CHARACTERS } from "../record/text.ts";
import { withdrawalIn } from "../record/withdrawal.ts";
import { nearestAgents } from "./agents.ts";
import { assertReachable, assertRegistered, inboxCount, isRegistered } from "./handles.ts";
import { contentHash, once } from "./idempotency.ts";
import { entryId, insertEntry, type NewEntry, sameContent } from "./insert-entry.ts";
import { countBetween, counter, countRows, listEntries, when } from "./listing.ts";
import { MESSAGE_COLUMNS, toMessage } from "./rows.ts";
import type { Store } from "./store.ts";
import { recordWithdrawal, withdrawalOf } from "./withdrawals.ts";

const MOST_REFS = 20;
const MOST_UNKNOWN = 10;
const REPEAT_MS = 10 * 60 * 1000;
const TYPE = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,39}$/;

const postedMessage = z.object({
  filename: z.string(),
  replayed: z.boolean(),
  delivered: z.array(z.string()),
  unknownMentions: z.array(z.object({ handle: z.string(), nearest: z.array(z.string()) })),
});

/** A message that has passed every check, and whom it will reach. */
interface Prepared {
  entry: NewEntry;
  /** Ids of the entries it refers to. */
  parents: number[];
  refs: string[];
  delivered: string[];
  unknownMentions: PostedMessage["unknownMentions"];
}

export function postMessage(store: Store, draft: MessageDraft): PostedMessage {
  assertMessage(draft);
  return store.db.transaction(() => {
    assertRegistered(store.db, draft.agentId);
    const { idempotencyKey: key, ...content } = draft;
    return once(
      store,
      { agentId: draft.agentId, kind: "message", key, draft: content, answer: postedMessage },
      () => {
        assertStored(store, draft.attachment);
        const prepared = prepare(store, draft);
        return {
          filename: insertMessage(store, prepared),
          replayed: false,
          delivered: prepared.delivered,
          unknownMentions: prepared.unknownMentions,
        };
      },
    );
  });
}

/** What posting would answer; an attachment need not be stored yet. */
export function previewMessage(store: Store, draft: MessageDraft): PostedMessage {
  assertMessage(draft);
  return store.db.snapshot(() => {
    assertRegistered(store.db, draft.agentId);
    const { delivered, unknownMentions } = prepare(store, draft);
    return { filename: "", replayed: false, delivered, unknownMentions };
  });
}

/** Posts what the hub itself says in an agent's name. */
export const postOwn = (store: Store, draft: MessageDraft): string =>
  insertMessage(store, prepare(store, draft));

/** Board, edges and every inbox copy in the caller's transaction: all or nothing. */
function insertMessage(store: Store, { entry, parents, refs, delivered }: Prepared): string {
  const { db } = store;
  const { id, filename } = insertEntry(store, entry);
  for (const parent of parents)
    db.prepare("INSERT INTO edges (child, parent) VALUES (?, ?)").run([id, parent]);
  for (const handle of delivered) {
    db.prepare("INSERT INTO inbox (handle, filename) VALUES (?, ?)").run([handle, filename]);
  }
  const withdrawal = withdrawalIn({ author: entry.author, type: entry.type, refs, body: entry.body });
  if (withdrawal && withdrawalOf(db, withdrawal.result) === undefined) recordWithdrawal(db, withdrawal, id);
  return filename;
}

function prepare(store: Store, draft: MessageDraft): Prepared {
  const { db, now } = store;
  const { agentId: author, body, type = "agent", attachment } = draft;
  const refs = [...new Set(draft.refs)];
  const parents = refs.map((ref) => referredTo(store, ref));
  const hash = contentHash({ author, body, refs, attachment });
  const repeated =
    draft.idempotencyKey === undefined ? sameContent(db, hash, stampOf(now() - REPEAT_MS)) : undefined;
  if (repeated !== undefined) {
    throw new CollabError(
      "ALREADY_EXISTS",
      `you posted this very message within the last ten minutes: ${repeated}`,
      `messages_read {"ids":["${repeated}"]}`,
    );
  }
  const { delivered, unknown } = route({ author, body, refs }, (handle) => isRegistered(db, handle));
  const frontmatter = {
    type,
    ...(refs.length > 0 && { refs }),
    ...(attachment !== undefined && { attachment }),
  };
  return {
    entry: { kind: "message", author, type, via: "raw", frontmatter, headline: "", body, contentHash: hash },
    parents,
    refs,
    delivered,
    unknownMentions: unknown
      .slice(0, MOST_UNKNOWN)
      .map((handle) => ({ handle, nearest: nearestAgents(store, handle) })),
  };
}

function assertMessage({ body, type, refs = [], attachment }: MessageDraft): void {
  assertText(body, "body", BODY_CHARACTERS);
  if (type !== undefined && !TYPE.test(type)) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `type ${JSON.stringify(type.slice(0, 60))} is not one word of 1 to 40 letters, digits, dots and hyphens`,
    );
  }
  if (refs.length > MOST_REFS) {
    throw new CollabError("INVALID_ARGUMENT", `${refs.length} refs are named; ${MOST_REFS} are the most`);
  }
  if (attachment !== undefined && !digestSchema.safeParse(attachment).success) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `attachment ${JSON.stringify(attachment.slice(0, 80))} is not sha256: and 64 hex digits`,
    );
  }
}

function assertStored({ db }: Store, attachment: string | undefined): void {
  if (attachment === undefined) return;
  if (db.prepare("SELECT 1 AS one FROM trees WHERE digest = ?").get([attachment])) return;
  throw new CollabError("NOT_FOUND", `attachment ${attachment} is not stored here`, "store its files first");
}

function referredTo({ db }: Store, ref: string): number {
  const id = entryId(db, ref);
  if (id !== undefined) return id;
  throw new CollabError(
    "INVALID_ARGUMENT",
    `ref ${JSON.stringify(ref.slice(0, 80))} is neither a message nor a result; nothing was written`,
    "messages_read {} and results_find {} list filenames to refer to",
  );
}

export function findMessage({ db }: Store, filename: string): Message | undefined {
  const row = db
    .prepare(`SELECT ${MESSAGE_COLUMNS} FROM entries e WHERE e.filename = ? AND e.kind = 'message'`)
    .get([filename]);
  return row && toMessage(row);
}

const filtersOf = (query: MessageQuery) => [
  ...when(query.type, (type) => ({ sql: "e.type = ?", values: [type] })),
  ...when(query.via, (via) => ({ sql: "e.via = ?", values: [via] })),
];

export const listMessages = ({ db }: Store, query: MessageQuery): Page<Message> =>
  listEntries(db, query, {
    columns: MESSAGE_COLUMNS,
    tables: "entries e",
    folder: [{ sql: "e.kind = 'message'", values: [] }],
    filters: filtersOf(query),
    key: "e.filename",
    count: counter(db, "message"),
    countWithin: (_, bounds) => countBetween(db, "message", bounds),
    item: toMessage,
  });

export function listInbox({ db }: Store, handle: string, query: MessageQuery): Page<Message> {
  assertReachable(db, handle);
  const folder = { sql: "i.handle = ?", values: [handle] };
  return listEntries(db, query, {
    columns: MESSAGE_COLUMNS,
    tables: "inbox i CROSS JOIN entries e ON e.filename = i.filename",
    folder: [folder],
    filters: filtersOf(query),
    key: "i.filename",
    count: inboxCount(db, handle),
    countWithin: (time) => countRows(db, "inbox i", [folder, ...time]),
    item: toMessage,
  });
}

/**
 * The messages that hang together with one through references, both ways, whatever lies between: the nearest ones
 * where there are more than `limit`, oldest first. Empty for an unknown filename.
 */
export function readThread({ db }: Store, filename: string, limit: number): Message[] {
  return db
    .prepare(
      `WITH RECURSIVE reached (id) AS (
         SELECT id FROM entries WHERE filename = ?
         UNION SELECT edges.parent FROM reached JOIN edges ON edges.child = reached.id
         UNION SELECT edges.child FROM reached JOIN edges ON edges.parent = reached.id
         LIMIT ?
       )
       SELECT ${MESSAGE_COLUMNS} FROM reached CROSS JOIN entries e ON e.id = reached.id WHERE e.kind = 'message'
       ORDER BY e.filename`,
    )
    .all([filename, Math.max(1, Math.min(1000, Math.trunc(limit)))])
    .map(toMessage);
}
