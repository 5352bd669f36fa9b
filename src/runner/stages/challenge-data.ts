import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { z } from "zod";
import type { Challenge } from "../../challenge.ts";
import { CollabError } from "../../errors.ts";

/** One entry of a challenge's data file, with the words that say where it stands. */
export interface DataItem {
  value: unknown;
  where: string;
}

/** Reads a file of a challenge: a JSON list, or one object a line. INVALID_ARGUMENT names file and line. */
export async function readChallengeData(challenge: Challenge, file: string): Promise<DataItem[]> {
  // Editors of some systems put a byte order mark first, which no JSON parser takes.
  const text = (await contentOf(challenge, file)).replace(/^\uFEFF/, "");
  if (/^\s*\[/.test(text)) {
    const list = parseJson(text, file);
    if (!Array.isArray(list)) throw invalidData(`${file} holds no list`);
    return list.map((value: unknown, index) => ({ value, where: `${file} item ${index + 1}` }));
  }
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    return [{ value: parseJson(line, `${file} line ${index + 1}`), where: `${file} line ${index + 1}` }];
  });
}

/** An entry by its schema; INVALID_ARGUMENT names the field that is wrong. */
export function checkedItem<T>({ value, where }: DataItem, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
  throw invalidData(`${where}: ${field ? `${field}: ` : ""}${issue?.message ?? "not of the right form"}`);
}

export const invalidData = (problem: string): CollabError =>
  new CollabError(
    "INVALID_ARGUMENT",
    `the challenge's data cannot be used: ${problem}`,
    "docs/challenges.md describes the files of a challenge",
  );

async function contentOf(challenge: Challenge, file: string): Promise<string> {
  try {
    return await readFile(resolve(challenge.dir, file), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw invalidData(`${file} cannot be read${code}`);
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser quotes the text around, which is not ours; only its position goes into the message.
    const position =
      error instanceof Error ? /position \d+(?: \(line \d+ column \d+\))?/.exec(error.message) : null;
    throw invalidData(`${where} is not JSON${position ? ` (${position[0]})` : ""}`);
  }
}
