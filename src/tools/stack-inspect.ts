import { z } from "zod";
import { CollabError } from "../errors.ts";
import { authorsOf } from "../runner/stack/lineage.ts";
import { MANIFEST_FILE, parseManifest } from "../runner/stack/manifest.ts";
import { count } from "./support/count.ts";
import { stackReference } from "./support/input.ts";
import { resolveStack } from "./support/stack-reference.ts";
import { answer, defineTool } from "./tool.ts";

const FILE_CHARACTERS = 5000;
const VALUE_CHARACTERS = 2000;
const MOST_FILES = 100;

export const stackInspect = defineTool({
  name: "stack_inspect",
  toolset: "stacks",
  title: "Look into a stack",
  description:
    "A stack's manifest, file list and lineage with authors, or the files of a stored digest such as a result's run_digest; with `file`, that file's text from `offset`. stack_diff compares two stacks.",
  input: z.strictObject({
    stack: stackReference,
    file: z.string().max(300).optional().describe("Path of one file to read"),
    offset: z.number().int().min(0).default(0).describe("Skip so many characters of the file"),
  }),
  output: answer({
    stack: z.string(),
    source: z.string(),
    digest: z.string(),
    dir: z.string().optional(),
    lineage: z
      .array(
        z.strictObject({ digest: z.string(), author: z.string().optional(), result: z.string().optional() }),
      )
      .optional(),
    authors: z.array(z.string()),
    files: z.number(),
    file_characters: z.number().optional(),
    untrusted_files: z.array(z.string()).optional(),
    untrusted_manifest: z.record(z.string(), z.unknown()).optional(),
    untrusted_text: z.string().optional(),
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ stack: reference, file, offset }, context) => {
    const stack = await resolveStack(reference, context);
    const common = {
      stack: stack.name,
      source: stack.source,
      digest: stack.tree.digest,
      dir: stack.dir,
      authors: [...new Set([...(stack.author ? [stack.author] : []), ...authorsOf(stack.ancestors)])],
      files: stack.tree.entries.length,
    };
    if (file !== undefined) {
      if (!stack.tree.entries.some(({ path }) => path === file)) {
        throw new CollabError(
          "NOT_FOUND",
          `the stack has no file ${JSON.stringify(file.slice(0, 100))}`,
          `stack_inspect {"stack":${JSON.stringify(reference)}} lists its files`,
        );
      }
      const text = Buffer.from(await stack.tree.read(file)).toString("utf8");
      const piece = text.slice(offset, offset + FILE_CHARACTERS);
      const end = offset + piece.length;
      return {
        ...common,
        summary: `Characters ${offset} to ${end} of ${text.length} of one file of ${stack.name}.`,
        file_characters: text.length,
        untrusted_text: piece,
        ...(end < text.length && {
          next: [{ tool: "stack_inspect", args: { stack: reference, file, offset: end }, why: "read on" }],
        }),
      };
    }
    const manifest = stack.tree.entries.some(({ path }) => path === MANIFEST_FILE)
      ? parseManifest(Buffer.from(await stack.tree.read(MANIFEST_FILE)).toString("utf8"))
      : undefined;
    return {
      ...common,
      summary: `${stack.name}: ${count(stack.tree.entries.length, "file")}, ${count(stack.ancestors.length, "ancestor")}.`,
      lineage: stack.ancestors.map(({ digest, author, result }) => ({
        digest,
        author: author ?? undefined,
        result: result ?? undefined,
      })),
      untrusted_files: stack.tree.entries
        .slice(0, MOST_FILES)
        .map(({ path, size }) => `${path} (${size} bytes)`),
      untrusted_manifest: manifest && shortened(manifest),
      ...(stack.tree.entries.length > MOST_FILES && {
        notices: [`Only the first ${MOST_FILES} files are listed.`],
      }),
    };
  },
});

/** A long value is read with `file`. */
const shortened = (manifest: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(manifest).map(([key, value]) => {
      const text = JSON.stringify(value);
      return [key, text.length <= VALUE_CHARACTERS ? value : `${text.slice(0, VALUE_CHARACTERS)}…`];
    }),
  );
