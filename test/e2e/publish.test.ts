import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { testChallenge } from "../fixtures/challenge.ts";
import { connect, type Session, temporaryDirectory } from "../fixtures/server.ts";

/** The test challenge with other terms: a file, not code. */
function challengeWith(changes: object): string {
  const dir = join(temporaryDirectory(), "challenge");
  cpSync(dirname(testChallenge), dir, { recursive: true });
  const file = join(dir, "challenge.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...changes }));
  return file;
}

async function join_(home: string, challenge: string, id: string): Promise<Session> {
  const session = await connect({ home, env: { COLLABS_CHALLENGE: challenge } });
  await session.call("agent_register", { agent_id: id, model: "m", harness: "h" });
  return session;
}

async function measure({ call }: Session, args: Record<string, unknown>): Promise<string> {
  const { data, text } = await call("benchmark_start", args);
  const run = data?.run?.run;
  expect(run, text).toBeDefined();
  for (;;) {
    const [state] = (await call("benchmark_get", { run, wait_seconds: 25 })).data.runs;
    if (state.state === "completed") return run;
    expect(["queued", "running"], JSON.stringify(state)).toContain(state.state);
  }
}

const words = { method: "q8 weights", description: "Weights in Q8_0 instead of F32" };

describe("publishing", () => {
  test("refuses what a run does not support, and says what can be done instead", async () => {
    const home = temporaryDirectory();
    // Nothing stays under this cap.
    const challenge = challengeWith({ guard: { field: "ppl", cap: 2 } });
    const ada = await join_(home, challenge, "ada");
    const bo = await join_(home, challenge, "bo");
    await ada.call("stack_fork", {
      stack: "tiny-gemma",
      name: "mine",
      overrides: { model_id: "tiny-gemma-1m/Q8_0" },
    });

    const quick = await measure(ada, { stack: "mine", profile: "quick" });
    expect((await ada.call("result_submit", { run: quick, ...words })).text).toMatch(
      /^NOT_POSTABLE: .*"quick".* Next: benchmark_start/,
    );

    const run = await measure(ada, { stack: "mine" });
    const refusals: [Session, object, RegExp][] = [
      [ada, words, /^NOT_POSTABLE: ppl is .* over the cap of 2.* Next: .*"negative"/],
      [ada, { ...words, method: "…", status: "negative" }, /^INVALID_ARGUMENT: method .* placeholder/],
      [
        ada,
        { ...words, description: "<=100 chars: what you did", status: "negative" },
        /^INVALID_ARGUMENT: description .* placeholder/,
      ],
      [
        ada,
        { ...words, credits: ["the board"], status: "negative" },
        /^INVALID_ARGUMENT: credits: .*@handle/,
      ],
      [
        ada,
        { ...words, credits: ["@bob: ideas"], status: "negative" },
        /^NOT_FOUND: credits: nobody here is called @bob, did you mean @bo\?/,
      ],
      [bo, words, /^FORBIDDEN: .* belongs to ada/],
    ];
    for (const [session, args, message] of refusals) {
      expect((await session.call("result_submit", { run, ...args })).text).toMatch(message);
    }
    expect((await ada.call("results_find")).data.page.matched).toBe(0);

    const dry = await ada.call("result_submit", {
      run,
      ...words,
      status: "negative",
      credits: ["@bo: the idea"],
      dry_run: true,
    });
    expect(dry.data).toMatchObject({
      posted: false,
      fields: { status: "negative", credits: ["@bo: the idea"], stack_name: "mine" },
    });
    // Following the dry run posts what it showed, and nothing else.
    expect(dry.data.next).toMatchObject([
      { tool: "result_submit", args: { run, ...words, status: "negative", credits: ["@bo: the idea"] } },
    ]);
    expect((await ada.call("results_find")).data.page.matched).toBe(0);
    const posted = await ada.call("result_submit", {
      run,
      ...words,
      status: "negative",
      credits: ["@bo: the idea"],
      idempotency_key: "k",
    });
    expect(posted.data.fields).toEqual(dry.data.fields);
    const again = await ada.call("result_submit", {
      run,
      ...words,
      status: "negative",
      credits: ["@bo: the idea"],
      idempotency_key: "k",
    });
    expect(again.data.filename).toBe(posted.data.filename);

    const board = (await ada.call("leaderboard_list")).data;
    expect(board.rows).toEqual([]);
    expect(board.not_ranked).toMatchObject({ status_negative: 1 });
    expect((await ada.call("results_find", { status: "negative" })).data.results).toMatchObject([
      { filename: posted.data.filename },
    ]);
    expect((await ada.call("stack_check", { stack: "mine" })).data.known_results).toEqual([
      posted.data.filename,
    ]);
  }, 180_000);

  test("a goal other than speed is another file: the lowest latency leads", async () => {
    const home = temporaryDirectory();
    const { guard: _, ...terms } = JSON.parse(readFileSync(testChallenge, "utf8"));
    const challenge = challengeWith({
      ...terms,
      id: "latency",
      score: { field: "p99_e2e_latency_ms", unit: "ms", order: "asc" },
      required_result_fields: ["method", "status", "description"],
    });
    const ada = await join_(home, challenge, "ada");
    for (const [name, model] of [
      ["f32", "tiny-gemma-1m/F32"],
      ["q8", "tiny-gemma-1m/Q8_0"],
    ]) {
      await ada.call("stack_fork", { stack: "tiny-gemma", name, overrides: { model_id: model } });
      const run = await measure(ada, { stack: name });
      expect(
        (
          await ada.call("result_submit", {
            run,
            method: `weights ${name}`,
            description: `Weights in ${name}`,
          })
        ).isError,
      ).toBe(false);
    }
    const { rows, goal } = (await ada.call("leaderboard_list", { best_per_agent: false })).data;
    expect(goal).toContain("lowest p99_e2e_latency_ms (ms)");
    expect(rows).toHaveLength(2);
    expect(rows[0].score).toBeLessThanOrEqual(rows[1].score);
  }, 180_000);
});

describe("a benchmark", () => {
  test("goes on when its server is killed, and a second server follows it; cancelling leaves nothing behind", async () => {
    const home = temporaryDirectory();
    const first = await join_(home, testChallenge, "ada");
    await first.call("stack_fork", {
      stack: "tiny-gemma",
      name: "mine",
      overrides: { model_id: "tiny-gemma-1m/Q8_0" },
    });
    const { data } = await first.call("benchmark_start", {
      stack: "mine",
      launches: 2,
      idempotency_key: "once",
    });
    const transport = first.client.transport as unknown as { pid: number };
    process.kill(transport.pid, "SIGKILL");

    const second = await join_(home, testChallenge, "ada");
    const again = await second.call("benchmark_start", {
      stack: "mine",
      launches: 2,
      idempotency_key: "once",
    });
    expect(again.data.run.run).toBe(data.run.run);
    let state = again.data.run;
    while (["queued", "running"].includes(state.state)) {
      [state] = (await second.call("benchmark_get", { run: data.run.run, wait_seconds: 25 })).data.runs;
    }
    expect(state).toMatchObject({ state: "completed", numbers: { launches: 2 } });
    expect(state.numbers.tps_sd).toBeGreaterThanOrEqual(0);

    const long = await second.call("benchmark_start", { stack: "mine", launches: 20 });
    const notes: string[] = [];
    const waited = await second.client.callTool(
      { name: "benchmark_get", arguments: { run: long.data.run.run, wait_seconds: 4 } },
      undefined,
      { onprogress: ({ message }) => notes.push(message ?? "") },
    );
    expect(waited.isError).toBeFalsy();
    expect(notes.join("\n")).toMatch(/launch|throughput/);
    const bo = await join_(home, testChallenge, "bo");
    expect((await bo.call("benchmark_cancel", { run: long.data.run.run })).text).toMatch(/^FORBIDDEN/);
    const cancelled = await second.call("benchmark_cancel", { run: long.data.run.run });
    expect(cancelled.data.run.state, JSON.stringify(cancelled.data)).toBe("cancelled");
    expect((await second.call("gpu_status")).data.devices[0].running).toBeUndefined();
  }, 180_000);
});
