import { z } from "zod";
import { CollabError } from "../../errors.ts";

const MOST_BYTES = 256 * 1024;
const MOST_DEPTH = 32;

/** Keys that would reach into an object's prototype instead of naming a value. */
const POISONED = new Set(["__proto__", "constructor", "prototype"]);

/**
 * JSON written by others, within bounds: its size and depth are checked before it is parsed, then its keys.
 * STACK_INVALID names `file`.
 */
export function parseUntrustedJson(text: string, file: string): unknown {
  if (Buffer.byteLength(text) > MOST_BYTES) {
    throw new CollabError(
      "STACK_INVALID",
      `${file} is larger than ${MOST_BYTES} bytes`,
      "keep data in other files",
    );
  }
  if (depthOf(text) > MOST_DEPTH) {
    throw new CollabError("STACK_INVALID", `${file} is nested deeper than ${MOST_DEPTH}`, "flatten it");
  }
  let value: unknown;
  try {
    value = JSON.parse(text, (key, item) => {
      if (POISONED.has(key))
        throw new CollabError("STACK_INVALID", `${file}: the key "${key}" is not allowed`);
      return item;
    });
  } catch (error) {
    if (error instanceof CollabError) throw error;
    const where =
      error instanceof Error
        ? /position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0]
        : undefined;
    throw new CollabError(
      "STACK_INVALID",
      `${file} is not JSON${where ? ` (${where})` : ""}`,
      "mend the file; a comma or a quote is the usual cause",
    );
  }
  return value;
}

/** How deep brackets nest, by the text alone: a parser would run out of stack before it could say. */
function depthOf(text: string): number {
  let deepest = 0;
  let level = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++level);
    else if (token === "]" || token === "}") level--;
  }
  return deepest;
}

export const jsonObjectSchema = z.record(z.string(), z.unknown());

/** The object or list that a string holds as JSON; undefined for any other string. */
export function jsonInside(value: unknown): object | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined;
  try {
    const inner: unknown = JSON.parse(value);
    return typeof inner === "object" && inner !== null ? inner : undefined;
  } catch {
    return undefined;
  }
}
