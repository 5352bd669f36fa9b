import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { nearest } from "../tools/support/input.ts";
import { render } from "../tools/support/render.ts";
import { nextSchema, type Tool, type ToolContext } from "../tools/tool.ts";
import { errorText } from "./error-text.ts";
import { wireTool } from "./wire.ts";

/** Lists the tools and runs them: errors are text only, answers are complete in both forms. */
export function serveTools(server: Server, tools: readonly Tool[], context: ToolContext): void {
  const listed = { tools: tools.map(wireTool) };
  const byName = new Map(tools.map((tool) => [tool.name, tool]));

  server.setRequestHandler(ListToolsRequestSchema, () => listed);

  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra): Promise<CallToolResult> => {
    const tool = byName.get(params.name);
    if (!tool) {
      const near = nearest(params.name, [...byName.keys()]);
      throw new McpError(
        ErrorCode.InvalidParams,
        `no tool "${params.name.slice(0, 80)}"${near ? `; did you mean ${near}?` : ""}`,
      );
    }
    const { progressToken } = params._meta ?? {};
    const progress = (done: number, total: number, note: string) => {
      if (progressToken === undefined) return;
      // A courtesy: a client that has gone away must not fail the call.
      extra
        .sendNotification({
          method: "notifications/progress",
          params: { progressToken, progress: done, total, message: note },
        })
        .catch(() => {});
    };
    try {
      const output = offered(
        await tool.invoke(params.arguments, context, { signal: extra.signal, progress }),
        byName,
      );
      return { content: [{ type: "text", text: render(output) }], structuredContent: output };
    } catch (error) {
      return { isError: true, content: [{ type: "text", text: errorText(error, tool.name, context.log) }] };
    }
  });
}

/** Next steps name only tools that this session has. */
function offered(
  output: Record<string, unknown>,
  byName: ReadonlyMap<string, Tool>,
): Record<string, unknown> {
  const steps = z.array(nextSchema).safeParse(output.next);
  return steps.success ? { ...output, next: steps.data.filter(({ tool }) => byName.has(tool)) } : output;
}
