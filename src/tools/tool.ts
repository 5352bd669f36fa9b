import type { z } from "zod";
import type { Challenge } from "../challenge.ts";
import type { Hub } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { Runner } from "../runner/runner.ts";

/** What a tool may use. Everything it learns of the outside comes through here. */
export interface ToolContext {
  readonly hub: Hub;
  readonly runner: Runner;
  readonly challenge: Challenge;
  /** Where this agent's forks live; each stack is a directory below it. */
  readonly workspaceDir: string;
  /** Who acts; undefined until configured or registered. */
  readonly identity: Identity;
  readonly readOnly: boolean;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The acting agent of a session: fixed by COLLABS_AGENT_ID, else set by agent_register. */
export interface Identity {
  agentId: string | undefined;
}

export interface Call {
  readonly signal: AbortSignal;
  /** A courtesy to clients that show it; nothing may exist only here. */
  progress(done: number, total: number, note: string): void;
}

export const TOOLSETS = ["context", "board", "messages", "stacks", "benchmarks", "publish"] as const;
export type Toolset = (typeof TOOLSETS)[number];

export interface Annotations {
  readOnly: boolean;
  destructive: boolean;
  idempotent: boolean;
  /** True where the answer or the deed carries text of other agents. */
  openWorld: boolean;
}

/** A step that makes sense now. Built by us, never from others' text. */
export interface Next {
  tool: string;
  args: Record<string, unknown>;
  why: string;
}

export interface Tool {
  name: string;
  toolset: Toolset;
  title: string;
  description: string;
  input: z.ZodObject;
  output: z.ZodObject;
  annotations: Annotations;
  /** Input and output are parsed by their schemas around this; see `call.ts`. */
  run(input: never, context: ToolContext, call: Call): Promise<object>;
}

interface Definition<Input extends z.ZodObject, Output extends z.ZodObject> {
  name: string;
  toolset: Toolset;
  title: string;
  description: string;
  input: Input;
  output: Output;
  annotations: Annotations;
  run(input: z.output<Input>, context: ToolContext, call: Call): Promise<z.input<Output>>;
}

/** A tool as a plain value: what it takes, what it gives, and the work. It knows nothing of MCP. */
export function defineTool<const Input extends z.ZodObject, const Output extends z.ZodObject>(
  definition: Definition<Input, Output>,
): Definition<Input, Output> {
  return definition;
}
