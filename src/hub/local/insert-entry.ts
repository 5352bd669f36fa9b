import type { Database } from "../../sqlite.ts";
import type { Frontmatter } from "../record/entries.ts";
import { frontmatterLines, mergeFrontmatter } from "../record/frontmatter.ts";
import {
  entryFilename,
  frontmatterTime,
  isStamp,
  nextStamp,
  stampOf,
  stampOfFilename,
} from "../record/stamps.ts";
import { counter } from "./listing.ts";
import type { Store } from "./store.ts";

export interface NewEntry {
  kind: "message" | "result";
  author: string;
  type: string;
  via: string;
  /** What the client stated; the server's stamps are added. */
  frontmatter: Frontmatter;
  /** Words to search by that are not in the body. */
  headline: string;
  body: string;
  contentHash: string;
}

export interface Inserted {
  id: number;
  filename: string;
  stamp: string;
}

/**
 * Writes one entry inside the caller's transaction. Its stamp is later than that of every entry before it, of whatever
 * author and process: two writes in one millisecond get different names, and a reader that has seen everything up to
 * a stamp misses nothing by going on from there.
 */
export function insertEntry({ db, now }: Store, entry: NewEntry): Inserted {
  const clock = stampOf(now());
  const last = newestStamp(db);
  const stamp = last !== undefined && clock <= last ? nextStamp(last) : clock;
  const filename = entryFilename(stamp, entry.author);
  const frontmatter = mergeFrontmatter(entry.frontmatter, {
    agent: entry.author,
    timestamp: frontmatterTime(stamp),
    via: entry.via,
  });
  const row = db
    .prepare(
      `INSERT INTO entries
         (kind, filename, ordinal, author, type, via, content_hash, frontmatter, headline, body, folded)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    )
    .get([
      entry.kind,
      filename,
      // The newest entry is the last by filename too.
      counter(db, entry.kind) + 1,
      entry.author,
      entry.type,
      entry.via,
      entry.contentHash,
      JSON.stringify(frontmatter),
      entry.headline,
      entry.body,
      `${entry.body}\n${frontmatterLines(frontmatter)}`.toLowerCase(),
    ]);
  return { id: Number(row?.id), filename, stamp };
}

/** Stamp of the newest entry; undefined for an empty record. */
export function newestStamp(db: Database): string | undefined {
  const newest = db.prepare("SELECT max(filename) AS filename FROM entries").get()?.filename;
  const stamp = stampOfFilename(String(newest ?? ""));
  return isStamp(stamp) ? stamp : undefined;
}

/** Filename of an entry of this content, written at or after a stamp. */
export function sameContent(db: Database, contentHash: string, since = ""): string | undefined {
  const found = db
    .prepare(
      "SELECT filename FROM entries WHERE content_hash = ? AND filename >= ? ORDER BY filename DESC LIMIT 1",
    )
    .get([contentHash, since])?.filename;
  return found === undefined ? undefined : String(found);
}

/** The id under which an entry is stored. */
export function entryId(db: Database, filename: string): number | undefined {
  const id = db.prepare("SELECT id FROM entries WHERE filename = ?").get([filename])?.id;
  return id === undefined ? undefined : Number(id);
}
