import { redact } from "../../log.ts";

/**
 * Text by others sits in fields named `untrusted_*` and nowhere else. Here it loses what a reader cannot see: control
 * and escape characters, bidirectional overrides, zero-width and tag characters, stray surrogates. Cleaning clean
 * text changes nothing.
 */
const ESCAPE = "\u001b";
const BELL = "\u0007";
const ANSI = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)|[@-Z\\\\-_])`,
  "g",
);
// Controls but tab and newline, format characters, line separators, and what Unicode says to ignore by default.
const INVISIBLE = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]";
const INSIDE_SEQUENCES = new RegExp(`(?![\\t\\n${ESCAPE}${BELL}])${INVISIBLE}`, "gu");
const LEFT_OVER = new RegExp(`(?![\\t\\n])${INVISIBLE}`, "gu");

/** Registered secrets go, then what hides in the middle of escape sequences goes first, then they, then their stray ends. */
export function clean(text: string): string {
  return redact(text)
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(INSIDE_SEQUENCES, "")
    .replace(ANSI, "")
    .replace(LEFT_OVER, "");
}

/** A cleaned one-line piece of a text, for a list of headers. */
export function excerpt(text: string, characters: number): string {
  const line = clean(text).replace(/\s+/g, " ").trim();
  return line.length <= characters ? line : `${line.slice(0, characters - 1).toWellFormed()}…`;
}

export const isUntrusted = (key: string): boolean => key.startsWith("untrusted_");

/** A copy of an answer in which every `untrusted_*` value, however deep, is cleaned. */
export function cleanUntrusted(value: unknown, inside = false): unknown {
  if (typeof value === "string") return inside ? clean(value) : value;
  if (Array.isArray(value)) return value.map((item) => cleanUntrusted(item, inside));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        inside ? clean(key) : key,
        cleanUntrusted(item, inside || isUntrusted(key)),
      ]),
    );
  }
  return value;
}
