import type { z } from "zod";
import { assemble } from "./assemble.ts";
import { readConfig } from "./config.ts";
import { createLog } from "./log.ts";
import { ALL_TOOLS } from "./tools/index.ts";
import type { Call } from "./tools/tool.ts";

/** The tools as typed functions, for programs that script them. */
export { CollabError, ERROR_CODES, type ErrorCode } from "./errors.ts";

type AnyTool = (typeof ALL_TOOLS)[number];
type Named<Name extends string> = Extract<AnyTool, { name: Name }>;

/** `collab.leaderboard_list({ limit: 5 })`: what each takes and gives is in docs/tools.md. */
export type CollabTools = {
  [Name in AnyTool["name"]]: (
    args: z.input<Named<Name>["input"]>,
    call?: Partial<Call>,
  ) => Promise<z.output<Named<Name>["output"]>>;
};

export interface Collab {
  readonly tools: CollabTools;
  /** Lets go of the record. Runs that were started go on. */
  close(): void;
}

/** Settings by their names in docs/configuration.md; what is not given comes from the environment and its defaults. */
export interface CollabOptions {
  home?: string;
  agentId?: string;
  hub?: string;
  challenge?: string;
  workspace?: string;
  readOnly?: boolean;
  logLevel?: "trace" | "debug" | "info" | "warn" | "error" | "silent";
}

/** Opens the same house that the server and the command line use. Tool errors are `CollabError`s. */
export function openCollab(options: CollabOptions = {}): Collab {
  const { config } = readConfig({ flags: { ...options }, env: process.env });
  const log = createLog(config.logLevel === "info" ? "warn" : config.logLevel);
  const assembly = assemble(config, log);
  const context = assembly.session();
  const call = (partial: Partial<Call> = {}): Call => ({
    signal: partial.signal ?? new AbortController().signal,
    progress: partial.progress ?? (() => {}),
  });
  const tools = Object.fromEntries(
    ALL_TOOLS.map((tool) => [
      tool.name,
      (args: unknown, partial?: Partial<Call>) => tool.invoke(args, context, call(partial)),
    ]),
  );
  // The one place where a table is given the type that its construction makes true but cannot show.
  return { tools: tools as unknown as CollabTools, close: () => assembly.close() };
}
