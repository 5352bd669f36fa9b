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

/** How deep brackets nest, by the text alone and in one pass: a parser would run out of stack before it could say. */
function depthOf(text: string): number {
  let deepest = 0;
  let level = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted) at += character === "\\" ? 1 : 0;
    else if (character === "[" || character === "{") deepest = Math.max(deepest, ++level);
    else if (character === "]" || character === "}") level--;
  }
  return deepest;
}

export const jsonObjectSchema = z.record(z.string(), z.unknown());

/** The object or list that a string holds as JSON; undefined for any other string, and for one nested too deep. */
export function jsonInside(value: unknown): object | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value) || depthOf(value) > MOST_DEPTH) return undefined;
  try {
    const inner: unknown = JSON.parse(value);
    return typeof inner === "object" && inner !== null ? inner : undefined;
  } catch {
    return undefined;
  }
}

/** Text that is equal for values of equal meaning: keys sorted at every level. Only for values of bounded depth. */
export const canonicalJson = (value: unknown): string | undefined =>
  JSON.stringify(value, (_key, item: unknown) => {
    const object = jsonObjectSchema.safeParse(item);
    return object.success
      ? Object.fromEntries(Object.entries(object.data).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item;
  });
