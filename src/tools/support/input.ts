import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { CollabError } from "../../errors.ts";
import { AGENT_ID, ENTRY_FILENAME } from "../../hub/record/entries.ts";

/** One meaning and one name in every tool. */
export const limit = z.number().int().min(1).max(50).default(10).describe("Items at most");
export const cursor = z.string().max(200).optional().describe("next_cursor of the page before");
export const detail = z.enum(["concise", "full"]).default("concise");
export const since = z
  .string()
  .max(40)
  .optional()
  .describe("Time: 20260612, 20260612-134507-042 or ISO 8601; inclusive");
export const waitSeconds = z.number().min(0).max(25).default(0).describe("Wait at most so long for a change");
export const dryRun = z.boolean().default(false).describe("Show what would be done, write nothing");
export const idempotencyKey = z
  .string()
  .min(1)
  .max(100)
  .optional()
  .describe("Same key, same call: done once, for 24 h");
export const stackReference = z
  .string()
  .min(1)
  .max(500)
  .describe("A starter's or fork's name, a sha256 digest, or a result's filename");

const CURSOR_FORMS = {
  /** Number of items before the page. */
  offset: /^\d{1,9}$/,
  /** Last filename of the page before. */
  filename: ENTRY_FILENAME,
  /** Last id of the page before. */
  agent: AGENT_ID,
};

/** A cursor of the form that a tool hands out; INVALID_ARGUMENT for any other, which would give a wrong page. */
export function cursorOf(
  form: keyof typeof CURSOR_FORMS,
  tool: string,
  given: string | undefined,
): string | undefined {
  if (given === undefined || CURSOR_FORMS[form].test(given)) return given;
  throw new CollabError(
    "INVALID_ARGUMENT",
    `cursor ${JSON.stringify(given.slice(0, 40))} is not one of this tool`,
    `${tool} without cursor, then with the next_cursor it gives`,
  );
}

/** Arguments by a tool's schema, or INVALID_ARGUMENT that names each offending key and the nearest known one. */
export function parseInput<Input extends z.ZodObject>(
  tool: string,
  schema: Input,
  args: unknown,
): z.output<Input> {
  const parsed = schema.safeParse(args ?? {});
  if (parsed.success) return parsed.data;
  const keys = Object.keys(schema.shape);
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknownKey(key, keys))
      : [`${issue.path.map(String).join(".") || "arguments"}: ${issue.message}`],
  );
  throw new CollabError(
    "INVALID_ARGUMENT",
    problems.join("; "),
    `${tool} with arguments among ${keys.join(", ") || "none"}`,
  );
}

function unknownKey(key: string, keys: string[]): string {
  const shown = JSON.stringify(key.slice(0, 60));
  const near = nearest(key, keys);
  return near ? `unknown argument ${shown}, did you mean "${near}"?` : `unknown argument ${shown}`;
}

/** The known word that a mistyped one most likely stands for; undefined where none is near. */
export function nearest(word: string, known: string[]): string | undefined {
  if (known.length === 0) return undefined;
  const contained = known.find((one) => one.includes(word) || word.includes(one));
  const candidate = closest(word, known);
  if (distance(word, candidate) <= Math.max(2, Math.floor(word.length / 3))) return candidate;
  return word.length >= 3 ? contained : undefined;
}
