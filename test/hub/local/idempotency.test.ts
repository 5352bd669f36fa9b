import { describe, expect, test } from "vitest";
import { openTestHub, postScore, register, resultFields } from "../support.ts";

const draft = { agentId: "ada", body: "@bob @nobody hello", idempotencyKey: "k1" };

describe("an idempotency key", () => {
  test("posts once and gives back the first answer, to another process too", async () => {
    const { hub, dir } = openTestHub();
    await register(hub, "ada", "bob");
    const first = await hub.postMessage(draft);
    expect(first).toMatchObject({
      replayed: false,
      delivered: ["bob"],
      unknownMentions: [{ handle: "nobody" }],
    });
    const { hub: other } = openTestHub({ dir });
    expect(
      await other.postMessage({
        idempotencyKey: "k1",
        refs: undefined,
        body: draft.body,
        agentId: "ada",
      } as typeof draft),
    ).toEqual({
      ...first,
      replayed: true,
    });
    expect((await hub.describe()).messages).toBe(1);
    expect((await hub.inbox("bob", {})).count).toBe(1);
  });

  test("used for other content is a conflict, and nothing is written", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    await hub.postMessage(draft);
    await expect(hub.postMessage({ ...draft, body: "other" })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await hub.describe()).messages).toBe(1);
  });

  test("belongs to one agent and one kind of write", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    const posted = [
      await hub.postMessage(draft),
      await hub.postMessage({ ...draft, agentId: "bob" }),
      await hub.postResult({ agentId: "ada", frontmatter: resultFields(1), body: "", idempotencyKey: "k1" }),
    ];
    expect(posted.map(({ replayed }) => replayed)).toEqual([false, false, false]);
  });

  test("is remembered for 24 hours", async () => {
    const { hub, clock } = openTestHub();
    await register(hub, "ada", "bob");
    const first = await hub.postMessage(draft);
    clock.ms += 24 * 3_600_000;
    expect((await hub.postMessage(draft)).filename).toBe(first.filename);
    clock.ms += 1;
    expect(await hub.postMessage(draft)).toMatchObject({ replayed: false });
    expect((await hub.describe()).messages).toBe(2);
  });

  test("of a refused write is free again", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    await expect(hub.postMessage({ ...draft, refs: ["missing.md"] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect(await hub.postMessage(draft)).toMatchObject({ replayed: false });
  });

  test("serves results and withdrawals alike, whatever the order of the fields", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    const { tps, ...others } = resultFields(5);
    const result = { agentId: "ada", body: "", idempotencyKey: "r" };
    const first = await hub.postResult({ ...result, frontmatter: { tps, ...others } });
    expect(await hub.postResult({ ...result, frontmatter: { ...others, tps } })).toEqual({
      ...first,
      replayed: true,
    });

    const other = await postScore(hub, "ada", 7);
    const withdrawal = { agentId: "ada", filename: first.filename, reason: "x", idempotencyKey: "w" };
    const withdrawn = await hub.withdrawResult(withdrawal);
    expect(await hub.withdrawResult(withdrawal)).toEqual({ ...withdrawn, replayed: true });
    await expect(hub.withdrawResult({ ...withdrawal, filename: other })).rejects.toMatchObject({
      code: "CONFLICT",
    });
  });

  test("is one line of at most 200 characters", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    for (const idempotencyKey of ["", "a\nb", "x".repeat(201)]) {
      await expect(hub.postMessage({ ...draft, idempotencyKey })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
  });
});
