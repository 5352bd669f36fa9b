import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Failure, Run } from "../../../src/runner/runner.ts";
import { makeToy, processesBelow, type Toy } from "../support/toy-run.ts";

const FAILING = `require("node:http").createServer((q, r) => { r.statusCode = q.method === "GET" ? 200 : 400; r.end("no chat template"); }).listen(process.env.PORT, process.env.HOST)`;

async function withToy(work: (toy: Toy) => Promise<void>): Promise<void> {
  const toy = makeToy();
  try {
    await work(toy);
    expect(processesBelow(toy.dir)).toEqual([]);
  } finally {
    await toy.remove();
  }
}

/** A server that fails ends the run with its class and lines, and leaves no process behind. */
async function fails(
  server: string,
  manifest: Record<string, unknown> = {},
  profile = "brisk",
): Promise<Failure> {
  let run: Run | undefined;
  await withToy(async (toy) => {
    run = await toy.finish(server, manifest, { profile });
  });
  if (!run?.failure) throw new Error("the run did not fail");
  expect(run.state).toBe("failed");
  expect(run.stages.filter((stage) => stage.state === "failed").map((stage) => stage.name)).toEqual([
    run.failure.stage,
  ]);
  return run.failure;
}

describe.concurrent("a run whose server fails", () => {
  it("a server that exits is classified by its first cause, not by its last line", async () => {
    const failure = await fails("exits");
    expect(failure).toMatchObject({ class: "exited_before_ready", stage: "launch" });
    expect(failure.reason).toContain("exited with code 3");
    expect(failure.rootCauseLines).toContain("ValueError: rope scaling of a kind nobody knows");
  });

  it("a program that cannot be started is said to be so", async () => {
    const failure = await fails("good", { serve: ["no-such-program-anywhere"] });
    expect(failure).toMatchObject({ class: "exited_before_ready", stage: "launch" });
    expect(failure.reason).toContain("ENOENT");
  });

  it("a server that hangs is never ready", async () => {
    expect(await fails("hangs", {}, "hasty")).toMatchObject({ class: "never_ready", stage: "launch" });
  });

  it("a server that takes connections and says nothing is never ready", async () => {
    expect(await fails("never-answers", {}, "hasty")).toMatchObject({
      class: "never_ready",
      stage: "launch",
    });
  });

  it("a program of somebody else that answers on the port is not measured", async () => {
    await withToy(async (toy) => {
      const thief = join(toy.dir, "thief.pid");
      try {
        const run = await toy.finish("port-stealer", { env: { THIEF_PID_FILE: thief } });
        expect(run.failure).toMatchObject({ class: "port_taken", stage: "launch" });
      } finally {
        process.kill(Number(readFileSync(thief, "utf8")), "SIGKILL");
        await setTimeout(50);
      }
    });
  });

  it("a server that cannot have its port says so", async () => {
    const occupied = createServer().listen(0, "127.0.0.1");
    await once(occupied, "listening");
    const address = occupied.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const script = `require("node:http").createServer().listen(${port}, "127.0.0.1")`;
    expect(await fails("good", { serve: ["node", "-e", script] })).toMatchObject({ class: "port_taken" });
    occupied.close();
  });

  it("a server that dies while it is measured is classified, with its words", async () => {
    const failure = await fails("dies-mid-run");
    expect(failure).toMatchObject({ class: "server_died", stage: "throughput" });
    expect(failure.rootCauseLines).toContain("RuntimeError: the decode kernel failed");
  });

  it("a server that dies in the rest after its warm-up ends the run with its own last words", async () => {
    const failure = await fails("dies-after-warmup", {}, "official");
    expect(failure).toMatchObject({ class: "server_died", stage: "throughput" });
    expect(failure.rootCauseLines).toContain("RuntimeError: the graph capture failed");
  });

  it("a server that runs out of memory is classified", async () => {
    const failure = await fails("memory-hog", {
      serve: ["node", "--max-old-space-size=32", "memory-hog.mjs"],
    });
    expect(failure).toMatchObject({ class: "out_of_memory", stage: "throughput" });
  });

  it("an HTTP error on the last request fails the run and shows the body", async () => {
    const failure = await fails("answers-500");
    expect(failure).toMatchObject({ class: "request_failed", stage: "throughput" });
    expect(failure.reason).toContain("request 4 of 4 was answered with HTTP 500");
    expect(failure.reason).not.toContain("scheduler");
    expect(failure.rootCauseLines.join()).toContain("the scheduler lost the request");
  });

  it("a server whose every warm-up request fails shows the body", async () => {
    const failure = await fails("wrong-length", {
      env: { SERVED_MODEL_NAME: "toy" },
      serve: ["node", "-e", FAILING],
    });
    expect(failure).toMatchObject({ class: "request_failed", stage: "throughput" });
    expect(failure.rootCauseLines.join()).toContain("no chat template");
  });

  it("a request without an end is cut off", async () => {
    expect(await fails("stalls", {}, "hasty")).toMatchObject({
      class: "request_timeout",
      stage: "throughput",
    });
  });

  it("too few tokens fail the run", async () => {
    const failure = await fails("wrong-length");
    expect(failure).toMatchObject({ class: "wrong_length", stage: "throughput" });
    expect(failure.reason).toContain("gave 15 tokens, 16 were asked for");
  });

  it("a missing token count fails the run instead of being credited", async () => {
    const failure = await fails("missing-usage");
    expect(failure).toMatchObject({ class: "bad_response", stage: "throughput" });
    expect(failure.reason).toContain("usage.completion_tokens");
  });

  it("a log-probability of minus infinity fails the run, after a look at all records", async () => {
    const failure = await fails("bad-logprobs");
    expect(failure).toMatchObject({ class: "bad_logprobs", stage: "perplexity" });
    expect(failure.reason).toContain("3 of 3");
  });

  it("a server that changes its own stack has not been measured as it is", async () => {
    await withToy(async (toy) => {
      const run = await toy.finish("self-changer", {}, { profile: "brisk" });
      expect(run).toMatchObject({
        state: "failed",
        failure: { class: "stack_invalid", reason: "the stack's server changed its own files" },
      });
      const two = await toy.finish("self-changer", {}, { profile: "brisk", launches: 2 });
      expect(two.failure?.class).toBe("stack_invalid");
      expect(two.stages.filter(({ launch }) => launch === 2).map(({ state }) => state)).not.toContain("done");
    });
  });

  it("a home that cannot be written is no bug of the runner", async () => {
    const failure = await fails("home-breaker");
    expect(failure).toMatchObject({ class: "storage", stage: "decode" });
    expect(failure.reason).toMatch(/^runs\/run-[^/]*\/launch-1\/decode_outputs.jsonl in the home directory/);
    expect(failure.hint).toContain("COLLABS_HOME");
  });

  it("a server that ignores SIGTERM, and its children everywhere, are ended", async () => {
    await withToy(async (toy) => {
      const run = await toy.finish("stubborn", {}, { profile: "brisk" });
      expect(run.state).toBe("completed");
      expect(processesBelow(toy.dir)).toEqual([]);
    });
  });
});

it("a chatty server fills neither memory nor disk, and first and last words are kept", async () => {
  await withToy(async (toy) => {
    const run = await toy.finish("chatty", { env: { CHATTER_MB: "256" } }, { profile: "brisk" });
    expect(run.state).toBe("completed");
    const kept = readdirSync(run.dir).filter((name) => name.startsWith("server.log"));
    const bytes = kept.reduce((sum, name) => sum + statSync(join(run.dir, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(6 * 1024 * 1024);
    const last = await toy.runner.logs(run.id, { limit: 2 });
    expect(last.lines).toEqual(["the last line of the chatter", "toy server is ready"]);
    expect(last.sizeBytes).toBeGreaterThan(256 * 1024 * 1024);
    const first = await toy.runner.logs(run.id, { cursor: 0, limit: 1 });
    expect(first.lines).toEqual(["[launch 1]"]);
    const gap = await toy.runner.logs(run.id, { cursor: first.cursor, limit: 1000, grep: "not kept" });
    expect(gap.lines).toHaveLength(1);
  });
});
