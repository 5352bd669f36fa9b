import { join } from "node:path";
import { z } from "zod";
import { CollabError } from "../errors.ts";
import { diffStacks } from "../runner/stack/diff.ts";
import { forkStack } from "../runner/stack/fork.ts";
import { authorsOf } from "../runner/stack/lineage.ts";
import { withOverrides } from "../runner/stack/overrides.ts";
import { actingAgent, workspaceOf } from "./support/acting-agent.ts";
import { count } from "./support/count.ts";
import { dryRun, idempotencyKey, stackReference } from "./support/input.ts";
import { STACK_NAME } from "./support/stack-name.ts";
import { asAncestor, forks, isStarter, resolveStack } from "./support/stack-reference.ts";
import { valueChangeSchema, valueChanges } from "./support/value-change.ts";
import { answer, defineTool } from "./tool.ts";

export const stackFork = defineTool({
  name: "stack_fork",
  toolset: "stacks",
  title: "Fork a stack",
  description:
    "Copies a stack verbatim into your workspace and records its parent, so that credit follows by itself. `overrides` sets manifest values by dotted path; edit other files in `dir` with your own tools.",
  input: z.strictObject({
    stack: stackReference,
    name: z
      .string()
      .regex(STACK_NAME, "lowercase letters, digits, dot, hyphen, underscore; at most 63")
      .describe("Name of the fork"),
    overrides: z
      .record(z.string().max(200), z.unknown())
      .default({})
      .describe('Such as {"model_id":"tiny-gemma-45m/Q8_0","env.THREADS":"1"}'),
    dry_run: dryRun,
    idempotency_key: idempotencyKey,
  }),
  output: answer({
    stack: z.string(),
    dir: z.string(),
    digest: z.string(),
    parent: z.string(),
    authors: z.array(z.string()),
    knobs: z.number(),
    forked: z.boolean(),
    untrusted_changes: z.array(valueChangeSchema),
  }),
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: true },
  run: async ({ stack: reference, name, overrides, dry_run, idempotency_key }, context) => {
    const agent = await actingAgent(context);
    const source = await resolveStack(reference, context);
    if (await isStarter(name)) {
      throw new CollabError(
        "ALREADY_EXISTS",
        `"${name}" is the name of a starter stack`,
        `stack_fork with another "name"`,
      );
    }
    const content = await withOverrides(source.tree, overrides);
    const changes = await diffStacks(source.tree, content, { maxPatchCharacters: 0 });
    const dir = join(workspaceOf(context, agent.id), name);
    const ancestors = [asAncestor(source), ...source.ancestors];
    const twin = (await forks(context)).find(
      (other) => other.name !== name && other.tree.digest === content.digest,
    );
    if (!dry_run) {
      await forkStack({
        target: dir,
        author: agent.id,
        ancestors,
        content,
        now: context.now(),
        ...(idempotency_key && { idempotencyKey: idempotency_key }),
      });
    }
    return {
      summary: `${dry_run ? "Not forked (dry run)" : "Forked"}: ${source.name} as ${name}, ${count(changes.knobs, "manifest value")} changed.`,
      stack: name,
      dir,
      digest: content.digest,
      parent: source.tree.digest,
      authors: authorsOf(ancestors),
      knobs: changes.knobs,
      forked: !dry_run,
      untrusted_changes: valueChanges(changes.values),
      notices: [
        ...(changes.identical && source.source === "result"
          ? ["Unchanged, this fork is a verbatim reproduction of its parent."]
          : []),
        ...(twin ? [`Your fork ${twin.name} has the same content.`] : []),
      ],
      ...(!dry_run && {
        next: [
          { tool: "stack_check", args: { stack: name }, why: "know what can be known before a run" },
          { tool: "benchmark_start", args: { stack: name }, why: "measure it" },
        ],
      }),
    };
  },
});
