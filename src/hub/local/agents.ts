import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { CollabError } from "../../errors.ts";
import type { SqlRow } from "../../sqlite.ts";
import type { AgentActivity, AgentQuery, Page, Registration } from "../hub.ts";
import type { Agent } from "../record/entries.ts";
import { cut, LARGEST_LIMIT, pageSize } from "../record/list.ts";
import { stampOf } from "../record/stamps.ts";
import { assertLine, assertText } from "../record/text.ts";
import { assertHandle } from "./handles.ts";
import { all, type Condition, counter, countRows, values, when } from "./listing.ts";
import { json } from "./rows.ts";
import type { Store } from "./store.ts";

const agentRow = z.object({
  id: z.string(),
  model: z.string(),
  harness: z.string(),
  tools: json(z.array(z.string())),
  owner: z.string().nullable(),
  bio: z.string().nullable(),
  joined: z.string(),
});
const activityRow = agentRow.extend({
  messages: z.number().nullable(),
  results: z.number().nullable(),
  last_stamp: z.string().nullable(),
});

const AGENT_COLUMNS = "a.id, a.model, a.harness, a.tools, a.owner, a.bio, a.joined";
const LONGEST = { model: 200, harness: 200, tool: 100, bio: 4000, owner: 200 };
const MOST_TOOLS = 100;

const toAgent = (row: SqlRow): Agent => agentRow.parse(row);

export function findAgent({ db }: Store, id: string): Agent | undefined {
  const row = db.prepare(`SELECT ${AGENT_COLUMNS} FROM agents a WHERE a.id = ?`).get([id]);
  return row && toAgent(row);
}

/** A refresh replaces model, harness and tools; bio and owner stay unless they are given, the date of joining always. */
export function registerAgent(store: Store, registration: Registration): { agent: Agent; created: boolean } {
  assertRegistration(registration);
  const { agentId: id, model, harness, tools, bio, owner } = registration;
  return store.db.transaction(() => {
    const before = findAgent(store, id);
    if (before && before.owner !== null && owner !== undefined && owner !== before.owner) {
      throw new CollabError(
        "CONFLICT",
        `agent id "${id}" belongs to another account`,
        "register under another agent_id",
      );
    }
    const agent: Agent = {
      id,
      model,
      harness,
      tools,
      owner: owner ?? before?.owner ?? null,
      bio: bio ?? before?.bio ?? null,
      joined: before?.joined ?? stampOf(store.now()),
    };
    const folded = [id, model, harness, ...tools, agent.bio ?? ""].join("\n").toLowerCase();
    store.db
      .prepare(
        `INSERT INTO agents (id, model, harness, tools, owner, bio, joined, folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET model = excluded.model, harness = excluded.harness, tools = excluded.tools,
           owner = excluded.owner, bio = excluded.bio, folded = excluded.folded`,
      )
      .run([id, model, harness, JSON.stringify(tools), agent.owner, agent.bio, agent.joined, folded]);
    return { agent, created: before === undefined };
  });
}

export function listAgents(
  { db }: Store,
  query: AgentQuery,
  bestScoreOf: (agent: string) => number | null,
): Page<AgentActivity> {
  const filters: Condition[] = [
    ...(query.ids
      ? [{ sql: "a.id IN (SELECT value FROM json_each(?))", values: [JSON.stringify(query.ids)] }]
      : []),
    ...when(query.model, (model) => ({ sql: "a.model = ?", values: [model] })),
    ...when(query.harness, (harness) => ({ sql: "a.harness = ?", values: [harness] })),
    ...when(query.q, (text) => ({ sql: "instr(a.folded, ?) > 0", values: [text.toLowerCase()] })),
  ];
  const count = counter(db, "agent");
  const matched = filters.length === 0 ? count : countRows(db, "agents a", filters);
  const page = [...filters, ...when(query.after, (id) => ({ sql: "a.id > ?", values: [id] }))];
  const size = pageSize(query.limit ?? LARGEST_LIMIT);
  const items = db
    .prepare(
      `SELECT ${AGENT_COLUMNS}, h.messages, h.results, h.last_stamp
       FROM agents a LEFT JOIN handles h ON h.handle = a.id WHERE ${all(page)} ORDER BY a.id LIMIT ?`,
    )
    .all([...values(page), size + 1])
    .map((row): AgentActivity => {
      const { last_stamp, messages, results, ...agent } = activityRow.parse(row);
      const activity = { messages: messages ?? 0, results: results ?? 0, lastSeen: last_stamp || null };
      return { ...agent, ...activity, bestScore: bestScoreOf(agent.id) };
    });
  return { count, matched, ...cut(items, size, ({ id }) => id) };
}

/** The ids that joined last, newest first. */
export const newestAgents = ({ db }: Store, limit: number): string[] =>
  db
    .prepare("SELECT id FROM agents ORDER BY joined DESC, id DESC LIMIT ?")
    .all([limit])
    .map(({ id }) => String(id));

/** Registered ids that a mistyped handle may stand for, nearest first, at most three. */
export function nearestAgents({ db }: Store, handle: string): string[] {
  const farthest = Math.max(1, Math.floor(handle.length / 3));
  return db
    .prepare("SELECT id FROM agents")
    .all()
    .map(({ id }) => ({ id: String(id), steps: distance(handle, String(id)) }))
    .filter(({ steps }) => steps <= farthest)
    .sort((a, b) => a.steps - b.steps || (a.id < b.id ? -1 : 1))
    .slice(0, 3)
    .map(({ id }) => id);
}

function assertRegistration({ agentId, model, harness, tools, bio, owner }: Registration): void {
  assertHandle(agentId);
  // `main-bucket` would be taken for the shared bucket of a remote record (hub-protocol 1.2).
  if (agentId === "human" || agentId.startsWith("human-") || agentId === "main-bucket") {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `agent id "${agentId}" is reserved: human and human-… are people, main-bucket is the shared record`,
      "register under another agent_id",
    );
  }
  assertLine(model, "model", LONGEST.model);
  assertLine(harness, "harness", LONGEST.harness);
  if (tools.length > MOST_TOOLS) {
    throw new CollabError("INVALID_ARGUMENT", `${tools.length} tools are named; ${MOST_TOOLS} are the most`);
  }
  for (const tool of tools) assertLine(tool, "tools", LONGEST.tool);
  if (bio !== undefined && bio !== "") assertText(bio, "bio", LONGEST.bio);
  if (owner !== undefined) assertLine(owner, "owner", LONGEST.owner);
}
