import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/paths.ts";
import { regrets, spawnStack, startStack } from "./server.ts";

const FIRST_INSTALL_MS = 300_000;

test.each([
  [{ KV_TYPE: "F8" }, "KV_TYPE"],
  [{ THREADS: "many" }, "THREADS"],
  [{ KV_TYPE: "Q8_0" }, "FLASH_ATTENTION"],
  [{ MODEL_ID: "/no/such.gguf" }, "MODEL_ID"],
  [{ MODEL_ID: join(packageRoot, "package.json") }, "the model"],
])(
  "settings %j end the server at once, with the reason in one line",
  async (env: Record<string, string>, named) => {
    const { child } = await spawnStack(env);
    let stderr = "";
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, "close");
    expect(code).toBe(1);
    expect(stderr).toContain(named);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  },
  FIRST_INSTALL_MS,
);

test("SIGTERM ends the server with 0, also while it decodes", async () => {
  const server = await startStack();
  const request = { prompt: [2, 300], max_tokens: 1000, ignore_eos: true };
  const pending = server.post("/v1/completions", request).catch(() => "cut off");
  await new Promise((resolve) => setTimeout(resolve, 150));
  const startedAt = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(await pending).toBe("cut off");
});

test("every cache type and flash attention serve", async () => {
  for (const env of [{ KV_TYPE: "F16" }, { KV_TYPE: "Q8_0", FLASH_ATTENTION: "on" }]) {
    const server = await startStack(env);
    const { choice } = await server.post("/v1/completions", {
      prompt: [2, 300],
      max_tokens: 8,
      ignore_eos: true,
      return_token_ids: true,
    });
    expect(choice.token_ids).toHaveLength(8);
    expect(await server.stop()).toBe(0);
  }
});

test("prompt lookup drafts from earlier text and keeps only greedy tokens", async () => {
  const server = await startStack({ PROMPT_LOOKUP: "4" });
  try {
    const prompt = [2, ...Array<number[]>(6).fill([300, 310, 320, 330]).flat()];
    const request = { prompt, max_tokens: 120, ignore_eos: true, return_token_ids: true };
    const { choice, body } = await server.post("/v1/completions", request);
    expect(choice.token_ids).toHaveLength(120);
    expect(body.usage.completion_tokens).toBe(120);
    expect(Math.max(...(await regrets(server, prompt, choice.token_ids)))).toBeLessThan(0.2);
  } finally {
    await server.stop();
  }
});
