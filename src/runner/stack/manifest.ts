import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { CollabError } from "../../errors.ts";
import { parseUntrustedJson } from "./json.ts";

export const MANIFEST_FILE = "manifest.json";

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** The operating system ends a word at a NUL, so no program can be started with one. */
const word = z.string().refine((value) => !value.includes("\0"), "must not hold a NUL character");

const WHOLE = "must be a whole number";

/**
 * The official manifest (benchmark-protocol 1.2), and `runtime`: for `node`, dependencies are npm specs. Unknown keys
 * are kept. Values of `env` become strings, a nested one its JSON, as the server will see them.
 */
export const manifestSchema = z.looseObject({
  serve: z.array(word.min(1)).min(1),
  dependencies: z
    .array(word.min(1))
    .nullish()
    .transform((list) => list ?? []),
  model_id: word.default("google/gemma-4-E4B-it"),
  served_model_name: word.default("gemma-4-e4b-it"),
  port: z.coerce.number({ error: WHOLE }).int({ error: WHOLE }).min(0).max(65_535).default(8000),
  env: z
    .record(z.string(), z.unknown())
    .default({})
    .transform((env) =>
      Object.fromEntries(
        Object.entries(env).map(([key, value]) => [key, text.safeParse(value).data ?? JSON.stringify(value)]),
      ),
    )
    .refine(
      (env) => Object.entries(env).every(([key, value]) => /^[^=\0]+$/.test(key) && !value.includes("\0")),
      "must not hold an empty name, a name with =, or a NUL character",
    ),
  runtime: z.enum(["python", "node"]).default("python"),
  name: z.string().optional(),
  description: z.string().optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** STACK_INVALID names the path of what is wrong. */
export function parseManifest(json: string): Manifest {
  const parsed = manifestSchema.safeParse(parseUntrustedJson(json, MANIFEST_FILE), {
    error: (issue) =>
      issue.code === "invalid_type" ? `must be ${issue.expected}, got ${typeName(issue.input)}` : undefined,
  });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${pathText(path)} ${message}`);
  throw new CollabError(
    "STACK_INVALID",
    `${MANIFEST_FILE}: ${problems.join("; ")}`,
    'a manifest is an object with at least "serve", such as ["python","serve.py"]',
  );
}

const typeName = (value: unknown): string =>
  value === undefined ? "nothing" : value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;

/** `serve[1]`, `env.THREADS` */
function pathText(path: PropertyKey[]): string {
  return (
    path
      .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
      .join("")
      .replace(/^\./, "") || "the whole"
  );
}

/**
 * What to start (benchmark-protocol 1.4): the interpreter of the stack's environment in place of its name or before a
 * script, a program inside the stack by its absolute path, anything else as PATH finds it.
 */
export function serveCommand(
  manifest: Manifest,
  stackDir: string,
  interpreter: string,
): { file: string; args: string[] } {
  const [first = "", ...rest] = manifest.serve;
  const inside = isAbsolute(first) ? first : join(stackDir, first);
  const [names, scripts] = manifest.runtime === "node" ? [/^node$/, /\.[cm]?js$/] : [/^python3?$/, /\.py$/];
  if (names.test(first)) return { file: interpreter, args: rest };
  if (scripts.test(first)) return { file: interpreter, args: [inside, ...rest] };
  return { file: !isAbsolute(first) && existsSync(inside) ? inside : first, args: rest };
}
