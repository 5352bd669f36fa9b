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

/** A number that Python holds as a float, and so writes with a decimal point also where it is whole. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}
export const float = (value: number): Float => new Float(value);

export type Json =
  | string
  | number
  | boolean
  | null
  | Float
  | readonly Json[]
  | { readonly [key: string]: Json };

interface Layout {
  /** Spaces a level; without it everything is on one line. */
  indent?: number;
  sortKeys?: boolean;
  /** Letters beyond ASCII as they are, not as escapes. */
  unicode?: boolean;
}

/** A whole file of the official kind: two spaces, sorted keys, no newline at the end. */
export const officialJson = (value: Json): string => format(value, { indent: 2, sortKeys: true }, "\n");

/** One line of a `.jsonl` with sorted keys, newline included; that of decoded texts keeps its letters (1.7). */
export const officialLine = (value: Json, layout: { unicode?: boolean } = {}): string =>
  `${format(value, { ...layout, sortKeys: true }, "")}\n`;

/** One line with the keys in the order given, newline included. */
export const orderedLine = (value: Json): string => `${format(value, {}, "")}\n`;

function format(value: Json, layout: Layout, newline: string): string {
  if (value instanceof Float) return pythonFloat(value.value);
  if (typeof value === "number") return Number.isInteger(value) ? pythonInt(value) : pythonFloat(value);
  if (typeof value === "string") return quoted(value, layout);
  if (value === null || typeof value === "boolean") return String(value);
  const inner = layout.indent === undefined ? "" : newline + " ".repeat(layout.indent);
  const separator = layout.indent === undefined ? ", " : `,${inner}`;
  if (isList(value)) {
    if (value.length === 0) return "[]";
    return `[${inner}${value.map((item) => format(item, layout, inner)).join(separator)}${newline}]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  if (layout.sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const fields = entries.map(([key, item]) => `${quoted(key, layout)}: ${format(item, layout, inner)}`);
  return `{${inner}${fields.join(separator)}${newline}}`;
}

const isList = (value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] =>
  Array.isArray(value);

function quoted(text: string, { unicode = false }: Layout): string {
  const json = JSON.stringify(text);
  if (unicode) return json;
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const pythonInt = (value: number): string => BigInt(value).toString();

/** Python's repr: exponents below 1e-4 and from 1e16 on, of two digits and more. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const plain = Object.is(value, -0) ? "-0" : String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}
