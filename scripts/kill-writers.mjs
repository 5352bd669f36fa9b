// Durability check: several processes write to one record and are killed with SIGKILL at random moments, again and
// again. In the end every acknowledged message must be there, none twice, and the database must be sound.
// Usage: node scripts/kill-writers.mjs [--kills 100] [--writers 4]. Needs a build. Prints one line of JSON; exit 1 on
// any loss. SIGKILL keeps the page cache: this is the death of processes, not of the machine's power.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: { kills: { type: "string", default: "100" }, writers: { type: "string", default: "4" } },
});
const dir = mkdtempSync(join(tmpdir(), "collabs-kill-"));
const acknowledged = [];
const failures = [];
let killsLeft = Number(values.kills);

/** One writer's life: started, left alone for a random while, killed. A life ends in the middle of a write or of opening. */
async function live(agentId) {
  const child = spawn(process.execPath, [join(root, "test/fixtures/writer.mjs"), dir, agentId], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  child.stdout.on("data", (data) => {
    printed += data;
  });
  child.stderr.on("data", (data) => failures.push(String(data).trim()));
  const closed = once(child, "close");
  const started = Math.random() < 0.8 ? once(child.stdout, "data") : Promise.resolve();
  await Promise.race([started, closed]);
  await sleep(Math.random() * 150);
  child.kill("SIGKILL");
  await closed;
  // A name that was cut off by the kill was not read by anyone.
  acknowledged.push(...printed.split("\n").slice(0, -1));
}

async function keepWriting(agentId) {
  while (killsLeft > 0 && failures.length === 0) {
    killsLeft--;
    await live(agentId);
  }
}

const start = performance.now();
try {
  await Promise.all(
    Array.from({ length: Number(values.writers) }, (_, index) => keepWriting(`writer-${index}`)),
  );
  const { openDatabase } = await import("../dist/sqlite.js");
  const db = openDatabase(join(dir, "record.db"));
  const one = (sql) => Object.values(db.prepare(sql).get())[0];
  const stored = new Set(
    db
      .prepare("SELECT filename FROM entries")
      .all()
      .map((row) => row.filename),
  );
  const report = {
    kills: Number(values.kills),
    acknowledged: acknowledged.length,
    stored: stored.size,
    lost: acknowledged.filter((filename) => !stored.has(filename)).length,
    doubled: one("SELECT count(*) - count(DISTINCT body) FROM entries"),
    integrity: one("PRAGMA integrity_check"),
    // Side by side with the entries in the same transactions, so they must agree to the last one.
    miscounted: one(
      "SELECT abs((SELECT value FROM counters WHERE name = 'message') - (SELECT count(*) FROM entries))",
    ),
    undelivered: one(
      "SELECT count(*) FROM entries WHERE body LIKE '%@reader' AND filename NOT IN (SELECT filename FROM inbox)",
    ),
    unindexed: one(
      "SELECT (SELECT count(*) FROM entries) - (SELECT count(*) FROM entries_fts WHERE entries_fts MATCH 'writer')",
    ),
    misordered: one(
      "SELECT count(*) FROM entries e JOIN entries f ON f.id = e.id + 1 WHERE f.filename <= e.filename",
    ),
    failures,
    seconds: Math.round((performance.now() - start) / 100) / 10,
  };
  db.close();
  console.log(JSON.stringify(report));
  const { lost, doubled, miscounted, undelivered, unindexed, misordered } = report;
  const wrong = lost + doubled + miscounted + undelivered + unindexed + misordered + failures.length;
  if (wrong > 0 || report.integrity !== "ok" || acknowledged.length === 0) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
