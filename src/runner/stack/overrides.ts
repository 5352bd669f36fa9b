import { closest } from "fastest-levenshtein";
import { CollabError } from "../../errors.ts";
import { sha256, type Tree, type TreeEntry, treeDigest } from "../../tree.ts";
import { jsonInside, jsonObjectSchema, parseUntrustedJson } from "./json.ts";
import { MANIFEST_FILE, manifestSchema, parseManifest } from "./manifest.ts";

/**
 * The same stack with other manifest values. Paths are dotted and look into JSON inside strings:
 * `model_id`, `env.THREADS`, `env.HF_OVERRIDES.text_config.sliding_window`. Without overrides the bytes stay as they
 * are. INVALID_ARGUMENT for a path that leads nowhere, STACK_INVALID where the outcome is no manifest.
 */
export async function withOverrides(tree: Tree, overrides: Record<string, unknown>): Promise<Tree> {
  const paths = Object.entries(overrides);
  if (paths.length === 0) return tree;
  const before = Buffer.from(await tree.read(MANIFEST_FILE)).toString("utf8");
  const manifest = jsonObjectSchema.parse(parseUntrustedJson(before, MANIFEST_FILE));
  for (const [path, value] of paths) set(manifest, path, value);
  const content = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
  parseManifest(content.toString("utf8"));

  const entries = tree.entries.map(
    (entry): TreeEntry =>
      entry.path === MANIFEST_FILE ? { ...entry, size: content.length, sha256: sha256(content) } : entry,
  );
  return {
    entries,
    digest: treeDigest(entries),
    read: async (path) => (path === MANIFEST_FILE ? content : tree.read(path)),
  };
}

const KNOWN = Object.keys(manifestSchema.shape);

function set(manifest: Record<string, unknown>, path: string, value: unknown): void {
  const [top = "", ...rest] = path.split(".");
  if (!KNOWN.includes(top) && !Object.hasOwn(manifest, top)) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `overrides: a manifest has no "${top.slice(0, 60)}"`,
      `perhaps "${closest(top, KNOWN)}"; paths begin with one of ${KNOWN.join(", ")}`,
    );
  }
  if (
    [top, ...rest].some((part) => part === "" || ["__proto__", "constructor", "prototype"].includes(part))
  ) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `overrides: "${path.slice(0, 100)}" is no path`,
      'use dotted paths such as "env.THREADS"',
    );
  }
  if (top === "env" && rest.length === 1)
    manifest.env = { ...objectAt(manifest.env, "env"), [rest[0] ?? ""]: envText(value) };
  else manifest[top] = replaced(manifest[top], rest, value, top);
}

/** A server's environment holds strings only. */
const envText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** `current` with the value at `path` replaced; JSON inside a string stays JSON inside a string. */
function replaced(current: unknown, path: string[], value: unknown, at: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inner = jsonInside(current);
  if (inner) return JSON.stringify(replaced(inner, path, value, at));
  const here = `${at}.${key}`;
  if (Array.isArray(current)) {
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index >= current.length) {
      throw new CollabError(
        "INVALID_ARGUMENT",
        `overrides: ${here.slice(0, 100)} is no item of a list of ${current.length}`,
        "use an index from 0, or override the whole list",
      );
    }
    return current.with(index, replaced(current[index], rest, value, here));
  }
  const object = objectAt(current, at);
  return { ...object, [key]: replaced(object[key], rest, value, here) };
}

function objectAt(value: unknown, at: string): Record<string, unknown> {
  const parsed = jsonObjectSchema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw new CollabError(
    "INVALID_ARGUMENT",
    `overrides: ${at.slice(0, 100)} holds a plain value, so nothing can be set below it`,
    `override ${at.slice(0, 100)} itself`,
  );
}
