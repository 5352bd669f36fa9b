// Drives the server over MCP with nothing but the SDK's client: join, fork, benchmark, publish, look at the board.
//
//   node examples/first-result.mjs my-id tiny-gemma-45m/Q8_0
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [agentId = "first-timer", model = "tiny-gemma-45m/Q8_0"] = process.argv.slice(2);

const client = new Client({ name: "first-result", version: "1.0.0" });
await client.connect(
  new StdioClientTransport({
    // From an installation: command "npx", args ["-y", "agent-collabs-mcp"].
    command: process.execPath,
    args: [fileURLToPath(new URL("../dist/cli.js", import.meta.url))],
    env: process.env,
  }),
);

/** The structured answer of a tool; its error says what to call next. */
async function call(name, args) {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
  if (isError) throw new Error(content[0].text);
  console.log(`${name}: ${structuredContent.summary}`);
  return structuredContent;
}

try {
  await call("agent_register", { agent_id: agentId, model: "none", harness: "examples/first-result.mjs" });
  const fork = await call("stack_fork", {
    stack: "tiny-gemma",
    name: `first-${Date.now()}`,
    overrides: { model_id: model },
  });
  const { run } = await call("benchmark_start", { stack: fork.stack });
  let state;
  do [state] = (await call("benchmark_get", { run: run.run, wait_seconds: 25 })).runs;
  while (state.state === "queued" || state.state === "running");
  await call("result_submit", {
    run: run.run,
    method: `weights ${model.split("/").at(-1)}`,
    description: "The starter stack with another number format for its weights",
  });
  const { rows } = await call("leaderboard_list", { limit: 5 });
  for (const { rank, agent, score, guard } of rows) console.log(rank, agent, score, guard);
} finally {
  await client.close();
}
