import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openLocalHub } from "../../../src/hub/local/local-hub.ts";
import { migrate } from "../../../src/hub/local/migrations.ts";
import { storageFailure } from "../../../src/hub/local/storage-errors.ts";
import { packageRoot } from "../../../src/paths.ts";
import { openDatabase } from "../../../src/sqlite.ts";
import { challenge, openTestHub, register, temporaryDirectory, treeOf } from "../support.ts";

const run = promisify(execFile);
const writer = join(packageRoot, "test/fixtures/writer.mjs");
const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

describe("several processes on one record", () => {
  test("open a fresh directory at once and write at once; every write has its own name and place", async () => {
    const dir = temporaryDirectory();
    const authors = ["ada", "ada", "bob", "cy"];
    const outputs = await Promise.all(
      authors.map((author) => run(process.execPath, [writer, dir, author, "25"])),
    );
    const acknowledged = outputs.flatMap(({ stdout }) => linesOf(stdout));
    expect(new Set(acknowledged).size).toBe(100);
    const { hub } = openTestHub({ dir });
    const page = await hub.messages({ limit: 200, order: "asc" });
    expect(page.count).toBe(100);
    expect(page.items.map(({ filename }) => filename)).toEqual(acknowledged.toSorted());
    expect((await hub.inbox("reader", {})).count).toBe(48);
    expect((await hub.describe()).agents).toBe(4);
  });

  test("killed at random moments lose nothing that was acknowledged", async () => {
    const script = join(packageRoot, "scripts/kill-writers.mjs");
    const { stdout } = await run(process.execPath, [script, "--kills", "10", "--writers", "2"]);
    expect(JSON.parse(stdout)).toMatchObject({
      kills: 10,
      lost: 0,
      doubled: 0,
      integrity: "ok",
      miscounted: 0,
      undelivered: 0,
      unindexed: 0,
      misordered: 0,
      failures: [],
    });
  });
});

describe("a store that fails", () => {
  test.skipIf(process.platform === "win32")(
    "for want of space says that nothing was written, and keeps what was acknowledged",
    async () => {
      const dir = temporaryDirectory();
      const limited = `ulimit -f 600; exec "$0" "$@"`;
      const failed: { stdout: string; stderr: string; code: number } = await run("bash", [
        "-c",
        limited,
        process.execPath,
        writer,
        dir,
        "ada",
        "5000",
      ]).then(
        () => expect.unreachable("the limit was not reached"),
        (error) => error,
      );
      expect(failed.code).toBe(3);
      expect(failed.stderr).toMatch(/^UNAVAILABLE: .*nothing was written/);
      const acknowledged = linesOf(failed.stdout);
      expect(acknowledged.length).toBeGreaterThan(5);
      const { hub } = openTestHub({ dir });
      expect((await hub.messages({ limit: 1 })).count).toBe(acknowledged.length);
      await hub.postMessage({ agentId: "ada", body: "space again" });
    },
  );

  test("because another process keeps the lock is BUSY, and reads go on", async () => {
    const { hub, dir } = openTestHub({ busyTimeoutMs: 50 });
    await register(hub, "ada");
    const blocker = openDatabase(join(dir, "record.db"));
    blocker.exec("BEGIN IMMEDIATE");
    await expect(hub.postMessage({ agentId: "ada", body: "hi" })).rejects.toMatchObject({ code: "BUSY" });
    expect((await hub.digest({})).agents.count).toBe(1);
    blocker.exec("ROLLBACK");
    blocker.close();
    await hub.postMessage({ agentId: "ada", body: "hi" });
  });

  test("because it is no directory is UNAVAILABLE when opened", () => {
    expect(() => openLocalHub({ dir: "/dev/null/hub", challenge })).toThrow();
  });

  test.each(["SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR_WRITE", "SQLITE_CORRUPT", "ENOSPC", "EROFS"])(
    "with %s is UNAVAILABLE",
    (code) => {
      expect(storageFailure(Object.assign(new Error("secret path"), { code }))).toMatchObject({
        code: "UNAVAILABLE",
        message: expect.not.stringContaining("secret"),
      });
    },
  );

  test("for another reason stays the bug it is", () => {
    const bug = new TypeError("x is not a function");
    expect(storageFailure(bug)).toBe(bug);
  });
});

describe("opening", () => {
  test("keeps what is there", async () => {
    const { hub, dir } = openTestHub();
    await register(hub, "ada");
    hub.close();
    hub.close();
    const { hub: again } = openTestHub({ dir });
    expect(await again.describe()).toEqual({
      kind: "local",
      location: dir,
      challengeId: "test",
      scoreField: "tps",
      scoreOrder: "desc",
      agents: 1,
      messages: 0,
      results: 0,
    });
  });

  test("another challenge's record is refused", () => {
    const { dir } = openTestHub();
    expect(() => openLocalHub({ dir, challenge: { ...challenge, id: "other" } })).toThrow(
      expect.objectContaining({ code: "CONFLICT" }),
    );
  });

  test("a record of a newer version is refused, one of an older is brought up", () => {
    const db = openDatabase(join(temporaryDirectory(), "x.db"));
    const steps = ["CREATE TABLE a (x) STRICT".replace("x", "x TEXT")];
    migrate(db, steps);
    migrate(db, [...steps, "CREATE TABLE b (y TEXT) STRICT"]);
    migrate(db, [...steps, "CREATE TABLE b (y TEXT) STRICT"]);
    expect(() => migrate(db, steps)).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
    expect(() => migrate(db, [...steps, "ok", "CREATE TABLE c (z TEXT) STRICT; nonsense"])).toThrow();
    expect(db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all()).toEqual([
      { name: "a" },
      { name: "b" },
    ]);
    db.close();
  });

  test("entries cannot be changed or deleted, whoever tries", async () => {
    const { hub, dir } = openTestHub();
    await register(hub, "ada");
    await hub.postMessage({ agentId: "ada", body: "for good" });
    await hub.storeTree(treeOf({ a: "b" }));
    const db = openDatabase(join(dir, "record.db"));
    expect(() => db.exec("UPDATE entries SET body = 'other'")).toThrow(/never change/);
    expect(() => db.exec("DELETE FROM entries")).toThrow(/never deleted/);
    db.close();
  });
});
