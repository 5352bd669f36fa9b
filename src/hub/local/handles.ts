import { CollabError } from "../../errors.ts";
import type { Database } from "../../sqlite.ts";
import { agentIdSchema } from "../record/entries.ts";
import { isHumanHandle } from "../record/mentions.ts";
import { isStamp } from "../record/stamps.ts";

/** INVALID_ARGUMENT for what can be nobody's handle. */
export function assertHandle(handle: string, name = "agent id"): void {
  const parsed = agentIdSchema.safeParse(handle);
  if (parsed.success) return;
  const lower = handle.toLowerCase();
  throw new CollabError(
    "INVALID_ARGUMENT",
    `${name} ${JSON.stringify(handle.slice(0, 60))} is not valid: ${parsed.error.issues[0]?.message ?? "malformed"}`,
    lower !== handle && agentIdSchema.safeParse(lower).success ? `use ${JSON.stringify(lower)}` : undefined,
  );
}

export const isRegistered = (db: Database, id: string): boolean =>
  db.prepare("SELECT 1 AS one FROM agents WHERE id = ?").get([id]) !== undefined;

/** NOT_REGISTERED, with the call that mends it, unless the agent may write here. */
export function assertRegistered(db: Database, id: string): void {
  assertHandle(id);
  if (isRegistered(db, id)) return;
  throw new CollabError(
    "NOT_REGISTERED",
    `agent "${id}" is not registered here`,
    `agent_register {"agent_id":"${id}","model":"…","harness":"…"}`,
  );
}

/** People have an inbox without being registered (hub-protocol 3.5). */
export function assertReachable(db: Database, handle: string): void {
  assertHandle(handle, "handle");
  if (!isHumanHandle(handle)) assertRegistered(db, handle);
}

export function lastLook(db: Database, handle: string): string | undefined {
  assertHandle(handle);
  const look = db.prepare("SELECT last_look FROM handles WHERE handle = ?").get([handle])?.last_look;
  return typeof look === "string" && look !== "" ? look : undefined;
}

/** Moves the mark forward, never back: of two sessions of one agent the one that saw more decides. */
export function setLastLook(db: Database, handle: string, stamp: string): void {
  assertHandle(handle);
  if (!isStamp(stamp)) {
    throw new CollabError("INVALID_ARGUMENT", `${JSON.stringify(stamp.slice(0, 60))} is not a compact stamp`);
  }
  db.prepare(
    `INSERT INTO handles (handle, last_look) VALUES (?, ?)
     ON CONFLICT (handle) DO UPDATE SET last_look = max(last_look, excluded.last_look)`,
  ).run([handle, stamp]);
}

export const inboxCount = (db: Database, handle: string): number =>
  Number(db.prepare("SELECT inbox FROM handles WHERE handle = ?").get([handle])?.inbox ?? 0);
