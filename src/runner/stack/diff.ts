import type { Tree, TreeEntry } from "../../tree.ts";
import { filePatcher } from "./file-patch.ts";
import { canonicalJson, jsonInside, jsonObjectSchema, parseUntrustedJson } from "./json.ts";
import { MANIFEST_FILE, manifestSchema } from "./manifest.ts";

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
  /** Unified, cut where the budget ends. */
  patch: string;
  patchTruncated: boolean;
  /** Manifest values that differ in meaning, JSON inside strings opened. `undefined`: not there. */
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
  const patchOf = filePatcher();
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
    if (was === undefined || is === undefined) {
      files.push({ path, change, binary: true, linesAdded: 0, linesRemoved: 0 });
      continue;
    }
    const { text, linesAdded, linesRemoved } = patchOf({ path, change, was, is });
    files.push({ path, change, binary: false, linesAdded, linesRemoved });
    if (patchTruncated) continue;
    const room = maxPatchCharacters - patch.length;
    patchTruncated = text.length > room;
    patch += text.slice(0, Math.max(0, room)).toWellFormed();
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

const MOST_TEXT_BYTES = 1024 * 1024;

/** Text of a file, empty for one that is not there, undefined for a binary or very large one. */
async function contentOf(tree: Tree, entry: TreeEntry | undefined): Promise<string | undefined> {
  if (!entry) return "";
  if (entry.size > MOST_TEXT_BYTES) return undefined;
  const content = Buffer.from(await tree.read(entry.path));
  return content.includes(0) ? undefined : content.toString("utf8");
}

/** They say nothing to the server: changing them turns no knob. */
const PROSE = new Set(["name", "description"]);

async function compareManifests(before: Tree, after: Tree): Promise<StackDiff["values"]> {
  const values: StackDiff["values"] = [];
  const compare = (path: string, before: unknown, after: unknown): void => {
    const [was, is] = [opened(before), opened(after)];
    const [left, right] = [jsonObjectSchema.safeParse(was), jsonObjectSchema.safeParse(is)];
    if (left.success && right.success) {
      for (const key of new Set([...Object.keys(left.data), ...Object.keys(right.data)])) {
        if (path !== "" || !PROSE.has(key))
          compare(path ? `${path}.${key}` : key, own(left.data, key), own(right.data, key));
      }
    } else if (canonicalJson(was) !== canonicalJson(is)) values.push({ path, before: was, after: is });
  };
  compare("", await readManifest(before), await readManifest(after));
  return values.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const opened = (value: unknown): unknown => jsonInside(value) ?? value;
const own = (object: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/**
 * A manifest as the runner takes it, with defaults filled in and everything in `env` a string, so that 8 and "8" are
 * one value; as it stands where it is not valid, empty where it cannot be read.
 */
async function readManifest(tree: Tree): Promise<unknown> {
  try {
    const text = Buffer.from(await tree.read(MANIFEST_FILE)).toString("utf8");
    const raw = parseUntrustedJson(text, MANIFEST_FILE);
    return manifestSchema.safeParse(raw).data ?? raw;
  } catch {
    return {};
  }
}
