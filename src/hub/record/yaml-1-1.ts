import { parseDocument as parseYaml, type ScalarTag, stringify, type Tags } from "yaml";

/**
 * YAML as the protocol's other servers read and write it: the 1.1 types of PyYAML's safe loader, facts in hub-protocol
 * 2.4. They differ from the `yaml` package's own 1.1 schema: an exponent counts only after a decimal point and with
 * its sign (`1e3` is a string), and `y` and `n` are strings. Dates stay the text they were written as, so that every
 * value is plain JSON. Tags other than the core ones, anchors and aliases are refused.
 */
const TAG = "tag:yaml.org,2002:";

const BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const INTEGER =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
/** Plain text that a 1.1 reader takes for something else, and we for text: written in quotes. */
const QUOTED =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::?\d\d)?))?|=|<<|[yYnN])$/;

/** `h:mm:ss` and the like count in sixties: `1:30` is 90. */
const sixties = (text: string): number => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

function signed(text: string, magnitude: (digits: string) => number): number {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  return text.startsWith("-") ? -magnitude(digits) : magnitude(digits);
}

function integer(digits: string): number {
  if (/^0b/.test(digits)) return Number.parseInt(digits.slice(2), 2);
  if (/^0x/.test(digits)) return Number.parseInt(digits, 16);
  if (digits.length > 1 && digits.startsWith("0")) return Number.parseInt(digits, 8);
  return digits.includes(":") ? sixties(digits) : Number(digits);
}

function float(digits: string): number {
  if (/^\.nan$/i.test(digits)) return Number.NaN;
  if (/^\.inf$/i.test(digits)) return Number.POSITIVE_INFINITY;
  return digits.includes(":") ? sixties(digits) : Number.parseFloat(digits);
}

/** A number that comes back as a number: JavaScript's `1e-7` would be read as text. */
function numberText(value: unknown): string {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new TypeError("not a finite number");
  const text = Object.is(value, -0) ? "-0.0" : String(value);
  return text.includes("e") && !text.includes(".") ? text.replace("e", ".0e") : text;
}

const scalars: ScalarTag[] = [
  {
    tag: `${TAG}bool`,
    default: true,
    test: BOOLEAN,
    identify: (value) => typeof value === "boolean",
    resolve: (text) => /^(?:yes|true|on)$/i.test(text),
    stringify: ({ value }) => (value === true ? "true" : "false"),
  },
  {
    tag: `${TAG}int`,
    default: true,
    test: INTEGER,
    identify: Number.isInteger,
    resolve: (text) => signed(text, integer),
    stringify: ({ value }) => numberText(value),
  },
  {
    tag: `${TAG}float`,
    default: true,
    test: FLOAT,
    identify: (value) => typeof value === "number",
    resolve: (text) => signed(text, float),
    stringify: ({ value }) => numberText(value),
  },
  { tag: `${TAG}timestamp`, default: true, test: QUOTED, resolve: (text) => text },
];

const options = {
  version: "1.1",
  schema: "failsafe",
  customTags: (tags: Tags): Tags => [...tags, "null", ...scalars],
  merge: false,
  logLevel: "silent",
} as const;

/** The value of a YAML text, made of plain JSON types. Throws with a line and column, never with words of the text. */
export function parseYaml11(text: string): unknown {
  // A later key of the same name wins, as it does there. No alias is worth the entity-expansion bombs.
  const document = parseYaml(text, { ...options, uniqueKeys: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    const at = problem.linePos?.[0];
    throw new SyntaxError(at ? `line ${at.line}, column ${at.col}: ${problem.code}` : problem.code);
  }
  return document.toJS({ maxAliasCount: 0 });
}

/**
 * Block style, one key a line, unicode kept. Every string stands on one line: where frontmatter ends, the protocol's
 * cut takes the last line end away, and with it that of a block scalar.
 */
export const yaml11Text = (value: Record<string, unknown>): string =>
  stringify(value, {
    ...options,
    lineWidth: 0,
    blockQuote: false,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
    aliasDuplicateObjects: false,
  });
