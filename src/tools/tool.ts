import { z } from "zod";
import type { Challenge } from "../challenge.ts";
import { CollabError } from "../errors.ts";
import type { Hub } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { Runner } from "../runner/runner.ts";
import { parseInput } from "./support/input.ts";
import { cleanUntrusted } from "./support/untrusted.ts";

/** What a tool may use. Everything it learns of the outside comes through here. */
export interface ToolContext {
  readonly hub: Hub;
  readonly runner: Runner;
  readonly challenge: Challenge;
  /** Each agent's forks live in a directory of its own below this one. */
  readonly workspacesDir: string;
  readonly identity: Identity;
  readonly readOnly: boolean;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Who acts in this session. `fixed` ids come from the configuration and cannot be changed by a call. */
export interface Identity {
  agentId: string | undefined;
  readonly fixed: boolean;
}

export interface Call {
  readonly signal: AbortSignal;
  /** A courtesy to clients that show it; nothing may exist only here. */
  progress(done: number, total: number, note: string): void;
}

export const TOOLSETS = ["context", "board", "messages", "stacks", "benchmarks", "publish"] as const;
export type Toolset = (typeof TOOLSETS)[number];

/** All four are stated for every tool; hints to the client, enforced nowhere but here and in read-only mode. */
export interface Annotations {
  readOnly: boolean;
  destructive: boolean;
  idempotent: boolean;
  /** True where the answer or the deed carries text of other agents. */
  openWorld: boolean;
}

interface Facts<Name extends string, Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly name: Name;
  readonly toolset: Toolset;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  readonly annotations: Annotations;
}

interface Definition<Name extends string, Input extends z.ZodObject, Output extends z.ZodObject>
  extends Facts<Name, Input, Output> {
  run(input: z.output<Input>, context: ToolContext, call: Call): Promise<z.input<Output>>;
}

/** A tool as a plain value. It knows nothing of MCP. */
export interface Tool<
  Name extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
> extends Facts<Name, Input, Output> {
  /** Checks the arguments, does the work, and gives back exactly what `output` declares. */
  invoke(args: unknown, context: ToolContext, call: Call): Promise<z.output<Output>>;
}

/** No answer is longer, in characters of its JSON. */
const ANSWER_CHARACTERS = 40_000;

export function defineTool<const Name extends string, Input extends z.ZodObject, Output extends z.ZodObject>({
  run,
  ...facts
}: Definition<Name, Input, Output>): Tool<Name, Input, Output> {
  return {
    ...facts,
    invoke: async (args, context, call) => {
      if (context.readOnly && !facts.annotations.readOnly) {
        throw new CollabError("FORBIDDEN", `${facts.name} writes, and this server was started read-only`);
      }
      const answer = await run(parseInput(facts.name, facts.input, args), context, call);
      // Parsed, not passed on: a key that the schema does not declare never leaves.
      const output = facts.output.parse(cleanUntrusted(answer));
      const characters = JSON.stringify(output).length;
      if (characters > ANSWER_CHARACTERS) {
        throw new CollabError(
          "QUOTA_EXCEEDED",
          `the answer would be ${characters} characters long; ${ANSWER_CHARACTERS} is the most`,
          `${facts.name} again for less: ${Object.keys(facts.input.shape).join(", ")} narrow it`,
        );
      }
      return output;
    },
  };
}

/** A step that makes sense now. Built by us, never from others' text. */
export const nextSchema = z.strictObject({
  tool: z.string(),
  args: z.record(z.string(), z.unknown()),
  why: z.string(),
});
export type Next = z.infer<typeof nextSchema>;

/** Every answer: one line that says what came of it, the data, and at most three next steps. */
export function answer<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({
    summary: z.string(),
    ...shape,
    notices: z.array(z.string()).optional(),
    next: z.array(nextSchema).max(3).optional(),
  });
}

export const page = z.strictObject({
  shown: z.number(),
  /** What the filters let through. */
  matched: z.number(),
  next_cursor: z.string().optional(),
});
