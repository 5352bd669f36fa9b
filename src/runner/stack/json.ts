import { z } from "zod";
import { CollabError } from "../../errors.ts";

const MOST_BYTES = 256 * 1024;
const MOST_DEPTH = 32;

/** Keys that would reach into an object's prototype instead of naming a value. */
const POISONED = new Set(["__proto__", "constructor", "prototype"]);

/**
 * JSON written by others, within bounds: its size is checked before it is parsed, then its depth and its keys.
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
  if (depth(value) > MOST_DEPTH)
    throw new CollabError("STACK_INVALID", `${file} is nested deeper than ${MOST_DEPTH}`);
  return value;
}

function depth(value: unknown): number {
  let deepest = 0;
  const pending: [unknown, number][] = [[value, 1]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [item, level] = next;
    deepest = Math.max(deepest, level);
    if (level > MOST_DEPTH) return level;
    if (typeof item === "object" && item !== null)
      for (const child of Object.values(item)) pending.push([child, level + 1]);
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
