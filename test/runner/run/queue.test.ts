import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { packageRoot } from "../../../src/paths.ts";
import type { Run } from "../../../src/runner/runner.ts";
import { makeToy, processesBelow, type Toy } from "../support/toy-run.ts";

let toy: Toy;
afterEach(async () => {
  await toy.remove();
  expect(processesBelow(toy.dir)).toEqual([]);
});

const slow = { env: { TOY_MS_PER_TOKEN: "8" } };
const brisk = { profile: "brisk" };

async function until(run: Run, reached: (run: Run) => boolean): Promise<Run> {
  return vi.waitFor(
    async () => {
      const current = await toy.runner.run(run.id);
      if (!reached(current)) throw new Error(`${run.id} is ${current.state}`);
      return current;
    },
    { timeout: 15_000, interval: 50 },
  );
}
const measuring = (run: Run) =>
  run.stages.some((stage) => stage.name === "throughput" && stage.state !== "waiting");
const supervisors = (run: Run) =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      return command.includes("supervise.js") && command.includes(run.id);
    } catch {
      return false;
    }
  });

describe("runs on one device", () => {
  it("go one at a time, in the order of their start, and know their place", async () => {
    toy = makeToy();
    const runs: Run[] = [];
    for (let i = 0; i < 3; i++) runs.push(await toy.start("good", slow, brisk));
    const [first, second, third] = runs as [Run, Run, Run];
    await until(first, measuring);
    await until(third, (run) => run.queuePosition === 2);
    expect(await toy.runner.run(second.id)).toMatchObject({ state: "queued", queuePosition: 1 });
    const [device] = await toy.runner.devices();
    expect(device).toMatchObject({ running: first.id, queue: [second.id, third.id] });

    const done = await Promise.all(runs.map((run) => toy.ended(run)));
    expect(done.map((run) => run.state)).toEqual(["completed", "completed", "completed"]);
    for (const [index, run] of done.entries()) {
      const before = done[index - 1];
      if (before)
        expect(Date.parse(run.startedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(before.endedAt ?? "x"));
    }
    expect((await toy.runner.runs({})).map((run) => run.id)).toEqual([third.id, second.id, first.id]);
    expect(await toy.runner.runs({ agent: "bob" })).toEqual([]);
  });

  it("take over from one whose supervisor was killed, after its server is gone", async () => {
    toy = makeToy();
    const first = await toy.start("stubborn", { env: { TOY_MS_PER_TOKEN: "100" } }, brisk);
    await until(first, measuring);
    const second = await toy.start("good", {}, brisk);
    await until(second, (run) => run.queuePosition === 1);
    for (const pid of supervisors(first)) process.kill(Number(pid), "SIGKILL");
    expect(await toy.ended(second)).toMatchObject({ state: "completed" });
    // Nobody has looked at the first one yet: the second run cleared its device by itself.
    expect(processesBelow(toy.dir)).toEqual([]);
    expect(await toy.ended(first)).toMatchObject({
      state: "failed",
      failure: { class: "supervisor_lost", stage: "throughput" },
    });
  });

  it("leave no server behind when their supervisor is killed, though nobody looks", async () => {
    toy = makeToy();
    const run = await toy.start("good", { env: { TOY_MS_PER_TOKEN: "100" } }, brisk);
    await until(run, measuring);
    expect(processesBelow(toy.dir)).not.toEqual([]);
    for (const pid of supervisors(run)) process.kill(Number(pid), "SIGKILL");
    await vi.waitFor(() => expect(processesBelow(toy.dir)).toEqual([]), { timeout: 10_000 });
  });

  it("are lost with their supervisor, and whoever looks cleans up", async () => {
    toy = makeToy();
    const run = await toy.start("stubborn", { env: { TOY_MS_PER_TOKEN: "100" } }, brisk);
    await until(run, measuring);
    for (const pid of supervisors(run)) process.kill(Number(pid), "SIGKILL");
    expect(await toy.ended(run)).toMatchObject({ state: "failed", failure: { class: "supervisor_lost" } });
    expect(processesBelow(toy.dir)).toEqual([]);
  });
});

describe("cancel", () => {
  it("stops a running run and all its processes, and repeating it changes nothing", async () => {
    toy = makeToy();
    const run = await toy.start("good", { env: { TOY_MS_PER_TOKEN: "100" } }, brisk);
    await until(run, measuring);
    const cancelled = await toy.runner.cancel(run.id);
    expect(cancelled).toMatchObject({ state: "cancelled", failure: null, secondsLeft: null });
    expect(processesBelow(toy.dir)).toEqual([]);
    expect(await toy.runner.cancel(run.id)).toEqual(cancelled);
    await expect(toy.runner.evidence(run.id)).rejects.toMatchObject({ code: "NOT_POSTABLE" });
  });

  it("stops a run in the rest after its warm-up", async () => {
    toy = makeToy();
    const run = await toy.start("good");
    await until(run, (now) =>
      now.stages.some(({ name, note }) => name === "throughput" && note.startsWith("resting")),
    );
    expect(await toy.runner.cancel(run.id)).toMatchObject({ state: "cancelled", failure: null });
  });

  it("takes a waiting run out of the queue", async () => {
    toy = makeToy();
    const first = await toy.start("good", slow, brisk);
    const second = await toy.start("good", slow, brisk);
    expect(await toy.runner.cancel(second.id)).toMatchObject({ state: "cancelled", startedAt: null });
    expect((await toy.runner.devices())[0]?.queue).not.toContain(second.id);
    expect(await toy.ended(first)).toMatchObject({ state: "completed" });
  });

  it("does not touch a run that has ended", async () => {
    toy = makeToy();
    const run = await toy.finish("good", {}, brisk);
    expect(await toy.runner.cancel(run.id)).toEqual(run);
    expect(existsSync(join(run.dir, "cancel"))).toBe(false);
  });
});

describe("a run", () => {
  it("outlives the process that started it", async () => {
    toy = makeToy();
    const stack = toy.stack("good", slow);
    const script = join(toy.dir, "starter.mjs");
    writeFileSync(
      script,
      `import { createLocalRunner } from ${JSON.stringify(join(packageRoot, "dist", "runner", "local-runner.js"))};
       import { loadChallenge } from ${JSON.stringify(join(packageRoot, "dist", "challenge.js"))};
       const runner = createLocalRunner({ home: ${JSON.stringify(toy.home)}, challenge: loadChallenge(${JSON.stringify(toy.challenge.dir)}), log: console, graceSeconds: 0.5 });
       const run = await runner.start({ agentId: "ada", stackDir: ${JSON.stringify(stack)}, stackName: "s", ancestors: [], profile: "brisk" });
       process.stdout.write(run.id);
       process.kill(process.pid, "SIGKILL");`,
    );
    let id = "";
    try {
      execFileSync(process.execPath, [script], { encoding: "utf8" });
    } catch (error) {
      id = String((error as { stdout: string }).stdout);
    }
    expect(id).toMatch(/^run-/);
    expect(await toy.ended(await toy.runner.run(id))).toMatchObject({ state: "completed" });
  });

  it("is what was there when it was started, whatever happens to the stack afterwards", async () => {
    toy = makeToy();
    const stackDir = toy.stack("good", slow);
    const run = await toy.runner.start({ agentId: "ada", stackDir, stackName: "s", ancestors: [], ...brisk });
    writeFileSync(join(stackDir, "good.mjs"), "process.exit(1)");
    expect(await toy.ended(run)).toMatchObject({ state: "completed", stackDigest: run.stackDigest });
  });

  it("wakes its followers at every change of stage, and they can let go", async () => {
    toy = makeToy();
    let run = await toy.start("good", slow, brisk);
    const seen = new Set<string>();
    while (run.state === "queued" || run.state === "running") {
      run = await toy.runner.changed(run, AbortSignal.timeout(15_000));
      seen.add(run.stages.findLast((stage) => stage.state !== "waiting")?.name ?? run.state);
    }
    expect([...seen]).toEqual(expect.arrayContaining(["throughput", "decode", "perplexity"]));
    const other = await toy.start("good", { env: { TOY_MS_PER_TOKEN: "100" } }, brisk);
    const measured = await until(other, measuring);
    const letGo = new AbortController();
    setTimeout(() => letGo.abort(), 100);
    expect(await toy.runner.changed(measured, letGo.signal)).toMatchObject({ state: "running" });
  });

  it("tells how long it will take, from its own pace", async () => {
    toy = makeToy();
    const run = await toy.start("good", { env: { TOY_MS_PER_TOKEN: "40" } }, { ...brisk, launches: 2 });
    const measured = await until(run, (one) =>
      one.stages.some((stage) => stage.name === "decode" && stage.done > 1),
    );
    // Two passes of 4 x 16 tokens at 40 ms for the second launch alone.
    expect(measured.secondsLeft).toBeGreaterThan(5);
    await toy.runner.cancel(run.id);
  });
});

describe("start", () => {
  it("starts one run for a key with the same request, and refuses the key for another", async () => {
    let time = Date.now();
    toy = makeToy({ now: () => time });
    const stackDir = toy.stack("good");
    const request = {
      agentId: "ada",
      stackDir,
      stackName: "s",
      ancestors: [],
      ...brisk,
      idempotencyKey: "k",
    };
    const [a, b] = await Promise.all([toy.runner.start(request), toy.runner.start(request)]);
    expect(a.id).toBe(b.id);
    expect((await toy.runner.runs({})).length).toBe(1);
    await expect(toy.runner.start({ ...request, launches: 2 })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await toy.runner.start({ ...request, agentId: "bob" })).id).not.toBe(a.id);
    time += 25 * 3600 * 1000;
    expect((await toy.runner.start(request)).id).not.toBe(a.id);
    time = Date.now();
  });

  it("refuses data of the challenge that no run could use, before anything is queued", async () => {
    toy = makeToy();
    writeFileSync(join(toy.challenge.dir, "perplexity.jsonl"), '{"id": 1}');
    await expect(toy.start("good")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("perplexity.jsonl line 1: context_token_ids"),
    });
    expect(existsSync(toy.home)).toBe(false);
  });

  it("says what to do about a home that cannot be written", async () => {
    toy = makeToy();
    writeFileSync(toy.home, "");
    await expect(toy.start("good")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("ENOTDIR"),
      hint: expect.stringContaining("COLLABS_HOME"),
    });
  });

  it("refuses what cannot run, and leaves nothing behind", async () => {
    toy = makeToy();
    const invalid: [Record<string, unknown>, object][] = [
      [{ serve: [] }, { code: "STACK_INVALID" }],
      [{ serve: ["node", "missing.mjs"] }, { code: "STACK_INVALID" }],
    ];
    for (const [manifest, error] of invalid) {
      await expect(toy.start("good", manifest)).rejects.toMatchObject(error);
    }
    await expect(toy.start("good", {}, { profile: "nope" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(toy.runner.run("run-20260101-000000-000000")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(toy.runner.run("../../etc")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await toy.runner.runs({})).toEqual([]);
    expect(existsSync(join(toy.home, "runs"))).toBe(false);
  });
});
