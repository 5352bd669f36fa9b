import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/paths.ts";
import { testChallenge } from "../fixtures/challenge.ts";
import { environment, temporaryDirectory } from "../fixtures/server.ts";

const run = (example: string, args: string[]) =>
  execa(process.execPath, [join(packageRoot, "examples", example), ...args], {
    env: environment({ home: temporaryDirectory(), env: { COLLABS_CHALLENGE: testChallenge } }),
    extendEnv: false,
  });

test("a first result, over an MCP client", async () => {
  const { stdout } = await run("first-result.mjs", ["newcomer", "tiny-gemma-1m/Q8_0"]);
  expect(stdout).toMatch(/result_submit: Posted \d{8}-\d{6}-\d{3}_newcomer\.md: newcomer stands at rank 1/);
  expect(stdout.split("\n").at(-1)).toMatch(/^1 newcomer \d/);
}, 120_000);

test("a sweep over one knob, over the typed functions", async () => {
  const { stdout } = await run("sweep.mjs", [
    "tiny-gemma",
    "model_id",
    "tiny-gemma-1m/F32",
    "tiny-gemma-1m/Q4_0",
  ]);
  expect(stdout.split("\n")).toHaveLength(2);
  for (const line of stdout.split("\n"))
    expect(line).toMatch(/^model_id=tiny-gemma-1m\/\S+ +completed \d[\d.]* tok\/s ppl \d/);
}, 120_000);
