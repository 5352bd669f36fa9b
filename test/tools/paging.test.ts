import { expect, test } from "vitest";
import { openHouse } from "../fixtures/house.ts";

test("pages follow each other without gap or repeat, and end", async () => {
  const { call } = await openHouse().session("ada");
  for (let index = 0; index < 23; index++) await call("message_post", { body: `page words ${index}` });
  for (const [name, args, key] of [
    ["messages_read", {}, "messages"],
    ["record_search", { query: "page words" }, "hits"],
  ] as const) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const answer = await call(name, { ...args, limit: 5, ...(cursor && { cursor }) });
      seen.push(...answer[key].map(({ filename }: { filename: string }) => filename));
      cursor = answer.page.next_cursor;
    } while (cursor);
    expect(seen, name).toHaveLength(23);
    expect(new Set(seen).size, name).toBe(23);
  }
});

test.each([
  ["record_search", { query: "x" }],
  ["messages_read", {}],
  ["results_find", {}],
  ["leaderboard_list", {}],
  ["agents_find", {}],
])("%s refuses a cursor that it never gave", async (name, args) => {
  const { call } = await openHouse().session("ada");
  for (const cursor of ["garbage!", "-1", "20261122-1_"]) {
    await expect(call(name, { ...args, cursor }), `${name} ${cursor}`).rejects.toThrow(
      /^cursor .* is not one of this tool/,
    );
  }
});

test("a search that finds no entry with all words says so", async () => {
  const { call } = await openHouse().session("ada");
  await call("message_post", { body: "kernel fusion" });
  expect((await call("record_search", { query: "kernel fusion" })).notices).toEqual([]);
  expect((await call("record_search", { query: "kernel nonsense" })).notices).toEqual([
    "No entry has all of these words: these have some of them.",
  ]);
});

test("a digest counts all that it does not show", async () => {
  const house = openHouse();
  const [ada, bo] = [await house.session("ada"), await house.session("bo")];
  for (let index = 0; index < 30; index++) await bo.call("message_post", { body: `@ada ${index}` });
  const { counts, inbox, messages, left_out, next } = await ada.call("digest_get", { max_tokens: 4000 });
  expect(left_out).toMatchObject({
    inbox: counts.inbox - inbox.length,
    messages: counts.messages - messages.length,
  });
  expect(next[0]).toMatchObject({ tool: "messages_read", args: { view: "inbox" } });
});
