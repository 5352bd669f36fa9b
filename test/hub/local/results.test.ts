import { describe, expect, test } from "vitest";
import { setVerdict } from "../../../src/hub/local/verdicts.ts";
import { withdrawalBody, withdrawalIn } from "../../../src/hub/record/withdrawal.ts";
import { digestOf, NOON, openTestHub, postScore, register, resultFields } from "../support.ts";

describe("posting a result", () => {
  test("keeps the author's fields, stamps its own, and shows it as pending at once", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    const { filename } = await hub.postResult({
      agentId: "ada",
      frontmatter: { agent: "forged", ...resultFields(412.7), artifacts: "artifacts/x/" },
      body: "setup",
    });
    expect(await hub.result(filename)).toEqual({
      filename: "20260612-134507-042_ada.md",
      author: "ada",
      stamp: "20260612-134507-042",
      frontmatter: {
        ...resultFields(412.7),
        artifacts: "artifacts/x/",
        agent: "ada",
        timestamp: "2026-06-12 13:45 UTC",
        via: "bucket",
      },
      body: "setup",
      verification: "pending",
      withdrawn: null,
    });
    expect(await hub.results({})).toMatchObject({ count: 1, matched: 1, next: null });
    expect(await hub.message(filename)).toBeUndefined();
  });

  test("is checked by the challenge's rules before anything is written", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    for (const more of [{ tps: Number.NaN }, { ppl: "low" }, { status: "done" }, { extra: "\u0000" }]) {
      const draft = { agentId: "ada", frontmatter: resultFields(100, more), body: "" };
      await expect(hub.postResult(draft)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(hub.previewResult(draft)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    await expect(
      hub.postResult({ agentId: "ghost", frontmatter: resultFields(1), body: "" }),
    ).rejects.toMatchObject({
      code: "NOT_REGISTERED",
    });
    expect((await hub.results({})).count).toBe(0);
  });

  test("one run is one result of its author; another agent's run of the same digest is its own", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    const run_digest = digestOf("a");
    const first = await postScore(hub, "ada", 100, { run_digest });
    const again = { agentId: "ada", frontmatter: resultFields(101, { run_digest }), body: "again" };
    const refusal = { code: "ALREADY_EXISTS", message: expect.stringContaining(first) };
    await expect(hub.postResult(again)).rejects.toMatchObject(refusal);
    await expect(hub.previewResult(again)).rejects.toMatchObject(refusal);
    await postScore(hub, "bob", 100, { run_digest });
  });

  test("the very same bytes are one result, whoever posts them, at any time", async () => {
    const { hub, clock } = openTestHub();
    await register(hub, "ada", "bob");
    const draft = { frontmatter: resultFields(100), body: "same" };
    const { filename } = await hub.postResult({ agentId: "ada", ...draft });
    clock.ms += 365 * 86_400_000;
    await expect(hub.postResult({ agentId: "bob", ...draft })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: expect.stringContaining(filename),
    });
  });

  test("a preview of a good one writes nothing", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    expect(await hub.previewResult({ agentId: "ada", frontmatter: resultFields(1), body: "" })).toEqual({
      filename: "",
      replayed: false,
    });
    expect((await hub.results({})).count).toBe(0);
  });
});

test("results are found by status, verification, stack, method and author", async () => {
  const { hub, dir, clock } = openTestHub();
  await register(hub, "ada", "bob");
  const post = async (agentId: string, tps: number, more: Record<string, unknown> = {}) => {
    clock.ms += 1000;
    return postScore(hub, agentId, tps, more);
  };
  const valid = await post("ada", 100, { stack_digest: digestOf("1"), method: "FP8 cudagraph" });
  const negative = await post("ada", 50, { status: "negative" });
  const invalid = await post("bob", 500);
  const pending = await post("bob", 120);
  setVerdict(dir, valid, "valid");
  setVerdict(dir, invalid, "invalid");

  const found = async (query: Parameters<typeof hub.results>[0]) => {
    const { items, matched, count } = await hub.results(query);
    expect([matched, count]).toEqual([items.length, 4]);
    return items.map(({ filename }) => filename);
  };
  expect(await found({})).toEqual([pending, invalid, negative, valid]);
  expect(await found({ status: "negative" })).toEqual([negative]);
  expect(await found({ verification: ["valid"] })).toEqual([valid]);
  expect(await found({ verification: ["pending"] })).toEqual([pending, negative]);
  expect(await found({ verification: ["valid", "invalid"] })).toEqual([invalid, valid]);
  expect(await found({ stackDigest: digestOf("1") })).toEqual([valid]);
  expect(await found({ method: "fp8 CUDA" })).toEqual([valid]);
  expect(await found({ agent: "bob", q: "measured 120" })).toEqual([pending]);
  expect(await found({ since: "20260612-134510" })).toEqual([pending, invalid]);
  expect(() => setVerdict(dir, "20260101-000000-000_ada.md", "valid")).toThrow(/no result/);
});

describe("withdrawing", () => {
  test("marks the result by a message that agents without this server can read", async () => {
    const { hub, clock } = openTestHub();
    await register(hub, "ada");
    const result = await postScore(hub, "ada", 100);
    clock.ms += 1000;
    const posted = await hub.withdrawResult({ agentId: "ada", filename: result, reason: "cannot repeat it" });
    expect(posted).toEqual({ filename: "20260612-134508-042_ada.md", replayed: false });
    const message = (await hub.message(posted.filename))!;
    expect(message).toMatchObject({
      type: "withdrawal",
      refs: [result],
      body: expect.stringContaining("cannot repeat it"),
    });
    expect(withdrawalIn(message)).toEqual({ result, reason: "cannot repeat it" });
    expect(await hub.result(result)).toMatchObject({
      withdrawn: { reason: "cannot repeat it", stamp: "20260612-134508-042" },
    });
    expect(await hub.leaderboard({})).toMatchObject({ rows: [], excluded: { withdrawn: 1 } });
    expect((await hub.results({})).items).toHaveLength(1);
    expect(await hub.results({ withdrawn: false })).toMatchObject({ count: 1, matched: 0, items: [] });
  });

  test("a second time changes nothing and answers the same", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    const filename = await postScore(hub, "ada", 100);
    const first = await hub.withdrawResult({ agentId: "ada", filename, reason: "one" });
    expect(await hub.withdrawResult({ agentId: "ada", filename, reason: "two" })).toEqual({
      ...first,
      replayed: true,
    });
    expect((await hub.result(filename))?.withdrawn?.reason).toBe("one");
    expect((await hub.describe()).messages).toBe(1);
  });

  test("is for the author alone, and for results alone", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    const filename = await postScore(hub, "ada", 100);
    const message = await hub.postMessage({ agentId: "bob", body: "mine" });
    const withdraw = (agentId: string, name: string) =>
      hub.withdrawResult({ agentId, filename: name, reason: "x" });
    await expect(withdraw("bob", filename)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(withdraw("bob", message.filename)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(withdraw("bob", "20260101-000000-000_bob.md")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(withdraw("ghost", filename)).rejects.toMatchObject({ code: "NOT_REGISTERED" });
    await expect(hub.withdrawResult({ agentId: "ada", filename, reason: " " })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect((await hub.result(filename))?.withdrawn).toBeNull();
  });

  test("a message in the documented form withdraws too, if its author may", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    const result = await postScore(hub, "ada", 100);
    const draft = { body: withdrawalBody({ result, reason: "by hand" }), type: "withdrawal", refs: [result] };
    await hub.postMessage({ agentId: "bob", ...draft });
    expect((await hub.result(result))?.withdrawn).toBeNull();
    await hub.postMessage({ agentId: "ada", ...draft });
    expect((await hub.result(result))?.withdrawn?.reason).toBe("by hand");
  });
});

describe("the leaderboard", () => {
  test("follows new results, verdicts and withdrawals, those of other processes too", async () => {
    const { hub, dir } = openTestHub();
    const { hub: other } = openTestHub({ dir });
    await register(hub, "ada", "bob");
    const scores = async () => (await other.leaderboard({})).rows.map(({ agent, score }) => [agent, score]);
    expect(await scores()).toEqual([]);
    const low = await postScore(hub, "ada", 100);
    expect(await scores()).toEqual([["ada", 100]]);
    const high = await postScore(hub, "ada", 150);
    await postScore(hub, "bob", 120);
    expect(await scores()).toEqual([
      ["ada", 150],
      ["bob", 120],
    ]);
    setVerdict(dir, high, "invalid", () => NOON + 1000);
    expect(await scores()).toEqual([
      ["bob", 120],
      ["ada", 100],
    ]);
    setVerdict(dir, high, "valid", () => NOON + 2000);
    expect(await scores()).toEqual([
      ["ada", 150],
      ["bob", 120],
    ]);
    await hub.withdrawResult({ agentId: "ada", filename: low, reason: "x" });
    await hub.withdrawResult({ agentId: "ada", filename: high, reason: "x" });
    expect(await scores()).toEqual([["bob", 120]]);
    expect((await other.agents({ ids: ["ada"] })).items[0]?.bestScore).toBeNull();
  });

  test("shows lineage, reproductions and owners, and its own past", async () => {
    const { hub, clock } = openTestHub();
    await register(hub, "ada", "cy");
    await hub.registerAgent({ agentId: "bob", model: "m", harness: "h", tools: [], owner: "robert" });
    const root = await postScore(hub, "ada", 100, { stack_digest: digestOf("1") });
    const then = (await hub.digest({})).stamp;
    clock.ms += 1000;
    const child = await postScore(hub, "bob", 150, {
      stack_digest: digestOf("2"),
      parents: [root],
      credits: ["@ada"],
    });
    await postScore(hub, "cy", 149, { stack_digest: digestOf("2"), parents: [root], reproduces: child });
    const { rows } = await hub.leaderboard({});
    expect(rows[0]).toMatchObject({
      agent: "bob",
      owner: "robert",
      lineageDepth: 1,
      reproductions: 1,
      credits: ["ada"],
    });
    expect(rows[1]).toMatchObject({ agent: "cy", lineageDepth: 1, reproductions: 1, reproduces: child });
    expect(rows[2]).toMatchObject({ agent: "ada", owner: null, lineageDepth: 0, reproductions: 0 });
    expect((await hub.leaderboard({ asOf: String(then) })).rows.map(({ agent }) => agent)).toEqual(["ada"]);
    await expect(hub.leaderboard({ asOf: "then" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
