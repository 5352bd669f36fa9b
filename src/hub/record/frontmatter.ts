import { CollabError } from "../../errors.ts";
import type { Frontmatter } from "./entries.ts";
import { parseYaml11, yaml11Text } from "./yaml-1-1.ts";

/** An entry's file: YAML between dashes, then Markdown (hub-protocol 2.4, 2.5). */
export interface EntryText {
  frontmatter: Frontmatter;
  body: string;
}

/** Most bytes of YAML that are handed to the parser, and of frontmatter that is written. */
export const FRONTMATTER_BYTES = 64 * 1024;
const DEEPEST = 16;

/**
 * What makes a YAML 1.1 reader refuse the file or fold the line: control characters other than tab and line ends,
 * Unicode line separators, byte order marks, lone surrogates.
 */
const UNREADABLE =
  /[^\t\n\r\x20-\x7e\u00a0-\u2027\u202a-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]|\p{Surrogate}/u;

/** Takes a file apart; INVALID_ARGUMENT where its YAML cannot be read or is no mapping. For text about to be written. */
export function parseEntry(text: string): EntryText {
  const parts = split(text);
  if (!parts) return { frontmatter: {}, body: text };
  if (Buffer.byteLength(parts.block) > FRONTMATTER_BYTES) {
    throw new CollabError("INVALID_ARGUMENT", `the frontmatter is longer than ${FRONTMATTER_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = parseYaml11(parts.block);
  } catch (error) {
    // Only the parser's own place and code: other errors quote the text.
    const reason = error instanceof SyntaxError ? error.message : "an anchor, alias or key it does not allow";
    throw new CollabError("INVALID_ARGUMENT", `the frontmatter is not readable YAML: ${reason}`);
  }
  if (value === null) return { frontmatter: {}, body: parts.body };
  if (!isMapping(value)) throw new CollabError("INVALID_ARGUMENT", "the frontmatter is not a YAML mapping");
  return { frontmatter: withoutPrototypes(value), body: parts.body };
}

/** Takes a stored file apart and never throws: one that cannot be read is all body, and says so. */
export function readEntry(text: string): EntryText & { parseError: boolean } {
  try {
    return { ...parseEntry(text), parseError: false };
  } catch {
    return { frontmatter: {}, body: text, parseError: true };
  }
}

/** The file of an entry. A body that does not begin with a line end gets a blank line before it, so it reads back with one. */
export function entryText({ frontmatter, body }: EntryText): string {
  const head = `---\n${Object.keys(frontmatter).length > 0 ? yaml11Text(frontmatter) : "{}\n"}---\n`;
  if (body === "") return head;
  return `${head}${body.startsWith("\n") ? "" : "\n"}${body}${body.endsWith("\n") ? "" : "\n"}`;
}

/** Client keys in client order; the server's overwrite or follow. */
export const mergeFrontmatter = (client: Frontmatter, server: Frontmatter): Frontmatter =>
  withoutPrototypes({ ...client, ...server });

/** One `key: value` a line: what `q` looks through beside the body (hub-protocol 3.1). */
export const frontmatterLines = (frontmatter: Frontmatter): string =>
  Object.entries(frontmatter)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");

/** INVALID_ARGUMENT naming the key unless every value is plain JSON that any reader of the record can read back. */
export function assertWritable(frontmatter: Frontmatter): void {
  assertPlain(frontmatter, "frontmatter", 0);
  const bytes = Buffer.byteLength(yaml11Text(frontmatter));
  if (bytes > FRONTMATTER_BYTES) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `the frontmatter is ${bytes} bytes long; ${FRONTMATTER_BYTES} are the most`,
      "move long values into the body or an attached file",
    );
  }
}

function assertPlain(value: unknown, path: string, depth: number): void {
  const refuse = (why: string): never => {
    throw new CollabError("INVALID_ARGUMENT", `${path} ${why}`);
  };
  if (depth > DEEPEST) refuse(`is nested deeper than ${DEEPEST} levels`);
  if (value === null || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse(`is ${value}, not a finite number`);
  } else if (typeof value === "string") {
    if (UNREADABLE.test(value)) refuse("contains control characters or broken Unicode");
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      assertPlain(item, `${path}[${index}]`, depth + 1);
    });
  } else if (isMapping(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key === "" || key.length > 100 || key === "__proto__" || UNREADABLE.test(key)) {
        refuse(`has the key ${JSON.stringify(key.slice(0, 100))}, which cannot be stored`);
      }
      assertPlain(item, `${path}.${key}`, depth + 1);
    }
  } else refuse(`is of type ${typeof value}, not plain JSON`);
}

/** The protocol's own way to cut (hub-protocol 2.4): an empty block is no block, a longer run of dashes ends one too. */
function split(text: string): { block: string; body: string } | undefined {
  if (!text.startsWith("---")) return undefined;
  const rest = text.slice(3).replace(/^\n+/, "");
  const end = rest.indexOf("\n---");
  if (end < 0) return undefined;
  return { block: rest.slice(0, end), body: rest.slice(end + 4).replace(/^\n/, "") };
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Copies own keys only and leaves `__proto__` out, so that no reader can assign it further. */
function withoutPrototypes(value: Record<string, unknown>): Frontmatter {
  const clean = (item: unknown): unknown =>
    Array.isArray(item) ? item.map(clean) : isMapping(item) ? withoutPrototypes(item) : item;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "__proto__")
      .map(([key, item]) => [key, clean(item)]),
  );
}
