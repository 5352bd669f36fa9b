import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Config } from "../config.ts";
import { packageVersion } from "../paths.ts";
import { selectTools } from "../tools/index.ts";
import type { ToolContext } from "../tools/tool.ts";
import { instructions } from "./instructions.ts";
import { servePrompts } from "./prompts.ts";
import { serveResources } from "./resources.ts";
import { serveTools } from "./serve-tools.ts";

/**
 * One MCP session over any transport. The low-level server, not McpServer: we list, check, run and render tools
 * ourselves, which is what keeps errors readable, schemas whole and both answer forms complete.
 */
export async function serveSession(
  context: ToolContext,
  config: Config,
  transport: Transport,
): Promise<Server> {
  const tools = selectTools(config.toolsets, config.readOnly);
  const server = new Server(
    { name: "agent-collabs-mcp", title: "Agent Collabs", version: packageVersion },
    {
      capabilities: { tools: {}, resources: { subscribe: true }, prompts: {} },
      instructions: instructions(tools),
    },
  );
  serveTools(server, tools, context);
  serveResources(server, context);
  servePrompts(server, context);
  await server.connect(transport);
  return server;
}
