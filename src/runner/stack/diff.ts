import { createTwoFilesPatch, diffLines } from "diff";
import type { Tree, TreeEntry } from "../../tree.ts";
import { jsonInside, jsonObjectSchema, parseUntrustedJson } from "./json.ts";
import { MANIFEST_FILE } from "./manifest.ts";

export interface FileChange {
  path: string;
  change: "added" | "removed" | "changed" | "mode";
  linesAdded: number;
  linesRemoved: number;
  binary: boolean;
}

export interface StackDiff {
  identical: boolean;
  files: FileChange[];
  /** Unified; whole files at a time as far as the budget goes. */
  patch: string;
  patchTruncated: boolean;
  /** Manifest values that differ in meaning. `undefined` stands for a value that is not there. */
  values: { path: string; before: unknown; after: unknown }[];
  /** How many of them there are. */
  knobs: number;
  /** Exactly one manifest value differs, and no other file does: what may be called an ablation. */
  oneChange: boolean;
}

/** What changed from one stack to another: files by content, the manifest by meaning as well. */
export async function diffStacks(
  before: Tree,
  after: Tree,
  { maxPatchCharacters }: { maxPatchCharacters: number },
): Promise<StackDiff> {
  const [left, right] = [byPath(before), byPath(after)];
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort();
  const files: FileChange[] = [];
  let patch = "";
  let patchTruncated = false;
  for (const path of paths) {
    const [a, b] = [left.get(path), right.get(path)];
    if (a?.sha256 === b?.sha256) {
      if (a?.executable !== b?.executable)
        files.push({ path, change: "mode", linesAdded: 0, linesRemoved: 0, binary: false });
      continue;
    }
    const [was, is] = await Promise.all([contentOf(before, a), contentOf(after, b)]);
    const change = a ? (b ? "changed" : "removed") : "added";
    const binary = was === undefined || is === undefined;
    files.push({
      path,
      change,
      binary,
      ...(binary ? { linesAdded: 0, linesRemoved: 0 } : countLines(was, is)),
    });
    if (binary || patchTruncated) continue;
    const piece = createTwoFilesPatch(
      a ? path : "/dev/null",
      b ? path : "/dev/null",
      was,
      is,
      undefined,
      undefined,
      { context: 2 },
    );
    const room = maxPatchCharacters - patch.length;
    patchTruncated = piece.length > room;
    patch += piece.slice(0, Math.max(0, room));
  }
  const values = await compareManifests(before, after);
  return {
    identical: before.digest === after.digest,
    files,
    patch,
    patchTruncated,
    values,
    knobs: values.length,
    oneChange: values.length === 1 && files.every(({ path }) => path === MANIFEST_FILE),
  };
}

const byPath = ({ entries }: Tree) => new Map(entries.map((entry) => [entry.path, entry]));

/** Text of a file, empty for one that is not there, undefined for a binary one. */
async function contentOf(tree: Tree, entry: TreeEntry | undefined): Promise<string | undefined> {
  if (!entry) return "";
  const content = Buffer.from(await tree.read(entry.path));
  return content.includes(0) || entry.size > 1024 * 1024 ? undefined : content.toString("utf8");
}

function countLines(before: string, after: string): { linesAdded: number; linesRemoved: number } {
  let linesAdded = 0;
  let linesRemoved = 0;
  for (const { added, removed, count } of diffLines(before, after)) {
    if (added) linesAdded += count;
    if (removed) linesRemoved += count;
  }
  return { linesAdded, linesRemoved };
}

/** `name` and `description` say nothing to the server: changing them is no change of a knob. */
const PROSE = new Set(["name", "description"]);

async function compareManifests(before: Tree, after: Tree): Promise<StackDiff["values"]> {
  const [left, right] = await Promise.all([leaves(before), leaves(after)]);
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => !PROSE.has(path))
    .sort()
    .map((path) => ({ path, before: left.get(path), after: right.get(path) }))
    .filter(({ path, before, after }) => meaning(path, before) !== meaning(path, after));
}

/** The values of a manifest by dotted path, JSON inside strings opened; none where there is no readable manifest. */
async function leaves(tree: Tree): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  const walk = (path: string, value: unknown): void => {
    const inner = jsonInside(value) ?? value;
    const object = jsonObjectSchema.safeParse(inner);
    if (object.success && Object.keys(object.data).length > 0) {
      for (const [key, item] of Object.entries(object.data)) walk(path ? `${path}.${key}` : key, item);
    } else found.set(path, inner);
  };
  try {
    walk("", parseUntrustedJson(Buffer.from(await tree.read(MANIFEST_FILE)).toString("utf8"), MANIFEST_FILE));
  } catch {
    return new Map();
  }
  return found;
}

/** In the environment everything is a string: 8 and "8" are one value there. */
const meaning = (path: string, value: unknown): string | undefined =>
  path.startsWith("env.") && (typeof value === "number" || typeof value === "boolean")
    ? JSON.stringify(String(value))
    : JSON.stringify(value);
