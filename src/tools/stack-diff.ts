import { z } from "zod";
import { CollabError } from "../errors.ts";
import { diffStacks } from "../runner/stack/diff.ts";
import { count } from "./support/count.ts";
import { stackReference } from "./support/input.ts";
import { type NamedStack, resolveStack } from "./support/stack-reference.ts";
import { valueChangeSchema, valueChanges } from "./support/value-change.ts";
import { answer, defineTool, type ToolContext } from "./tool.ts";

/** The rest is counted in the summary. */
const MOST_FILES = 100;

export const stackDiff = defineTool({
  name: "stack_diff",
  toolset: "stacks",
  title: "What changed",
  description:
    "What changed from one stack to another, or from a stack's parent to it: manifest values by meaning (JSON inside strings opened), files with line counts, a patch, and whether it is one change only.",
  input: z.strictObject({
    stack: stackReference,
    against: z.string().min(1).max(500).optional().describe("The stack before; default: its parent"),
    patch_characters: z.number().int().min(0).max(20_000).default(4000),
  }),
  output: answer({
    before: z.string(),
    after: z.string(),
    identical: z.boolean(),
    knobs: z.number(),
    one_change: z.boolean(),
    untrusted_values: z.array(valueChangeSchema),
    untrusted_files: z.array(z.string()),
    untrusted_patch: z.string().optional(),
    patch_truncated: z.boolean().optional(),
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ stack: reference, against, patch_characters }, context) => {
    const after = await resolveStack(reference, context);
    const before = await (against ? resolveStack(against, context) : parentOf(after, context));
    const diff = await diffStacks(before.tree, after.tree, { maxPatchCharacters: patch_characters });
    return {
      summary: diff.identical
        ? "The two are byte-identical."
        : `They differ in ${count(diff.knobs, "manifest value")} and ${count(diff.files.length, "file")}${diff.oneChange ? ": one change only" : ""}.`,
      before: before.tree.digest,
      after: after.tree.digest,
      identical: diff.identical,
      knobs: diff.knobs,
      one_change: diff.oneChange,
      untrusted_values: valueChanges(diff.values),
      untrusted_files: diff.files
        .slice(0, MOST_FILES)
        .map((file) =>
          file.binary
            ? `${file.change} ${file.path} (binary)`
            : `${file.change} ${file.path} (+${file.linesAdded} -${file.linesRemoved})`,
        ),
      untrusted_patch: diff.patch || undefined,
      patch_truncated: diff.patchTruncated || undefined,
    };
  },
});

/** The parent as it was when forked: by digest from the record, a starter, or another fork. */
async function parentOf(stack: NamedStack, context: ToolContext): Promise<NamedStack> {
  const [parent] = stack.ancestors;
  if (!parent) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `${stack.name} is no fork, so it has no parent to compare with`,
      `stack_diff with "against"`,
    );
  }
  return resolveStack(parent.result ?? parent.digest, context).catch((error: unknown) => {
    if (!(error instanceof CollabError) || error.code !== "NOT_FOUND") throw error;
    throw new CollabError(
      "NOT_FOUND",
      `the parent of ${stack.name} is kept nowhere: it was a fork that was edited since and never published`,
      `stack_diff {"stack":"${stack.name}","against":"…"} with another stack`,
    );
  });
}
