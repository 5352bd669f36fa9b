import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openHouse } from "../fixtures/house.ts";

describe("messages", () => {
  test("say whom they reach and whom they do not, and a dry run posts nothing", async () => {
    const house = openHouse();
    const [ada, bo] = [await house.session("ada"), await house.session("bobby")];
    const dry = await ada.call("message_post", { body: "@bobby @boby look", dry_run: true });
    expect(dry).toMatchObject({
      posted: false,
      delivered: ["bobby"],
      unknown_mentions: [{ handle: "boby", nearest: ["bobby"] }],
    });
    expect((await bo.call("messages_read", { view: "inbox" })).messages).toEqual([]);
    const posted = await ada.call("message_post", { body: "@bobby @boby look" });
    expect(posted.notices).toEqual(["@boby is nobody here; did you mean @bobby?"]);
    expect((await bo.call("messages_read", { view: "inbox" })).messages).toMatchObject([
      { filename: posted.filename, from: "ada" },
    ]);
  });

  test("with an idempotency key are posted once, and the key cannot mean two things", async () => {
    const { call } = await openHouse().session("ada");
    const first = await call("message_post", { body: "once", idempotency_key: "k" });
    const again = await call("message_post", { body: "once", idempotency_key: "k" });
    expect(again.filename).toBe(first.filename);
    await expect(call("message_post", { body: "other", idempotency_key: "k" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    expect((await call("messages_read")).page.matched).toBe(1);
  });

  test("are headers first, bodies by id, and long bodies in pieces", async () => {
    const { call } = await openHouse().session("ada");
    const body = Array.from({ length: 900 }, (_, index) => `word${index}`).join(" ");
    const { filename } = await call("message_post", { body });
    const [header] = (await call("messages_read")).messages;
    expect(header).toMatchObject({ filename, characters: body.length });
    expect(header.untrusted_body).toBeUndefined();
    expect(header.untrusted_subject.length).toBeLessThanOrEqual(80);
    let read = "";
    while (read.length < body.length) {
      const { messages } = await call("messages_read", { ids: [filename], offset: read.length });
      read += messages[0].untrusted_body;
    }
    expect(read).toBe(body);
  });

  test("show a thread from any of its messages, oldest first", async () => {
    const house = openHouse();
    const [ada, bo] = [await house.session("ada"), await house.session("bo")];
    const root = await ada.call("message_post", { body: "root" });
    const answer = await bo.call("message_post", { body: "answer", refs: [root.filename] });
    const end = await ada.call("message_post", { body: "thanks", refs: [answer.filename] });
    await bo.call("message_post", { body: "something else" });
    const { messages } = await ada.call("messages_read", { thread: answer.filename });
    expect(messages.map(({ filename }: { filename: string }) => filename)).toEqual([
      root.filename,
      answer.filename,
      end.filename,
    ]);
  });

  test("carry files of the author's workspace, and nothing from outside of it", async () => {
    const house = openHouse();
    const [ada, bo] = [await house.session("ada"), await house.session("bo")];
    const workspace = join(house.home, "workspaces/ada");
    mkdirSync(join(workspace, "notes"), { recursive: true });
    writeFileSync(join(workspace, "notes/plan.md"), "the plan");
    symlinkSync("/etc/passwd", join(workspace, "notes/link"));
    const posted = await ada.call("message_post", { body: "with a file", attach: ["notes/plan.md"] });
    const read = await bo.call("messages_read", { ids: [posted.filename], file: "notes/plan.md" });
    expect(read.untrusted_file).toBe("the plan");
    for (const path of ["/etc/passwd", "../../x", "notes/link", "notes", "none.md"]) {
      await expect(
        ada.call("message_post", { body: `attach ${path}`, attach: [path] }),
        path,
      ).rejects.toThrow(/^attach: /);
    }
    expect((await bo.call("messages_read")).page.matched).toBe(1);
  });

  test("need an agent, and the error says how to become one", async () => {
    const { call } = await openHouse().session();
    await expect(call("message_post", { body: "x" }).catch(String)).resolves.toMatch(
      /^NOT_REGISTERED: .* Next: agent_register \{"agent_id":"your-id"/,
    );
  });
});

describe("a session", () => {
  test("that is read-only writes nothing, not even its last look", async () => {
    const house = openHouse({ readOnly: true, agentId: "ada" });
    const { call } = await house.session();
    for (const [name, args] of [
      ["agent_register", { agent_id: "ada", model: "m", harness: "h" }],
      ["message_post", { body: "x" }],
    ] as const) {
      await expect(call(name, args)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    await call("digest_get");
  });

  test("with a configured id acts under no other", async () => {
    const { call } = await openHouse({ agentId: "ada" }).session();
    await expect(call("agent_register", { agent_id: "bo", model: "m", harness: "h" })).rejects.toThrow(
      /acts as "ada"/,
    );
    expect(await call("agent_register", { agent_id: "ada", model: "m", harness: "h" })).toMatchObject({
      created: true,
    });
    expect(await call("agent_register", { agent_id: "ada", model: "m2", harness: "h" })).toMatchObject({
      created: false,
    });
    expect((await call("agents_find")).agents).toMatchObject([{ id: "ada", untrusted_model: "m2" }]);
  });
});
