import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CollabError } from "../../errors.ts";
import { sha256, type Tree, type TreeEntry, treeDigest } from "../../tree.ts";
import { OFFICIAL } from "../official/official-files.ts";

const RUN_FILES = ["report.json", "request.json", "summary.json"];
const LAUNCH_DIR = /^launch-\d+$/;

/** The files of a run that back its result: official ones of each launch, summary, report and request; no logs. */
export async function evidenceTree(dir: string): Promise<Tree> {
  const launches = (await readdir(dir)).filter((name) => LAUNCH_DIR.test(name));
  const paths = [
    ...RUN_FILES,
    ...launches.flatMap((launch) => Object.values(OFFICIAL).map((name) => `${launch}/${name}`)),
  ].sort();
  const entries = (await Promise.all(paths.map((path) => entryOf(dir, path)))).flat();
  return {
    entries,
    digest: treeDigest(entries),
    read: async (path) => {
      if (!entries.some((entry) => entry.path === path)) {
        throw new CollabError(
          "NOT_FOUND",
          `the run's evidence has no file ${JSON.stringify(path.slice(0, 100))}`,
          `it has ${entries.map((entry) => entry.path).join(", ")}`,
        );
      }
      return readFile(join(dir, path));
    },
  };
}

async function entryOf(dir: string, path: string): Promise<TreeEntry[]> {
  const file = join(dir, path);
  const isFile = await stat(file).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!isFile) return [];
  const content = await readFile(file);
  return [{ path, executable: false, size: content.length, sha256: sha256(content) }];
}
