import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { Assembly } from "../assemble.ts";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { serveSession } from "./server.ts";

const DRAIN_MS = 500;

/** Serves one session over stdin and stdout until stdin ends. Runs that it started go on without it. */
export async function serveStdio(assembly: Assembly, config: Config, log: Log): Promise<void> {
  const session = assembly.session();
  const server = await serveSession(session, config, new StdioServerTransport());
  log.info(
    { home: config.home, challenge: assembly.challenge.id, agent: config.agentId },
    "serving over stdio",
  );
  await ended();
  log.info("stdin ended");
  // Calls in flight get a moment to answer; then nothing of ours may keep the process alive.
  await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
  await server.close();
  assembly.close();
}

/** The SDK's transport does not notice that its client is gone; a server that outlives it would be an orphan. */
function ended(): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ["end", "close"]) process.stdin.once(event, () => resolve());
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => resolve());
    process.stdout.once("error", () => resolve());
  });
}
