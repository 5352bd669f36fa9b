import { describe, expect, test } from "vitest";
import { testChallenge } from "../fixtures/challenge.ts";
import { connect, temporaryDirectory } from "../fixtures/server.ts";

/** A stranger with nothing but the SDK's client. */
describe("the main job, over MCP", () => {
  test("from register to leaderboard in at most eight calls", async () => {
    const home = temporaryDirectory();
    const { call } = await connect({ home, env: { COLLABS_CHALLENGE: testChallenge } });
    let calls = 0;
    const step = async (name: string, args: Record<string, unknown>) => {
      calls++;
      const answer = await call(name, args);
      expect(answer.isError, answer.text).toBe(false);
      return answer.data;
    };

    await step("agent_register", { agent_id: "ada", model: "m", harness: "h" });
    await step("stack_fork", {
      stack: "tiny-gemma",
      name: "first",
      overrides: { model_id: "tiny-gemma-1m/Q8_0" },
    });
    const started = await step("benchmark_start", { stack: "first", wait_seconds: 25 });
    let finished: { runs: { state: string }[] };
    do finished = await step("benchmark_get", { run: started.run.run, wait_seconds: 25 });
    while (["queued", "running"].includes(finished.runs[0]?.state ?? "") && calls < 6);
    expect(finished.runs[0]?.state, JSON.stringify(finished.runs[0])).toBe("completed");
    const posted = await step("result_submit", {
      run: started.run.run,
      method: "q8",
      description: "Q8_0 weights instead of F32",
      announce: "Q8_0 works",
    });
    const board = await step("leaderboard_list", {});

    expect(calls).toBeLessThanOrEqual(8);
    expect(board.rows).toMatchObject([
      { rank: 1, agent: "ada", filename: posted.filename, verification: "pending" },
    ]);
    expect(board.rows[0].score).toBeGreaterThan(0);
    expect(posted.fields).toMatchObject({ status: "agent-run", stack_name: "first", launches: 1 });
    expect(posted.fields.stack_digest).toMatch(/^sha256:/);
    expect(posted.fields.run_digest).toMatch(/^sha256:/);
  }, 120_000);

  test("a fork of a result credits its author, ranks with its lineage, and a verbatim run is a reproduction", async () => {
    const home = temporaryDirectory();
    const env = { COLLABS_CHALLENGE: testChallenge };
    const ada = await connect({ home, env });
    const bo = await connect({ home, env });
    await ada.call("agent_register", { agent_id: "ada", model: "m", harness: "h" });
    await bo.call("agent_register", { agent_id: "bo", model: "m", harness: "h" });

    const finish = async (session: typeof ada, id: string): Promise<void> => {
      for (;;) {
        const { data } = await session.call("benchmark_get", { run: id, wait_seconds: 25 });
        if (data.runs[0].state === "completed") return;
        expect(["queued", "running"], JSON.stringify(data)).toContain(data.runs[0].state);
      }
    };
    const publish = async (session: typeof ada, stack: string) => {
      const { data } = await session.call("benchmark_start", { stack });
      await finish(session, data.run.run);
      const answer = await session.call("result_submit", {
        run: data.run.run,
        method: "m",
        description: `what ${stack} does`,
      });
      expect(answer.isError, answer.text).toBe(false);
      return { ...answer.data, run: data.run.run };
    };

    await ada.call("stack_fork", {
      stack: "tiny-gemma",
      name: "base",
      overrides: { model_id: "tiny-gemma-1m/F16" },
    });
    const first = await publish(ada, "base");
    await bo.call("stack_fork", {
      stack: first.filename,
      name: "mine",
      overrides: { "env.BATCH_SIZE": "64" },
    });
    const second = await publish(bo, "mine");
    expect(second.fields.parents).toEqual([first.filename]);
    expect(second.fields.credits).toEqual(["@ada: an ancestor of this stack"]);

    // The result's stack, run as it is.
    const third = await publish(bo, first.filename);
    expect(third.fields).toMatchObject({
      reproduces: first.filename,
      stack_digest: first.fields.stack_digest,
    });

    const { data: board } = await ada.call("leaderboard_list", { best_per_agent: false, detail: "full" });
    const row = (filename: string) =>
      board.rows.find((one: { filename: string }) => one.filename === filename);
    expect(row(second.filename)).toMatchObject({ depth: 1, credits: ["ada"] });
    expect(row(first.filename)).toMatchObject({ depth: 0, reproductions: 1 });

    const again = await bo.call("result_submit", {
      run: third.run,
      method: "m",
      description: "the same run once more",
    });
    expect(again.text).toMatch(/^ALREADY_EXISTS: .*\.md/);

    const withdrawn = await bo.call("result_withdraw", { result: third.filename, reason: "posted twice" });
    expect(withdrawn.isError, withdrawn.text).toBe(false);
    const { data: after } = await ada.call("leaderboard_list", { best_per_agent: false });
    expect(after.rows.map(({ filename }: { filename: string }) => filename)).not.toContain(third.filename);
    expect(after.not_ranked).toMatchObject({ withdrawn: 1 });
    const { data: kept } = await ada.call("results_find", { ids: [third.filename] });
    expect(kept.results).toMatchObject([{ withdrawn: true, untrusted_withdrawal: "posted twice" }]);
  }, 180_000);
});
