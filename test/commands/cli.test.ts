import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { referencePages } from "../../src/commands/reference.ts";
import { packageRoot, packageVersion } from "../../src/paths.ts";
import { testChallenge } from "../fixtures/challenge.ts";
import { cli, environment, type ServerOptions, temporaryDirectory } from "../fixtures/server.ts";

const collabs = (args: string[], options: ServerOptions = {}) =>
  execa(process.execPath, [cli, ...args], { env: environment(options), extendEnv: false, reject: false });

describe("the command line", () => {
  test("says what it can do and which version it is", async () => {
    const { stdout, exitCode } = await collabs(["--help"]);
    expect(exitCode).toBe(0);
    for (const word of [
      "demo",
      "tools",
      "call NAME",
      "bench DIR",
      "analyze",
      "doctor",
      "--read-only",
      "COLLABS_HOME",
    ])
      expect(stdout).toContain(word);
    expect((await collabs(["--version"])).stdout).toBe(packageVersion);
  });

  test.each([
    [["nonsense"]],
    [["--nonsense"]],
    [["call"]],
    [["bench"]],
    [["call", "digest_get", "{"]],
    [["call", "digest_gt"]],
  ])("answers misuse with exit 2 and a way out: %j", async (args) => {
    const { exitCode, stdout, stderr } = await collabs(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/--help|Next: /);
  });

  test("calls a tool: its structured answer on stdout, or exit 1 with the error", async () => {
    const home = temporaryDirectory();
    const good = await collabs(["call", "leaderboard_list", '{"limit":3}'], { home });
    expect(good.exitCode).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({ page: { matched: 0 } });
    const bad = await collabs(["call", "message_post", '{"body":"x"}'], { home, agentId: "ada" });
    expect({ exitCode: bad.exitCode, stdout: bad.stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(bad.stderr).toMatch(/^NOT_REGISTERED: .*agent_register/);
  });

  test("lists the tools as a table and as MCP shows them", async () => {
    expect((await collabs(["tools"])).stdout.split("\n")).toHaveLength(20);
    const { stdout } = await collabs(["tools", "--json", "--toolsets", "board"]);
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual([
      "leaderboard_list",
      "record_search",
      "results_find",
    ]);
  });

  test("doctor says where each setting came from, and how to mend what is broken", async () => {
    const home = temporaryDirectory();
    const file = join(home, "config.json");
    writeFileSync(file, JSON.stringify({ logLevel: "error", toolsets: ["board"] }));
    const { stdout, exitCode } = await collabs(["doctor", "--json", "--agent-id", "ada"], {
      home,
      env: { COLLABS_CONFIG: file, COLLABS_LOG_LEVEL: "" },
    });
    const { ok, settings, checks } = JSON.parse(stdout);
    const source = (name: string) => settings.find((one: { name: string }) => one.name === name);
    expect({ ok, exitCode }).toEqual({ ok: true, exitCode: 0 });
    expect(source("agentId")).toMatchObject({ value: "ada", source: "flag" });
    expect(source("home")).toMatchObject({ value: home, source: "environment" });
    expect(source("logLevel")).toMatchObject({ value: "error", source: "file" });
    expect(source("hub")).toMatchObject({ value: "local", source: "default" });
    expect(checks.map(({ name }: { name: string }) => name)).toContain("record");
    const broken = await collabs(["doctor"], { home, env: { COLLABS_CHALLENGE: "/none/challenge.json" } });
    expect(broken.exitCode).toBe(1);
    expect(broken.stdout).toMatch(/FAIL record .*NOT_FOUND[\s\S]*mend: /);
  });

  test("a configuration file with an unknown setting or no JSON is refused by name", async () => {
    const home = temporaryDirectory();
    const file = join(home, "config.json");
    for (const [text, message] of [
      ['{"loglevel":"x"}', /unknown settings loglevel/],
      ["{", /is not JSON/],
    ] as const) {
      writeFileSync(file, text);
      expect((await collabs(["tools"], { home, env: { COLLABS_CONFIG: file } })).stderr).toMatch(message);
      const { stdout, exitCode } = await collabs(["doctor"], { home, env: { COLLABS_CONFIG: file } });
      expect({ exitCode, failed: /FAIL config/.test(stdout) && message.test(stdout) }).toEqual({
        exitCode: 1,
        failed: true,
      });
    }
  });

  test("benches a directory, and refuses one that cannot run before it starts anything", async () => {
    const home = temporaryDirectory();
    const env = { COLLABS_CHALLENGE: testChallenge };
    const stack = join(home, "stack");
    mkdirSync(stack);
    writeFileSync(
      join(stack, "manifest.json"),
      '{"serve":["node","gone.mjs"],"runtime":"node","model_id":"owner/model"}',
    );
    const refused = await collabs(["bench", stack], { home, env });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/gone\.mjs[\s\S]*STACK_INVALID/);
    expect(existsSync(join(home, "runs"))).toBe(false);
  });

  test("analyzes a run directory, and ends with 1 where its numbers do not hold", async (context) => {
    const shared = join(packageRoot, "../shared/data/gemma-challenge/runs/reroll-ctk48-a");
    if (!existsSync(shared)) context.skip("../shared is not here");
    const { stdout, exitCode } = await collabs(["analyze", shared, "--json"]);
    expect(exitCode).toBe(0);
    const summary = JSON.parse(readFileSync(join(shared, "summary.json"), "utf8"));
    const found = JSON.parse(stdout);
    for (const field of [
      "tps",
      "total_tps",
      "mean_e2e_latency_ms",
      "p99_e2e_latency_ms",
      "completed",
      "ppl",
      "ppl_num_tokens",
    ]) {
      expect(Math.abs(found[field] / summary[field] - 1), field).toBeLessThan(1e-9);
    }
    const dir = temporaryDirectory();
    for (const file of readdirSync(shared)) {
      const text = readFileSync(join(shared, file), "utf8");
      writeFileSync(
        join(dir, file),
        file === "summary.json" ? text.replace(/"tps": \d+/, '"tps": 999') : text,
      );
    }
    const edited = await collabs(["analyze", dir, "--json"]);
    expect(edited.exitCode).toBe(1);
    expect(JSON.parse(edited.stdout).inconsistent).toMatchObject([{ file: "summary.json", field: "tps" }]);
  });
});

test("the reference pages are what the code says: `npm run docs` writes them", () => {
  for (const [name, text] of Object.entries(referencePages())) {
    expect(readFileSync(join(packageRoot, "docs", name), "utf8"), name).toBe(text);
  }
});

test("mcp.json can be pasted into a client and names only settings there are", () => {
  const { mcpServers } = JSON.parse(readFileSync(join(packageRoot, "mcp.json"), "utf8"));
  const page = referencePages()["configuration.md"];
  for (const name of Object.keys(mcpServers["agent-collabs"].env)) expect(page).toContain(`\`${name}\``);
});
