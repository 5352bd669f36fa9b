import { type Given, readConfig } from "../config.ts";
import { wireTool } from "../mcp/wire.ts";
import { selectTools } from "../tools/index.ts";

export async function tools(_operands: string[], given: Given): Promise<number> {
  const { config } = readConfig(given);
  const chosen = selectTools(config.toolsets, config.readOnly);
  const text = given.flags.json
    ? JSON.stringify(chosen.map(wireTool), undefined, 2)
    : chosen
        .map(
          ({ name, toolset, title, annotations }) =>
            `${name.padEnd(18)} ${toolset.padEnd(11)} ${(annotations.readOnly ? "reads" : annotations.destructive ? "undoes" : "writes").padEnd(7)} ${title}`,
        )
        .join("\n");
  process.stdout.write(`${text}\n`);
  return 0;
}
