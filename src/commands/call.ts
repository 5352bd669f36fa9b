import type { Given } from "../config.ts";
import { CollabError } from "../errors.ts";
import { errorText } from "../mcp/error-text.ts";
import { selectTools } from "../tools/index.ts";
import { nearest } from "../tools/support/input.ts";
import { open } from "./open.ts";

export async function call([name, json = "{}"]: string[], given: Given): Promise<number> {
  if (name === undefined) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      "call takes the name of a tool and its arguments as one JSON object",
      `agent-collabs-mcp call leaderboard_list '{"limit":5}'`,
    );
  }
  const { assembly, config, log } = open(given);
  try {
    const tools = selectTools(config.toolsets, config.readOnly);
    const tool = tools.find((one) => one.name === name);
    if (!tool) {
      const near = nearest(
        name,
        tools.map((one) => one.name),
      );
      throw new CollabError(
        "INVALID_ARGUMENT",
        `there is no tool "${name}"${near ? `; did you mean ${near}?` : ""}`,
        "agent-collabs-mcp tools",
      );
    }
    const args = parseJson(json);
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    try {
      const output = await tool.invoke(args, assembly.session(), { signal: stop.signal, progress: () => {} });
      process.stdout.write(`${JSON.stringify(output, undefined, 2)}\n`);
      return 0;
    } catch (error) {
      process.stderr.write(`${errorText(error, name, log)}\n`);
      return 1;
    }
  } finally {
    assembly.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CollabError(
      "INVALID_ARGUMENT",
      "the arguments are not JSON",
      `agent-collabs-mcp call leaderboard_list '{"limit":5}'`,
    );
  }
}
