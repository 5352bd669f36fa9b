import type { Given } from "../config.ts";
import { serveStdio } from "../mcp/stdio.ts";
import { open } from "./open.ts";

export async function serve(_operands: string[], given: Given): Promise<number> {
  const { assembly, config, log } = open(given, false);
  await serveStdio(assembly, config, log);
  // Whatever a library still holds open, a server without a client has nothing left to do.
  process.exit(0);
}
