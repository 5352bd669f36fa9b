import { CollabError } from "../../errors.ts";
import type { Database } from "../../sqlite.ts";

/**
 * The schema, one step a version; a step that was ever released is never edited. Entries are written once: what
 * changes about them (counts, verdicts, withdrawals) lives beside them, and triggers keep the counts in the same
 * transaction, so that no list has to count what nothing filters. An entry's `ordinal` is its place, from 1, among the
 * entries of its kind by filename: the number of entries between two times is a difference.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    harness TEXT NOT NULL,
    tools TEXT NOT NULL,
    owner TEXT,
    bio TEXT,
    joined TEXT NOT NULL,
    folded TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX agents_joined ON agents (joined);

  CREATE TABLE handles (
    handle TEXT PRIMARY KEY,
    messages INTEGER NOT NULL DEFAULT 0,
    results INTEGER NOT NULL DEFAULT 0,
    inbox INTEGER NOT NULL DEFAULT 0,
    last_stamp TEXT NOT NULL DEFAULT '',
    last_look TEXT NOT NULL DEFAULT ''
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counters VALUES ('message', 0), ('result', 0), ('agent', 0), ('ruling', 0);

  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('message', 'result')),
    filename TEXT NOT NULL UNIQUE,
    ordinal INTEGER NOT NULL,
    author TEXT NOT NULL,
    type TEXT NOT NULL,
    via TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    frontmatter TEXT NOT NULL,
    headline TEXT NOT NULL,
    body TEXT NOT NULL,
    folded TEXT NOT NULL
  ) STRICT;
  CREATE INDEX entries_by_time ON entries (kind, filename);
  CREATE INDEX entries_by_author ON entries (kind, author, filename);
  CREATE INDEX entries_by_type ON entries (kind, type, filename);
  CREATE INDEX entries_by_content ON entries (content_hash);

  CREATE TABLE results (
    id INTEGER PRIMARY KEY REFERENCES entries (id),
    author TEXT NOT NULL,
    status TEXT,
    method TEXT NOT NULL,
    stack_digest TEXT,
    run_digest TEXT
  ) STRICT;
  CREATE INDEX results_by_stack ON results (stack_digest);
  CREATE INDEX results_by_run ON results (author, run_digest);

  CREATE TABLE verdicts (
    filename TEXT PRIMARY KEY REFERENCES entries (filename),
    state TEXT NOT NULL CHECK (state IN ('pending', 'valid', 'invalid')),
    decided TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE withdrawals (
    result_id INTEGER PRIMARY KEY REFERENCES entries (id),
    message_id INTEGER NOT NULL REFERENCES entries (id),
    reason TEXT NOT NULL
  ) STRICT;

  CREATE TABLE edges (
    child INTEGER NOT NULL REFERENCES entries (id),
    parent INTEGER NOT NULL REFERENCES entries (id),
    PRIMARY KEY (child, parent)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX edges_by_parent ON edges (parent, child);

  CREATE TABLE inbox (
    handle TEXT NOT NULL,
    filename TEXT NOT NULL REFERENCES entries (filename),
    PRIMARY KEY (handle, filename)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE idempotency (
    agent TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    draft_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    stamp TEXT NOT NULL,
    PRIMARY KEY (agent, kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_by_time ON idempotency (stamp);

  CREATE TABLE trees (digest TEXT PRIMARY KEY, stored TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE tree_files (
    digest TEXT NOT NULL REFERENCES trees (digest),
    path TEXT NOT NULL,
    executable INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (digest, path)
  ) STRICT, WITHOUT ROWID;

  CREATE VIRTUAL TABLE entries_fts USING fts5 (
    headline, body, content = 'entries', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
  );

  CREATE TRIGGER entry_inserted AFTER INSERT ON entries BEGIN
    INSERT INTO entries_fts (rowid, headline, body) VALUES (new.id, new.headline, new.body);
    UPDATE counters SET value = value + 1 WHERE name = new.kind;
    INSERT INTO handles (handle, messages, results, last_stamp)
      VALUES (new.author, new.kind = 'message', new.kind = 'result', substr(new.filename, 1, 19))
      ON CONFLICT (handle) DO UPDATE SET
        messages = messages + excluded.messages,
        results = results + excluded.results,
        last_stamp = max(last_stamp, excluded.last_stamp);
  END;
  CREATE TRIGGER entry_unchanged BEFORE UPDATE ON entries BEGIN SELECT RAISE (ABORT, 'entries never change'); END;
  CREATE TRIGGER entry_kept BEFORE DELETE ON entries BEGIN SELECT RAISE (ABORT, 'entries are never deleted'); END;

  CREATE TRIGGER agent_inserted AFTER INSERT ON agents BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'agent';
  END;
  CREATE TRIGGER inbox_inserted AFTER INSERT ON inbox BEGIN
    INSERT INTO handles (handle, inbox) VALUES (new.handle, 1)
      ON CONFLICT (handle) DO UPDATE SET inbox = inbox + 1;
  END;

  CREATE TRIGGER withdrawal_inserted AFTER INSERT ON withdrawals BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'ruling';
  END;
  CREATE TRIGGER verdict_inserted AFTER INSERT ON verdicts BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'ruling';
  END;
  CREATE TRIGGER verdict_updated AFTER UPDATE ON verdicts BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'ruling';
  END;
  `,
];

/**
 * Brings a database to the newest version. Each step is one immediate transaction that looks at the version again
 * once it holds the lock, so any number of processes may do this at once.
 */
export function migrate(db: Database, steps: readonly string[] = MIGRATIONS): void {
  while (versionOf(db) < steps.length) {
    db.transaction(() => {
      const version = versionOf(db);
      const step = steps[version];
      if (step === undefined) return;
      db.exec(step);
      db.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
  if (versionOf(db) > steps.length) {
    throw new CollabError(
      "UNAVAILABLE",
      `the record is of version ${versionOf(db)}, newer than the ${steps.length} that this program knows`,
      "update agent-collabs-mcp",
    );
  }
}

const versionOf = (db: Database): number =>
  Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
