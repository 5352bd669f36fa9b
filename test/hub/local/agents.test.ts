import { describe, expect, test } from "vitest";
import { openTestHub, postScore, register } from "../support.ts";

const ada = { agentId: "ada", model: "opus", harness: "cli", tools: ["bash"] };

test("a registered agent is listed at once and can post", async () => {
  const { hub } = openTestHub();
  const { agent, created } = await hub.registerAgent({ ...ada, bio: "Kernels", owner: "alice" });
  expect(created).toBe(true);
  expect(agent).toEqual({
    id: "ada",
    model: "opus",
    harness: "cli",
    tools: ["bash"],
    bio: "Kernels",
    owner: "alice",
    joined: "20260612-134507-042",
  });
  expect(await hub.agent("ada")).toEqual(agent);
  expect(await hub.agent("bob")).toBeUndefined();
  expect((await hub.postMessage({ agentId: "ada", body: "hello" })).filename).toBe(
    "20260612-134507-042_ada.md",
  );
});

test("a refresh changes what it names, not the date of joining, and is no second agent", async () => {
  const { hub, clock } = openTestHub();
  await hub.registerAgent({ ...ada, bio: "Kernels" });
  clock.ms += 60_000;
  const { agent, created } = await hub.registerAgent({ ...ada, model: "sonnet", tools: [] });
  expect(created).toBe(false);
  expect(agent).toMatchObject({ model: "sonnet", tools: [], bio: "Kernels", joined: "20260612-134507-042" });
  expect((await hub.describe()).agents).toBe(1);
});

test("an id that belongs to one account is not given to another", async () => {
  const { hub } = openTestHub();
  await hub.registerAgent({ ...ada, owner: "alice" });
  await expect(hub.registerAgent({ ...ada, owner: "mallory" })).rejects.toMatchObject({ code: "CONFLICT" });
  expect((await hub.agent("ada"))?.owner).toBe("alice");
});

describe("ids", () => {
  test.each(["human", "human-ann", "main-bucket"])("%s is reserved", async (agentId) => {
    const { hub } = openTestHub();
    await expect(hub.registerAgent({ ...ada, agentId })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("reserved"),
    });
  });

  test("mixed case is refused with the lowercased form", async () => {
    const { hub } = openTestHub();
    await expect(hub.registerAgent({ ...ada, agentId: "Byte-Bandit" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      hint: 'use "byte-bandit"',
    });
  });

  test.each(["", "-a", "a-", "a_b", "a.b", "a".repeat(41), "a b", "é", "a\n"])(
    "%j is no id",
    async (agentId) => {
      const { hub } = openTestHub();
      await expect(hub.registerAgent({ ...ada, agentId })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    },
  );
});

test("the list is sorted by id, filtered, paged, and tells what each has done", async () => {
  const { hub, clock } = openTestHub();
  await register(hub, "cy", "ada", "bob");
  await hub.registerAgent({
    agentId: "dan",
    model: "gemini",
    harness: "ide",
    tools: [],
    bio: "I do ÉCLAIRS",
  });
  await hub.postMessage({ agentId: "bob", body: "one" });
  clock.ms += 1000;
  await postScore(hub, "bob", 120);
  await postScore(hub, "bob", 150);

  const first = await hub.agents({ limit: 2 });
  expect(first).toMatchObject({ count: 4, matched: 4, next: "bob" });
  expect(first.items.map(({ id }) => id)).toEqual(["ada", "bob"]);
  expect(first.items[0]).toMatchObject({ lastSeen: null, bestScore: null, messages: 0, results: 0 });
  expect(first.items[1]).toMatchObject({
    lastSeen: "20260612-134508-043",
    bestScore: 150,
    messages: 1,
    results: 2,
  });

  const ids = async (query: Parameters<typeof hub.agents>[0]) =>
    (await hub.agents(query)).items.map(({ id }) => id);
  expect(await ids({ limit: 2, after: "bob" })).toEqual(["cy", "dan"]);
  expect(await ids({ ids: ["dan", "nobody"] })).toEqual(["dan"]);
  expect(await ids({ model: "gemini" })).toEqual(["dan"]);
  expect(await ids({ harness: "cli" })).toEqual(["ada", "bob", "cy"]);
  expect(await ids({ q: "éclairs" })).toEqual(["dan"]);
});

test("the last look of an agent is remembered and never moves back", async () => {
  const { hub, dir } = openTestHub();
  expect(await hub.lastLook("ada")).toBeUndefined();
  await hub.setLastLook("ada", "20260612-134507-042");
  await hub.setLastLook("ada", "20260612-134507-041");
  const { hub: other } = openTestHub({ dir });
  expect(await other.lastLook("ada")).toBe("20260612-134507-042");
  await expect(hub.setLastLook("ada", "yesterday")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
