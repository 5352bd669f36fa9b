import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from "diff";

interface TextChange {
  path: string;
  change: "added" | "removed" | "changed";
  was: string;
  is: string;
}

export interface FilePatch {
  /** Unified, with two lines of context. */
  text: string;
  linesAdded: number;
  linesRemoved: number;
}

/** Beyond so many lines that differ, a file is shown as replaced: the search costs the square of their number. */
const MOST_EDITS = 1000;
/** The sum of those squares over all files of one comparison: some half a second. */
const MOST_EFFORT = 4 * MOST_EDITS ** 2;

/** Compares the files of two stacks one by one, within one bound on the time that all of them take together. */
export function filePatcher(): (change: TextChange) => FilePatch {
  let effort = MOST_EFFORT;
  return (change) => {
    if (change.change !== "changed") return replacement(change);
    const maxEditLength = Math.floor(Math.min(MOST_EDITS, Math.sqrt(effort)));
    const { path, was, is } = change;
    const patch = structuredPatch(path, path, was, is, undefined, undefined, { context: 2, maxEditLength });
    if (!patch) {
      effort -= maxEditLength ** 2;
      return replacement(change);
    }
    const lines = patch.hunks.flatMap((hunk) => hunk.lines);
    const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
    const [linesAdded, linesRemoved] = [count("+"), count("-")];
    effort -= (linesAdded + linesRemoved) ** 2;
    return { text: formatPatch(patch, FILE_HEADERS_ONLY), linesAdded, linesRemoved };
  };
}

/** Every line of the one removed and every line of the other added: true of any two files, and found at once. */
function replacement({ path, change, was, is }: TextChange): FilePatch {
  const [removed, added] = [linesOf(was), linesOf(is)];
  const hunk = {
    oldStart: 1,
    oldLines: removed.length,
    newStart: 1,
    newLines: added.length,
    lines: [...patchLines("-", removed, was), ...patchLines("+", added, is)],
  };
  const text = formatPatch(
    {
      oldFileName: change === "added" ? "/dev/null" : path,
      newFileName: change === "removed" ? "/dev/null" : path,
      oldHeader: undefined,
      newHeader: undefined,
      hunks: hunk.lines.length === 0 ? [] : [hunk],
    },
    FILE_HEADERS_ONLY,
  );
  return { text, linesAdded: added.length, linesRemoved: removed.length };
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

const patchLines = (sign: "-" | "+", lines: readonly string[], text: string): string[] => [
  ...lines.map((line) => sign + line),
  ...(text === "" || text.endsWith("\n") ? [] : ["\\ No newline at end of file"]),
];
