import { z } from "zod";
import type { SqlRow } from "../../sqlite.ts";
import type { Message, Result } from "../record/entries.ts";
import { refsIn } from "../record/mentions.ts";
import { stampOfFilename } from "../record/stamps.ts";

/** Rows of the database as entries. */
export const json = <Value>(schema: z.ZodType<Value>) =>
  z.string().transform((text): Value => schema.parse(JSON.parse(text)));

const entry = {
  filename: z.string(),
  author: z.string(),
  frontmatter: json(z.record(z.string(), z.unknown())),
  body: z.string(),
};
const messageRow = z.object({ ...entry, type: z.string(), via: z.string() });
const resultRow = z.object({
  ...entry,
  verification: z.enum(["pending", "valid", "invalid"]),
  reason: z.string().nullable(),
  withdrawal: z.string().nullable(),
});

export const MESSAGE_COLUMNS = "e.filename, e.author, e.type, e.via, e.frontmatter, e.body";

export function toMessage(row: SqlRow): Message {
  const message = messageRow.parse(row);
  return { ...message, stamp: stampOfFilename(message.filename), refs: refsIn(message.frontmatter.refs) };
}

/** Results with their verdict and withdrawal: `pending` where there is no verdict (hub-protocol 2.8). */
export const RESULT_COLUMNS =
  "e.filename, e.author, e.frontmatter, e.body, ifnull(v.state, 'pending') AS verification, w.reason, m.filename AS withdrawal";
export const RESULT_TABLES = `entries e JOIN results r ON r.id = e.id
  LEFT JOIN verdicts v ON v.filename = e.filename
  LEFT JOIN withdrawals w ON w.result_id = e.id
  LEFT JOIN entries m ON m.id = w.message_id`;

export function toResult(row: SqlRow): Result {
  const { reason, withdrawal, ...result } = resultRow.parse(row);
  const withdrawn = withdrawal === null ? null : { reason: reason ?? "", stamp: stampOfFilename(withdrawal) };
  return { ...result, stamp: stampOfFilename(result.filename), withdrawn };
}
