import type { Challenge } from "../../challenge.ts";
import { CollabError } from "../../errors.ts";
import type { Tree } from "../../tree.ts";
import { checkCode } from "./check-code.ts";
import { checkKnownFailures } from "./check-known-failures.ts";
import { checkManifest } from "./check-manifest.ts";
import { MANIFEST_FILE, parseManifest } from "./manifest.ts";

/** What was found without running: an error cannot run, a warning may not do what it seems to, an ask needs eyes. */
export interface Finding {
  level: "error" | "warning" | "ask";
  rule: string;
  /** Where: a path of the stack. Its author's text. */
  file: string;
  /** What: may hold the stack author's words. */
  message: string;
  /** What to do about it, in our words. */
  fix: string;
}

/** Text of a stack's files by path; binary ones are left out. */
export type Sources = ReadonlyMap<string, string>;

const MOST_CHARACTERS = 2_000_000;

/** Everything that can be known about a stack before time is spent on it, worst first. */
export async function checkStack(tree: Tree, challenge?: Challenge): Promise<Finding[]> {
  const sources = await readSources(tree);
  const json = sources.get(MANIFEST_FILE);
  if (json === undefined) {
    return [
      {
        level: "error",
        rule: "manifest-missing",
        file: MANIFEST_FILE,
        message: "the stack has no manifest",
        fix: 'add a manifest.json with "serve": what starts the server',
      },
    ];
  }
  try {
    const manifest = parseManifest(json);
    const found = [
      ...checkManifest(manifest, tree, challenge),
      ...checkKnownFailures(manifest),
      ...checkCode(manifest, tree, sources),
    ];
    const order = ["error", "warning", "ask"];
    return found.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  } catch (error) {
    if (!(error instanceof CollabError)) throw error;
    return [
      {
        level: "error",
        rule: "manifest-invalid",
        file: MANIFEST_FILE,
        message: error.message,
        fix: error.hint ?? "mend the manifest",
      },
    ];
  }
}

async function readSources(tree: Tree): Promise<Sources> {
  const sources = new Map<string, string>();
  let characters = 0;
  for (const { path, size } of tree.entries) {
    if (characters + size > MOST_CHARACTERS) continue;
    const content = Buffer.from(await tree.read(path));
    if (content.includes(0)) continue;
    sources.set(path, content.toString("utf8"));
    characters += size;
  }
  return sources;
}
