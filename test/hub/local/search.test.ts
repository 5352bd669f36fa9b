import { describe, expect, test } from "vitest";
import { openTestHub, register, resultFields } from "../support.ts";

async function filledHub() {
  const opened = openTestHub();
  const { hub } = opened;
  await register(hub, "ada", "bob");
  await hub.postMessage({
    agentId: "ada",
    body: "Tried fp8 KV cache on lm_head: quantizing it costs perplexity",
  });
  await hub.postMessage({ agentId: "bob", body: "The kv cache in int4 is faster. Crème brûlée." });
  await hub.postMessage({ agentId: "ada", body: "量子化を試したが、遅くなった。cache は小さい" });
  await hub.postResult({
    agentId: "bob",
    frontmatter: resultFields(412, {
      method: "speculative-ngram",
      description: "prompt lookup with a cache of n-grams",
    }),
    body: "set-up",
  });
  return opened;
}

const authorsFor = async (hub: Awaited<ReturnType<typeof filledHub>>["hub"], text: string, more = {}) =>
  (await hub.search({ text, ...more })).items.map(({ kind, author }) => `${kind} by ${author}`);

describe("search", () => {
  test("finds messages and results that hold all words, by stem, beginning, accent and case", async () => {
    const { hub } = await filledHub();
    expect(await authorsFor(hub, "CACHE fp8")).toEqual(["message by ada"]);
    expect(await authorsFor(hub, "quantized")).toEqual(["message by ada"]);
    expect(await authorsFor(hub, "lm_head")).toEqual(["message by ada"]);
    expect(await authorsFor(hub, "creme brul")).toEqual(["message by bob"]);
    expect(await authorsFor(hub, "speculative lookup")).toEqual(["result by bob"]);
    expect((await authorsFor(hub, "cache")).toSorted()).toEqual([
      "message by ada",
      "message by ada",
      "message by bob",
      "result by bob",
    ]);
  });

  test("narrows to a kind and an author, and keeps quoted words together", async () => {
    const { hub } = await filledHub();
    expect(await authorsFor(hub, "cache", { kind: "result" })).toEqual(["result by bob"]);
    expect(await authorsFor(hub, "cache", { kind: "message", agent: "bob" })).toEqual(["message by bob"]);
    expect(await authorsFor(hub, '"cache in int4"')).toEqual(["message by bob"]);
    expect(await authorsFor(hub, '"int4 cache"')).toEqual([]);
  });

  test("falls back to any of the words where nothing has them all", async () => {
    const { hub } = await filledHub();
    expect(await authorsFor(hub, "int4 zebra")).toEqual(["message by bob"]);
    expect(await authorsFor(hub, "zebra")).toEqual([]);
  });

  test("finds parts of scripts without spaces, and punctuation", async () => {
    const { hub } = await filledHub();
    expect(await authorsFor(hub, "試した cache")).toEqual(["message by ada"]);
    expect(await authorsFor(hub, "。")).toEqual(["message by ada"]);
    expect(await authorsFor(hub, "🦓")).toEqual([]);
    const { items } = await hub.search({ text: "遅く" });
    expect(items[0]?.snippet).toContain("遅くなった");
  });

  test("shows the passage, at most 200 characters of it", async () => {
    const { hub } = await filledHub();
    await hub.postMessage({ agentId: "ada", body: `${"before ".repeat(500)}needle${" after".repeat(500)}` });
    await hub.postMessage({
      agentId: "ada",
      body: `${"x".repeat(5000)} ${"long".repeat(900)}needles 針 ${"y".repeat(900)}`,
    });
    for (const text of ["needle", "針"]) {
      for (const { snippet } of (await hub.search({ text })).items) {
        expect(snippet.length).toBeLessThanOrEqual(200);
        expect(snippet.isWellFormed()).toBe(true);
      }
    }
    expect((await hub.search({ text: '"before needle"' })).items[0]?.snippet).toMatch(/before needle after/);
  });

  test("pages by offset and counts all", async () => {
    const { hub } = await filledHub();
    const first = await hub.search({ text: "cache", limit: 2 });
    expect(first).toMatchObject({ count: 4, matched: 4, next: "2" });
    const rest = await hub.search({ text: "cache", limit: 2, offset: Number(first.next) });
    expect(rest).toMatchObject({ matched: 4, next: null });
    expect(new Set([...first.items, ...rest.items].map(({ filename }) => filename)).size).toBe(4);
  });

  test("of a word in more than a thousand entries the newest thousand are ranked, and paging ends there", async () => {
    const { hub } = openTestHub();
    await register(hub, "ada");
    for (let index = 0; index < 1010; index++)
      await hub.postMessage({ agentId: "ada", body: `common ${index}` });
    expect(await hub.search({ text: "common", limit: 5 })).toMatchObject({ matched: 1010, next: "5" });
    expect(await hub.search({ text: "common", limit: 200, offset: 900 })).toMatchObject({
      matched: 1010,
      next: null,
    });
  });

  test.each([
    '"',
    "AND",
    "NOT fp8",
    "a OR",
    "NEAR(",
    "fp8*",
    "^fp8",
    "body:fp8",
    "headline : x",
    "(((",
    "-- ; DROP TABLE entries",
    "'",
    "\\",
    "%_%",
    "a\0b",
    "\ud83d",
    "+ - * /",
    "{a b}: c",
    "ﷺ ꙮ 𒐫 ͏ ‌",
    Array(200).fill("word").join(" "),
    `"${"x".repeat(5000)}`,
  ])("%j is words, never syntax", async (text) => {
    const { hub } = await filledHub();
    await expect(hub.search({ text })).resolves.toHaveProperty("items");
  });

  test("random text never fails", async () => {
    const { hub } = await filledHub();
    for (let round = 0; round < 300; round++) {
      const points = Array.from({ length: 12 }, () => Math.floor(Math.random() ** 3 * 0xd7ff) + 1);
      const text = `x${String.fromCodePoint(...points)}`;
      await expect(hub.search({ text }), JSON.stringify(text)).resolves.toHaveProperty("items");
    }
  });

  test("an empty text is refused", async () => {
    const { hub } = openTestHub();
    for (const text of [" ", '""', "\0"]) {
      await expect(hub.search({ text })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });
});
