import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { cli, connect, environment, temporaryDirectory } from "../fixtures/server.ts";

/** The server as a bare process, spoken to line by line. */
function bare(env = environment()): { child: ChildProcess; lines: string[]; send(message: object): void } {
  const child = spawn(process.execPath, [cli], { env, stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return {
    child,
    lines,
    send: (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`),
  };
}

const initialize = {
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "0" } },
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("the server over stdio", () => {
  test("ends when its stdin ends", async () => {
    const { child, lines, send } = bare();
    send(initialize);
    await until(() => lines.length > 0);
    child.stdin?.end();
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
  });

  test("ends when its stdin ends though a client subscribed to a resource", async () => {
    const { child, lines, send } = bare();
    send(initialize);
    send({ method: "notifications/initialized" });
    send({ id: 2, method: "resources/subscribe", params: { uri: "collab://leaderboard" } });
    await until(() => lines.length > 1);
    child.stdin?.end();
    expect((await once(child, "exit"))[0]).toBe(0);
  });

  test("writes nothing but the protocol to stdout, whatever is called", async () => {
    const { lines, send } = bare(environment({ env: { COLLABS_LOG_LEVEL: "trace" } }));
    send(initialize);
    send({ method: "notifications/initialized" });
    const calls = [
      "digest_get",
      "leaderboard_list",
      "gpu_status",
      "stacks_find",
      "benchmark_get",
      "no_such_tool",
      "result_submit",
    ];
    for (const [index, name] of calls.entries()) {
      send({ id: 10 + index, method: "tools/call", params: { name, arguments: {} } });
    }
    await until(() => lines.length >= 1 + calls.length);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
  });

  test("answers a probe of a newer protocol with method-not-found, and then the handshake of this one", async () => {
    const { lines, send } = bare();
    send({ id: 1, method: "server/discover", params: {} });
    send({ ...initialize, id: 2 });
    await until(() => lines.length >= 2);
    const [probe, hello] = lines.map((line) => JSON.parse(line)).sort((a, b) => a.id - b.id);
    expect(probe.error.code).toBe(-32601);
    expect(hello.result.serverInfo.name).toBe("agent-collabs-mcp");
  });

  test("lists the same tools each time, with instructions", async () => {
    const { client } = await connect();
    expect(client.getInstructions()).toContain("digest_get");
    const [first, second] = [await client.listTools(), await client.listTools()];
    expect(first).toEqual(second);
    expect(first.tools).toHaveLength(20);
  });

  test("offers only reading tools with --read-only, and only chosen toolsets with --toolsets", async () => {
    const { client } = await connect({ args: ["--read-only"] });
    expect((await client.listTools()).tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true);
    const board = await connect({ args: ["--toolsets", "board"] });
    expect((await board.client.listTools()).tools.map(({ name }) => name)).toEqual([
      "leaderboard_list",
      "record_search",
      "results_find",
    ]);
  });

  test("refuses an unknown tool by the protocol and a bad call by text that teaches", async () => {
    const { client, call } = await connect();
    await expect(client.callTool({ name: "leaderbord_list", arguments: {} })).rejects.toThrow(
      /did you mean leaderboard_list/,
    );
    const { isError, text, data } = await call("leaderboard_list", { limt: 3 });
    expect({ isError, data }).toEqual({ isError: true, data: undefined });
    expect(text).toMatch(
      /^INVALID_ARGUMENT: unknown argument "limt", did you mean "limit"\? Next: leaderboard_list/,
    );
  });

  test("never repeats a token that it was given, not even out of a message", async () => {
    const token = "hf_canaryCANARYcanary0123456789";
    const { call } = await connect({ agentId: "ada", env: { HF_TOKEN: token } });
    await call("agent_register", { agent_id: "ada", model: "m", harness: "h" });
    await call("message_post", { body: `my token is ${token}` });
    const { text, data } = await call("messages_read", { detail: "full" });
    expect(text).toContain("my token is [secret]");
    expect(text + JSON.stringify(data)).not.toContain("canary0123456789");
  });

  test("starts, answers and ends without any network", async () => {
    const home = temporaryDirectory();
    const log = join(home, "network.log");
    const preload = join(import.meta.dirname, "../fixtures/no-network.cjs");
    const { call } = await connect({
      home,
      env: { NODE_OPTIONS: `--require ${preload}`, NETWORK_LOG: log },
    });
    expect((await call("digest_get")).isError).toBe(false);
    expect((await call("stacks_find")).isError).toBe(false);
    expect(existsSync(log)).toBe(false);
  });

  test("a bad setting ends the start with one line that names it, on stderr", async () => {
    const child = spawn(process.execPath, [cli], { env: { ...environment(), COLLABS_TOOLSETS: "bord" } });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    const [code] = await once(child, "close");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^INVALID_ARGUMENT: COLLABS_TOOLSETS: .*Next: .*doctor/);
  });
});

describe("resources and prompts", () => {
  test("repeat what tools give", async () => {
    const { client, call } = await connect({ agentId: "ada" });
    await call("agent_register", { agent_id: "ada", model: "m", harness: "h" });
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual([
      "collab://challenge",
      "collab://leaderboard",
      "collab://inbox",
    ]);
    for (const { uri } of resources) {
      const { contents } = await client.readResource({ uri });
      expect(contents[0]).toHaveProperty("text");
    }
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain("collab://runs/{id}/{file}");
    await expect(client.readResource({ uri: "collab://messages/nothing.md" })).rejects.toThrow(/NOT_FOUND/);
  });

  test("an inbox that is subscribed to announces a new message", async () => {
    const home = temporaryDirectory();
    const ada = await connect({ home, agentId: "ada" });
    const bo = await connect({ home, agentId: "bo" });
    for (const [session, id] of [
      [ada, "ada"],
      [bo, "bo"],
    ] as const) {
      await session.call("agent_register", { agent_id: id, model: "m", harness: "h" });
    }
    const { ResourceUpdatedNotificationSchema } = await import("@modelcontextprotocol/sdk/types.js");
    const updated = new Promise<string>((resolve) =>
      ada.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
        resolve(params.uri),
      ),
    );
    await ada.client.subscribeResource({ uri: "collab://inbox" });
    await bo.call("message_post", { body: "hello @ada" });
    expect(await updated).toBe("collab://inbox");
  });

  test("nothing new is no update, whatever was subscribed to", async () => {
    const home = temporaryDirectory();
    const ada = await connect({ home, agentId: "ada" });
    const stranger = await connect({ home });
    await ada.call("agent_register", { agent_id: "ada", model: "m", harness: "h" });
    await ada.call("message_post", { body: "a note to myself and @human-ann" });
    const { ResourceUpdatedNotificationSchema } = await import("@modelcontextprotocol/sdk/types.js");
    const updates: string[] = [];
    for (const { client } of [ada, stranger]) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
        updates.push(params.uri);
      });
      for (const uri of ["collab://leaderboard", "collab://inbox"]) await client.subscribeResource({ uri });
    }
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expect(updates).toEqual([]);
    await expect(ada.client.subscribeResource({ uri: "collab://inboxes" })).rejects.toThrow(
      /can be subscribed/,
    );
    await expect(ada.client.readResource({ uri: "collab://messages/%E0%A4%A" })).rejects.toThrow(/NOT_FOUND/);
  });

  test("next steps and instructions name only what the session has", async () => {
    const { client, call } = await connect({ args: ["--read-only", "--toolsets", "board,context"] });
    expect((await call("digest_get")).data.next.map(({ tool }: { tool: string }) => tool)).not.toContain(
      "agent_register",
    );
    expect(client.getInstructions()).not.toMatch(/dry_run|stack_fork/);
    const writer = await connect({ args: ["--toolsets", "messages"] });
    expect((await writer.client.listTools()).tools.map(({ name }) => name)).toContain("agent_register");
    expect(writer.client.getInstructions()).not.toContain("digest_get");
    await expect(client.getPrompt({ name: "__proto__" })).rejects.toThrow(/no such prompt/);
  });

  test("prompts name their tools and take their argument", async () => {
    const { client } = await connect();
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual([
      "catch_up",
      "change_one_thing",
      "join",
      "publish_checklist",
      "reproduce_leader",
    ]);
    const { messages } = await client.getPrompt({ name: "join", arguments: { agent_id: "ada" } });
    expect(JSON.stringify(messages)).toContain("agent_id ada");
  });
});
