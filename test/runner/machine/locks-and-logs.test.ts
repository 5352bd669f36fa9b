import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../../src/paths.ts";
import { logSegments, openCappedLog, SEGMENT_BYTES } from "../../../src/runner/machine/capped-log.ts";
import { isLocked, tryLock } from "../../../src/runner/machine/lock.ts";
import { readLogPage } from "../../../src/runner/machine/log-pages.ts";
import { enterQueue, leaseHolder, queueOf, tryLease } from "../../../src/runner/run/lease.ts";

const scratch = mkdtempSync(join(tmpdir(), "locks-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function holder(file: string): Promise<ChildProcess> {
  const script = join(scratch, "holder.mjs");
  writeFileSync(
    script,
    `import { tryLock } from ${JSON.stringify(join(packageRoot, "dist", "runner", "machine", "lock.js"))};
     process.stdout.write(tryLock(${JSON.stringify(file)}) ? "held" : "refused");
     setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout as NonNullable<typeof child.stdout>, "data");
  expect(String(said)).toBe("held");
  return child;
}

describe("a lock", () => {
  it("has one holder in this process, and is free after its release", () => {
    const file = join(scratch, "one.lock");
    expect(isLocked(file)).toBe(false);
    const lock = tryLock(file);
    expect(lock).toBeDefined();
    expect(tryLock(file)).toBeUndefined();
    expect(isLocked(file)).toBe(true);
    lock?.release();
    expect(isLocked(file)).toBe(false);
    tryLock(file)?.release();
  });

  it("is freed by the kernel when its holder is killed", async () => {
    const file = join(scratch, "two.lock");
    const child = await holder(file);
    expect(tryLock(file)).toBeUndefined();
    expect(isLocked(file)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isLocked(file)).toBe(false);
    const lock = tryLock(file);
    expect(lock).toBeDefined();
    lock?.release();
  });
});

describe("a lease", () => {
  it("names its holder and who had it before", async () => {
    const home = mkdtempSync(join(scratch, "home-"));
    const first = await tryLease(home, "cpu", "run-a");
    expect(first?.previous).toBeUndefined();
    expect(await tryLease(home, "cpu", "run-b")).toBeUndefined();
    expect(await leaseHolder(home, "cpu")).toBe("run-a");
    first?.release();
    expect(await leaseHolder(home, "cpu")).toBeUndefined();
    const second = await tryLease(home, "cpu", "run-b");
    expect(second?.previous).toBe("run-a");
    second?.release();
  });

  it("is queued for in order of creation, by who lives or may still be starting", async () => {
    const home = mkdtempSync(join(scratch, "home-"));
    const now = 1_800_000_000_000;
    await enterQueue(home, "cpu", { runId: "run-late", createdAt: now });
    await enterQueue(home, "cpu", { runId: "run-early", createdAt: now - 1000 });
    await enterQueue(home, "cpu", { runId: "run-dead", createdAt: now - 60_000 });
    expect(await queueOf(home, "cpu", now)).toEqual(["run-early", "run-late"]);
    expect(await queueOf(home, "gpu-0", now)).toEqual([]);
    // Its supervisor has lived, and holds no lock: that one will not start any more.
    mkdirSync(join(home, "runs", "run-early"), { recursive: true });
    writeFileSync(join(home, "runs", "run-early", "started"), "");
    expect(await queueOf(home, "cpu", now)).toEqual(["run-late"]);
  });
});

describe("a log", () => {
  const write = (text: string) => {
    const path = join(mkdtempSync(join(scratch, "log-")), "server.log");
    const log = openCappedLog(path);
    log.write(Buffer.from(text));
    return { path, log };
  };

  it("is read by pages that join without loss", () => {
    const { path, log } = write(Array.from({ length: 25 }, (_, i) => `line ${i}\n`).join(""));
    const lines: string[] = [];
    let cursor = 0;
    for (let page = 0; page < 3; page++) {
      const next = readLogPage(path, { cursor, limit: 10 }, true);
      lines.push(...next.lines);
      cursor = next.cursor;
      expect(next.finished).toBe(page === 2);
    }
    expect(lines).toEqual(Array.from({ length: 25 }, (_, i) => `line ${i}`));
    log.close();
  });

  it("gives the last lines first, and holds back a line that is still being written", () => {
    const { path, log } = write("one\ntwo\nthr");
    expect(readLogPage(path, { limit: 1 }, false)).toMatchObject({
      lines: ["two"],
      cursor: 8,
      finished: false,
    });
    log.write(Buffer.from("ee\n"));
    expect(readLogPage(path, { cursor: 8 }, true)).toMatchObject({
      lines: ["three"],
      finished: true,
      sizeBytes: 14,
    });
    log.close();
  });

  it("gives an unfinished last line once nothing more will come", () => {
    const { path, log } = write("one\ntwo");
    expect(readLogPage(path, { cursor: 0 }, true).lines).toEqual(["one", "two"]);
    log.close();
  });

  it("finds lines by their text, without regard to case", () => {
    const { path, log } = write("Error: a\nfine\nERROR: b\n");
    expect(readLogPage(path, { grep: "error" }, true).lines).toEqual(["Error: a", "ERROR: b"]);
    expect(readLogPage(path, { cursor: 0, limit: 1, grep: "error" }, true).cursor).toBe(9);
    log.close();
  });

  it("keeps the first and the last, and says what is missing between", () => {
    const { path, log } = write("first\n");
    const block = Buffer.from(`${"x".repeat(1023)}\n`.repeat(1024));
    for (let i = 0; i < 12; i++) log.write(block);
    log.write(Buffer.from("last\n"));
    const segments = logSegments(path);
    expect(segments).toHaveLength(5);
    expect(segments.reduce((sum, segment) => sum + segment.size, 0)).toBeLessThanOrEqual(5 * SEGMENT_BYTES);
    expect(readLogPage(path, { limit: 1 }, true).lines).toEqual(["last"]);
    expect(readLogPage(path, { cursor: 0, limit: 1 }, true).lines).toEqual(["first"]);
    const [gap] = readLogPage(path, { cursor: 6, limit: 1000, grep: "not kept" }, true).lines;
    const kept = segments.reduce((sum, segment) => sum + segment.size, 0);
    expect(gap).toBe(`[${log.position - kept} bytes of output were not kept]`);
    log.close();
  });

  it("goes on where an earlier writer stopped", () => {
    const { path, log } = write("one\n");
    log.close();
    const again = openCappedLog(path);
    expect(again.position).toBe(4);
    again.write(Buffer.from("two\n"));
    again.close();
    expect(readLogPage(path, { cursor: 0 }, true).lines).toEqual(["one", "two"]);
  });

  it("hands out a line without an end in pieces", () => {
    const { path, log } = write("y".repeat(200_000));
    const page = readLogPage(path, { cursor: 0, limit: 2 }, false);
    expect(page.lines).toHaveLength(2);
    expect(page.lines[0]).toHaveLength(2004);
    expect(page.cursor).toBe(2 * 65536);
    log.close();
  });

  it("is empty where nothing was written", () => {
    expect(readLogPage(join(scratch, "none.log"), {}, false)).toEqual({
      lines: [],
      cursor: 0,
      finished: false,
      sizeBytes: 0,
    });
  });
});

it.skipIf(!existsSync("/dev/full"))(
  "a log on a full disk drops words and ends nobody (skipped without /dev/full)",
  () => {
    const path = join(scratch, "full.log");
    symlinkSync("/dev/full", path);
    const log = openCappedLog(path);
    log.write(Buffer.from("words"));
    expect(log.fault).toMatchObject({ code: "ENOSPC" });
    expect(log.position).toBe(0);
    log.close();
  },
);
