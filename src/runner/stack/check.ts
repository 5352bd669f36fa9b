import type { Challenge } from "../../challenge.ts";
import { CollabError } from "../../errors.ts";
import type { Tree, TreeEntry } from "../../tree.ts";
import { checkCode, isCode } from "./check-code.ts";
import { checkKnownFailures } from "./check-known-failures.ts";
import { checkManifest } from "./check-manifest.ts";
import type { Finding, Sources } from "./finding.ts";
import { MANIFEST_FILE, parseManifest } from "./manifest.ts";

const MOST_BYTES = 2_000_000;

/** Everything that can be known about a stack before time is spent on it, worst first. */
export async function checkStack(tree: Tree, challenge?: Challenge): Promise<Finding[]> {
  const hasManifest = tree.entries.some(({ path }) => path === MANIFEST_FILE);
  if (!hasManifest) {
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
    const manifest = parseManifest(Buffer.from(await tree.read(MANIFEST_FILE)).toString("utf8"));
    const sources = await readSources(tree);
    const found = [
      ...checkManifest(manifest, tree, challenge),
      ...checkKnownFailures(manifest),
      ...checkCode(manifest, tree, sources),
      ...unseen(tree, sources),
    ];
    const order = ["error", "warning", "ask"];
    return found.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  } catch (error) {
    if (!(error instanceof CollabError) || error.code !== "STACK_INVALID") throw error;
    return [
      {
        level: "error",
        rule: "manifest-invalid",
        file: MANIFEST_FILE,
        // The finding names the file itself.
        message: error.message.replace(/^manifest\.json:? /, ""),
        fix: error.hint ?? "mend the manifest",
      },
    ];
  }
}

/** Code first, small files first, so that data cannot crowd it out. */
async function readSources(tree: Tree): Promise<Sources> {
  const sources = new Map<string, string>();
  let bytes = 0;
  const rank = ({ path }: TreeEntry) => (path === MANIFEST_FILE ? 0 : isCode(path) ? 1 : 2);
  for (const entry of tree.entries.toSorted((a, b) => rank(a) - rank(b) || a.size - b.size)) {
    if (bytes + entry.size > MOST_BYTES) continue;
    bytes += entry.size;
    const content = Buffer.from(await tree.read(entry.path));
    if (!content.includes(0)) sources.set(entry.path, content.toString("utf8"));
  }
  return sources;
}

function unseen(tree: Tree, sources: Sources): Finding[] {
  return tree.entries
    .filter(({ path }) => isCode(path) && !sources.has(path))
    .map(({ path }) => ({
      level: "ask",
      rule: "not-looked-into",
      file: path,
      message: "is code that is too large, or no text, to be looked into",
      fix: "keep code in text files, and data elsewhere",
    }));
}
