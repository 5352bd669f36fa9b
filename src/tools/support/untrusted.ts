/**
 * Text by others sits in fields named `untrusted_*` and nowhere else. Here it loses what a reader cannot see: control
 * and escape characters, bidirectional overrides, zero-width and tag characters, stray surrogates. Cleaning clean
 * text changes nothing.
 */
const ESCAPE = "\u001b";
const ANSI = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\u0007${ESCAPE}]*(?:\u0007|${ESCAPE}\\\\)?|[@-Z\\\\-_])`,
  "g",
);
// Controls but tab, newline and escape, format characters, line separators, and what Unicode says to ignore by default.
const INVISIBLE = new RegExp(
  `(?![\\t\\n${ESCAPE}])[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]`,
  "gu",
);

/** Invisible characters go first, since they may hide in the middle of an escape sequence. */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(INVISIBLE, "")
    .replace(ANSI, "")
    .replaceAll(ESCAPE, "");
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
