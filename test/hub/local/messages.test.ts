import { describe, expect, test } from "vitest";
import { digestOf, openTestHub, postScore, register, treeOf } from "../support.ts";

async function boardOfThree() {
  const opened = openTestHub();
  await register(opened.hub, "agent-1", "agent-2");
  const post = async (agentId: string, body: string, type?: string) => {
    opened.clock.ms += 60_000;
    return (await opened.hub.postMessage({ agentId, body, ...(type && { type }) })).filename;
  };
  const filenames = [
    await post("agent-1", "first plan", "plan"),
    await post("agent-2", "Second THOUGHT"),
    await post("agent-1", "third"),
  ];
  return { ...opened, filenames };
}

describe("the board", () => {
  test("is newest first, and one message can be read by its name", async () => {
    const { hub, filenames } = await boardOfThree();
    const page = await hub.messages({});
    expect(page).toMatchObject({ count: 3, matched: 3, next: null });
    expect(page.items.map(({ filename }) => filename)).toEqual(filenames.toReversed());
    expect(await hub.message(filenames[0]!)).toEqual({
      filename: "20260612-134607-042_agent-1.md",
      author: "agent-1",
      stamp: "20260612-134607-042",
      type: "plan",
      via: "raw",
      refs: [],
      frontmatter: { type: "plan", agent: "agent-1", timestamp: "2026-06-12 13:46 UTC", via: "raw" },
      body: "first plan",
    });
    expect(await hub.message("20260612-134607-042_nobody.md")).toBeUndefined();
  });

  test("takes the list grammar of the protocol", async () => {
    const { hub, filenames } = await boardOfThree();
    const [one, two, three] = filenames;
    const found = async (query: Parameters<typeof hub.messages>[0]) => {
      const { items, matched } = await hub.messages(query);
      expect(matched).toBeGreaterThanOrEqual(items.length);
      return items.map(({ filename }) => filename);
    };
    expect(await found({ agent: "agent-1" })).toEqual([three, one]);
    expect(await found({ type: "plan" })).toEqual([one]);
    expect(await found({ via: "bucket" })).toEqual([]);
    expect(await found({ q: "second thought" })).toEqual([two]);
    expect(await found({ q: "TYPE: plan" })).toEqual([one]);
    expect(await found({ since: "2026-06-12T13:47:07.042Z" })).toEqual([three, two]);
    expect(await found({ since: "20260612-134707-042", until: "20260612-134707-042" })).toEqual([two]);
    expect(await found({ until: "20260612-134607" })).toEqual([]);
    expect(await found({ order: "asc", limit: 1 })).toEqual([one]);
    expect(await found({ after: one! })).toEqual([three, two]);
    expect(await found({ before: "20260612-1347" })).toEqual([one]);
  });

  test("matched counts what the filters let through, whatever the cursor", async () => {
    const { hub, filenames } = await boardOfThree();
    expect(await hub.messages({ after: filenames[2]! })).toMatchObject({ count: 3, matched: 3, items: [] });
    expect(await hub.messages({ agent: "agent-1", limit: 1 })).toMatchObject({ count: 3, matched: 2 });
    expect(await hub.messages({ since: "20260612-134707", limit: 1 })).toMatchObject({
      count: 3,
      matched: 2,
    });
    expect(await hub.messages({ until: "20260612-134707-041" })).toMatchObject({ count: 3, matched: 1 });
  });

  test("pages drain by the cursor in both directions, each message once", async () => {
    const { hub, filenames } = await boardOfThree();
    const down = await hub.messages({ limit: 2 });
    expect(down.next).toBe(filenames[1]);
    expect(await hub.messages({ limit: 2, before: down.next! })).toMatchObject({
      next: null,
      items: [{ body: "first plan" }],
    });
    const up = await hub.messages({ limit: 2, order: "asc" });
    expect(await hub.messages({ limit: 2, order: "asc", after: up.next! })).toMatchObject({
      next: null,
      items: [{ body: "third" }],
    });
  });

  test("a time that is none is refused", async () => {
    const { hub } = openTestHub();
    await expect(hub.messages({ since: "yesterday" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("posting", () => {
  test("needs registration, and the error is the call that mends it", async () => {
    const { hub } = openTestHub();
    await expect(hub.postMessage({ agentId: "ada", body: "hi" })).rejects.toMatchObject({
      code: "NOT_REGISTERED",
      message: 'agent "ada" is not registered here',
      hint: 'agent_register {"agent_id":"ada","model":"…","harness":"…"}',
    });
    await expect(hub.postMessage({ agentId: "human", body: "hi" })).rejects.toMatchObject({
      code: "NOT_REGISTERED",
    });
  });

  test.each([
    ["empty", ""],
    ["blank", " \n"],
    ["too long", "x".repeat(16_001)],
    ["with a NUL", "a\0b"],
    ["with half a surrogate pair", "a\ud83d"],
  ])("a body %s is refused", async (_, body) => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    await expect(hub.postMessage({ agentId: "ada", body })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect((await hub.describe()).messages).toBe(0);
  });

  test("a body of 16,000 characters comes back as it was", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    const body = `${"é漢😀\r\n".repeat(2000)}----`.slice(0, 16_000);
    const { filename } = await hub.postMessage({ agentId: "ada", body });
    expect((await hub.message(filename))?.body).toBe(body);
  });

  test("a ref to nothing is refused by its name and nothing is written", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    const draft = { agentId: "ada", body: "@bob look", refs: ["20260101-000000-000_bob.md"] };
    await expect(hub.postMessage(draft)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("20260101-000000-000_bob.md"),
      hint: expect.stringContaining("messages_read"),
    });
    expect((await hub.messages({})).count).toBe(0);
    expect((await hub.inbox("bob", {})).count).toBe(0);
  });

  test("an attachment must be stored and travels by its digest", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    const tree = treeOf({ "notes.md": "long" });
    const draft = { agentId: "ada", body: "see the file", attachment: tree.digest };
    await expect(hub.postMessage(draft)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(hub.postMessage({ ...draft, attachment: "notes.md" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await hub.storeTree(tree);
    const { filename } = await hub.postMessage(draft);
    expect((await hub.message(filename))?.frontmatter.attachment).toBe(tree.digest);
  });

  test("a second message in one millisecond gets the next name, of another author too", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    const posted = [];
    for (const [index, agentId] of ["ada", "ada", "bob", "ada"].entries()) {
      posted.push((await hub.postMessage({ agentId, body: `number ${index}` })).filename);
    }
    expect(posted).toEqual([
      "20260612-134507-042_ada.md",
      "20260612-134507-043_ada.md",
      "20260612-134507-044_bob.md",
      "20260612-134507-045_ada.md",
    ]);
  });

  test("a clock that is set back never names a message before an earlier one", async () => {
    const { hub, clock } = openTestHub();
    await register(hub, "ada");
    const first = await hub.postMessage({ agentId: "ada", body: "one" });
    clock.ms -= 3_600_000;
    const second = await hub.postMessage({ agentId: "ada", body: "two" });
    expect(second.filename > first.filename).toBe(true);
  });

  test("the same words by the same author within ten minutes are a mistake, later and by others not", async () => {
    const { hub, clock } = openTestHub();
    await register(hub, "ada", "bob");
    const draft = { agentId: "ada", body: "same words" };
    const { filename } = await hub.postMessage(draft);
    await expect(hub.postMessage(draft)).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: expect.stringContaining(filename),
    });
    await hub.postMessage({ ...draft, refs: [filename] });
    await hub.postMessage({ ...draft, agentId: "bob" });
    clock.ms += 10 * 60_000 + 1;
    await hub.postMessage(draft);
    expect((await hub.describe()).messages).toBe(4);
  });
});

describe("mentions", () => {
  test("reach the inboxes of agents and people, and unknown ones are reported with the nearest", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "mikasa-inbound", "kenyan-duma");
    const posted = await hub.postMessage({
      agentId: "ada",
      body: "@mikasa-inbond @kenyan-duma @human-ann @ada @all mail@kenyan-duma.org",
    });
    expect(posted.delivered).toEqual(["kenyan-duma", "human-ann"]);
    expect(posted.unknownMentions).toEqual([
      { handle: "mikasa-inbond", nearest: ["mikasa-inbound"] },
      { handle: "all", nearest: [] },
    ]);
    expect((await hub.inbox("human-ann", {})).items.map(({ filename }) => filename)).toEqual([
      posted.filename,
    ]);
    expect(await hub.inbox("mikasa-inbound", {})).toMatchObject({ count: 0, matched: 0, items: [] });
  });

  test("the author of what is referred to gets a copy, of a result too; one's own does not", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    const result = await postScore(hub, "bob", 100);
    const own = await hub.postMessage({ agentId: "ada", body: "mine" });
    const { delivered, filename } = await hub.postMessage({
      agentId: "ada",
      body: "well done",
      refs: [result, own.filename],
    });
    expect(delivered).toEqual(["bob"]);
    expect(await hub.inbox("bob", {})).toMatchObject({
      count: 1,
      items: [{ filename, refs: [result, own.filename] }],
    });
    expect((await hub.inbox("ada", {})).count).toBe(0);
  });

  test("an inbox takes the list grammar, and matched is not an unread count", async () => {
    const { hub, clock } = openTestHub();
    await register(hub, "ada", "bob", "cy");
    const [first] = [await hub.postMessage({ agentId: "bob", body: "@ada one" })];
    clock.ms += 1000;
    const second = await hub.postMessage({ agentId: "cy", body: "@ada two", type: "question" });
    expect(await hub.inbox("ada", { after: first!.filename })).toMatchObject({
      count: 2,
      matched: 2,
      items: [{ filename: second.filename }],
    });
    expect(await hub.inbox("ada", { agent: "bob" })).toMatchObject({
      count: 2,
      matched: 1,
      items: [{ body: "@ada one" }],
    });
    expect(await hub.inbox("ada", { type: "question", limit: 5 })).toMatchObject({ matched: 1 });
    expect(await hub.inbox("ada", { q: "TWO" })).toMatchObject({ matched: 1 });
    expect(await hub.inbox("ada", { since: "20260612-134508" })).toMatchObject({ count: 2, matched: 1 });
  });

  test("nobody's inbox is refused", async () => {
    const { hub } = openTestHub();
    await expect(hub.inbox("ghost", {})).rejects.toMatchObject({ code: "NOT_REGISTERED" });
    await expect(hub.inbox("No One", {})).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("a preview", () => {
  test("says what posting would say and writes nothing", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada", "bob");
    const draft = { agentId: "ada", body: "@bob @bub", attachment: digestOf("a") };
    expect(await hub.previewMessage(draft)).toEqual({
      filename: "",
      replayed: false,
      delivered: ["bob"],
      unknownMentions: [{ handle: "bub", nearest: ["bob"] }],
    });
    expect((await hub.messages({})).count).toBe(0);
    await expect(hub.previewMessage({ ...draft, refs: ["x.md"] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(hub.previewMessage({ ...draft, agentId: "ghost" })).rejects.toMatchObject({
      code: "NOT_REGISTERED",
    });
  });
});

describe("a thread", () => {
  test("follows references both ways, through results, oldest first", async () => {
    const { hub, clock } = openTestHub();
    await register(hub, "ada", "bob");
    const post = async (body: string, refs: string[] = []) => {
      clock.ms += 1000;
      return (await hub.postMessage({ agentId: "ada", body, refs })).filename;
    };
    const result = await postScore(hub, "bob", 100);
    const root = await post("root");
    await post("apart");
    const left = await post("left", [root]);
    const right = await post("right", [root, result]);
    const leaf = await post("leaf", [left]);
    const aboutResult = await post("about the result", [result]);
    const bodies = async (from: string, limit = 50) =>
      (await hub.thread(from, limit)).map(({ body }) => body);
    for (const from of [root, leaf, right, aboutResult, result]) {
      expect(await bodies(from)).toEqual(["root", "left", "right", "leaf", "about the result"]);
    }
    expect(await bodies(leaf, 2)).toEqual(["left", "leaf"]);
    expect(await bodies("nothing.md")).toEqual([]);
  });
});
