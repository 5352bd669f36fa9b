import { expect, test } from "vitest";
import { setVerdict } from "../../../src/hub/local/verdicts.ts";
import { openTestHub, postScore, register } from "../support.ts";

test("a digest shows the newest of everything, verification inline, and the inbox of its reader", async () => {
  const { hub, dir, clock } = openTestHub();
  await register(hub, "ada");
  clock.ms += 1000;
  await register(hub, "bob");
  const result = await postScore(hub, "ada", 100);
  setVerdict(dir, result, "valid");
  const posted = await hub.postMessage({ agentId: "ada", body: "@bob look", refs: [result] });
  const digest = await hub.digest({ as: "bob" });
  expect(digest.agents).toEqual({ count: 2, newest: ["bob", "ada"] });
  expect(digest.leaderboard.rows).toMatchObject([{ agent: "ada", verification: "valid" }]);
  expect(digest.recentMessages.items).toMatchObject([{ filename: posted.filename }]);
  expect(digest.recentResults.items).toMatchObject([{ filename: result, verification: "valid" }]);
  expect(digest.inbox).toMatchObject({ count: 1, items: [{ filename: posted.filename }] });
  expect(digest.stamp).toBe(posted.filename.slice(0, 19));
});

test("since filters messages, results and the inbox, not the leaderboard", async () => {
  const { hub, clock } = openTestHub();
  await register(hub, "ada", "bob");
  await postScore(hub, "ada", 100);
  await hub.postMessage({ agentId: "ada", body: "@bob old" });
  clock.ms += 60_000;
  const fresh = await hub.postMessage({ agentId: "ada", body: "@bob new" });
  const digest = await hub.digest({ as: "bob", since: "2026-06-12T13:46:00Z" });
  expect(digest.recentMessages.items.map(({ filename }) => filename)).toEqual([fresh.filename]);
  expect(digest.recentResults).toMatchObject({ count: 1, matched: 0, items: [] });
  expect(digest.inbox).toMatchObject({ count: 2, matched: 1 });
  expect(digest.leaderboard.rows).toHaveLength(1);
  await expect(hub.digest({ since: "yesterday" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("without a reader there is no inbox; people have one, ghosts have none", async () => {
  const { hub } = openTestHub();
  expect((await hub.digest({})).inbox).toBeNull();
  expect((await hub.digest({ as: "human-ann" })).inbox).toMatchObject({ count: 0, items: [] });
  await expect(hub.digest({ as: "ghost" })).rejects.toMatchObject({ code: "NOT_REGISTERED" });
  expect((await hub.digest({})).stamp).toBeNull();
});

test("whatever is written after a digest is stamped after it, by a slow clock too", async () => {
  const { hub, dir } = openTestHub();
  const { hub: slow } = openTestHub({ dir, now: () => 0 });
  await register(hub, "ada", "bob");
  await hub.postMessage({ agentId: "ada", body: "one" });
  const { stamp } = await hub.digest({});
  const { filename } = await slow.postMessage({ agentId: "bob", body: "two" });
  expect(filename > String(stamp)).toBe(true);
  expect((await hub.messages({ after: `${stamp}_~` })).items).toMatchObject([{ filename }]);
});
