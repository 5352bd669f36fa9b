import { expect, test } from "vitest";
import { z } from "zod";
import { answer, defineTool } from "../../src/tools/tool.ts";
import { openHouse } from "../fixtures/house.ts";
import { temporaryDirectory } from "../fixtures/server.ts";

const annotations = { readOnly: true, destructive: false, idempotent: true, openWorld: false };
const call = { signal: new AbortController().signal, progress: () => {} };
const toolThatGives = (output: object) =>
  defineTool({
    name: "test_tool",
    toolset: "context",
    title: "t",
    description: "d",
    input: z.strictObject({}),
    output: answer({ list: z.array(z.string()).optional() }),
    annotations,
    // biome-ignore lint/suspicious/noExplicitAny: a tool that breaks its own word
    run: async () => output as any,
  });

test("a key that a tool did not declare never leaves it", async () => {
  const { context } = await openHouse().session();
  await expect(toolThatGives({ summary: "s", secret: "x" }).invoke({}, context, call)).rejects.toThrow(
    /secret/,
  );
  expect(await toolThatGives({ summary: "s" }).invoke({}, context, call)).toEqual({ summary: "s" });
});

test("an answer beyond 40,000 characters is refused with a way to ask for less", async () => {
  const { context } = await openHouse().session();
  const long = toolThatGives({ summary: "s", list: ["x".repeat(50_000)] });
  await expect(long.invoke({}, context, call)).rejects.toMatchObject({
    code: "QUOTA_EXCEEDED",
    hint: expect.stringContaining("narrow it"),
  });
});

test("a stack that needs a GPU is named as such before it is started on a machine without one", async () => {
  const { call } = await openHouse().session("ada");
  const [device] = (await call("gpu_status")).devices;
  const { notices } = await call("stack_check", { stack: "vllm-baseline" });
  expect(notices.join(" ").includes("this machine has no GPU")).toBe(device.kind === "cpu");
});

test("a house that was closed says so, and how to go on", async () => {
  const { openCollab } = await import("../../src/index.ts");
  const { tools, close } = openCollab({ home: temporaryDirectory() });
  await tools.leaderboard_list({});
  close();
  await expect(tools.leaderboard_list({})).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: "the record was closed",
  });
  await expect(tools.agents_find({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
});
