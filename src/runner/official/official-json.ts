/**
 * The JSON of the official harness, which is Python's: it reads and writes bare `Infinity` and `NaN`, sorts keys and
 * puts a space behind commas and colons (benchmark-protocol 1.7).
 */

/** Parses Python's JSON: `Infinity` and `-Infinity` as themselves, `NaN` as null. Throws SyntaxError. */
export function parseOfficialJson(text: string): unknown {
  const plain = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|\bInfinity\b|\bNaN\b/gs, (token) =>
    token === "Infinity" ? "1e999" : token === "NaN" ? "null" : token,
  );
  return JSON.parse(plain);
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

interface Layout {
  /** Spaces a level; without it everything is on one line. */
  indent?: number;
  sortKeys?: boolean;
}

/** A whole file of the official kind: two spaces, sorted keys, no newline at the end. */
export const officialJson = (value: Json): string => format(value, { indent: 2, sortKeys: true }, "\n");

/** One line of a `.jsonl` with sorted keys, newline included. */
export const officialLine = (value: Json): string => `${format(value, { sortKeys: true }, "")}\n`;

/** One line with the keys in the order given, newline included. */
export const orderedLine = (value: Json): string => `${format(value, {}, "")}\n`;

function format(value: Json, layout: Layout, newline: string): string {
  if (typeof value === "number") return number(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = layout.indent === undefined ? "" : newline + " ".repeat(layout.indent);
  const separator = layout.indent === undefined ? ", " : `,${inner}`;
  if (isList(value)) {
    if (value.length === 0) return "[]";
    return `[${inner}${value.map((item) => format(item, layout, inner)).join(separator)}${newline}]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  if (layout.sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const fields = entries.map(([key, item]) => `${JSON.stringify(key)}: ${format(item, layout, inner)}`);
  return `{${inner}${fields.join(separator)}${newline}}`;
}

const isList = (value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] =>
  Array.isArray(value);

function number(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? JSON.stringify(value) : value > 0 ? "Infinity" : "-Infinity";
}
