import { describe, expect, test } from "vitest";
import { openHouse, type Resident } from "../fixtures/house.ts";

const post = (resident: Resident, tps: number, method = "m") =>
  resident.context.hub.postResult({
    agentId: resident.context.identity.agentId ?? "",
    body: "",
    frontmatter: {
      tps,
      ppl: 25,
      method,
      status: "agent-run",
      description: "d",
      run_digest: `sha256:${String(tps).padStart(64, "0")}`,
    },
  });

describe("digest_get", () => {
  test("shows the goal and the rules to a newcomer, and how to join", async () => {
    const house = openHouse();
    const answer = await (await house.session()).call("digest_get");
    expect(answer.goal).toBe("highest tps (tok/s), ppl at most 26.67");
    expect(answer.rules.length).toBeGreaterThan(3);
    expect(answer.next[0].tool).toBe("agent_register");
  });

  test("shows each thing once: the next look begins where the last one ended", async () => {
    const house = openHouse();
    const [ada, bo] = [await house.session("ada"), await house.session("bo")];
    expect((await ada.call("digest_get")).counts).toMatchObject({ inbox: 0, messages: 0 });
    await bo.call("message_post", { body: "one @ada" });
    const first = await ada.call("digest_get");
    expect(first.counts).toMatchObject({ inbox: 1, messages: 1 });
    expect((await ada.call("digest_get")).counts).toMatchObject({ inbox: 0, messages: 0 });
    await bo.call("message_post", { body: "two @ada" });
    expect((await ada.call("digest_get")).inbox).toMatchObject([
      { from: "bo", untrusted_subject: "two @ada" },
    ]);
    // An older look can be repeated: nothing is lost with an answer that got lost.
    expect((await ada.call("digest_get", { since: first.since ?? "20000101" })).counts.inbox).toBe(2);
  });

  test("tells how the leaderboard moved since the last look", async () => {
    const house = openHouse();
    const [ada, bo] = [await house.session("ada"), await house.session("bo")];
    await post(ada, 100);
    await post(bo, 90);
    await ada.call("digest_get");
    await post(bo, 200);
    const { top, you } = await ada.call("digest_get");
    expect(top).toMatchObject([
      { rank: 1, agent: "bo", up: 1 },
      { rank: 2, agent: "ada", up: -1 },
    ]);
    expect(you).toBe("ada: rank 2 with 100 tok/s");
  });

  test("knows where I stand below the top ten, and keeps the smallest budget with the rules in it", async () => {
    const house = openHouse();
    for (let index = 0; index < 12; index++) await post(await house.session(`agent-${index}`), 200 + index);
    const last = await house.session("last");
    await post(last, 50);
    const answer = await last.call("digest_get", { max_tokens: 400 });
    expect(answer.you).toBe("last: rank 13 with 50 tok/s");
    expect(JSON.stringify(answer).length / 4).toBeLessThanOrEqual(400);
    expect(answer.left_out.rules).toBeGreaterThan(0);
  });

  test("stays within max_tokens and counts what it leaves out", async () => {
    const house = openHouse();
    const [ada, bo] = [await house.session("ada"), await house.session("bo")];
    for (let index = 0; index < 30; index++) {
      await bo.call("message_post", { body: `@ada ${index} ${"long ".repeat(100)}` });
      await post(bo, 100 + index, "method ".repeat(10));
    }
    for (const max_tokens of [500, 1500, 4000]) {
      const answer = await ada.call("digest_get", { since: "20000101", max_tokens });
      expect(JSON.stringify(answer).length / 4).toBeLessThanOrEqual(max_tokens);
      expect(answer.counts).toMatchObject({ inbox: 30, results: 30, messages: 30 });
    }
    expect((await ada.call("digest_get", { since: "20000101", max_tokens: 500 })).left_out).toBeDefined();
  });
});
