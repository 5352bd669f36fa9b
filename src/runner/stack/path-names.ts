import { CollabError } from "../../errors.ts";

/** Lies beside the manifest of a fork and is no part of the stack's digest: a verbatim copy keeps its parent's. */
export const LINEAGE_FILE = "lineage.json";

/** What a run, an editor or an operating system leaves behind is no part of a stack. */
const LEFT_BEHIND =
  /^(?:\.git|\.hg|\.svn|node_modules|__pycache__|\.venv|venv|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.DS_Store|Thumbs\.db|desktop\.ini|.*\.py[co]|.*\.sw[op]|.*~|\.#.*)$/;

const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;
const MOST_PATH_CHARACTERS = 1024;

/** Whether a path, or a folder on it, lies in a stack's directory without being part of the stack. */
export const isLeftBehind = (path: string): boolean =>
  path === LINEAGE_FILE || path.split("/").some((name) => LEFT_BEHIND.test(name));

/**
 * Takes the paths of one stack in and refuses, with STACK_INVALID, what some system cannot hold as it is: names, and
 * two paths that are one where case does not count. So a digest means the same files everywhere.
 */
export function pathRegister(): (path: string) => void {
  const known = new Map<string, { spelling: string; file: boolean }>();
  const enter = (spelling: string, file: boolean, path: string): void => {
    const before = known.get(spelling.toLowerCase());
    if (before === undefined) known.set(spelling.toLowerCase(), { spelling, file });
    else if (before.spelling !== spelling) throw invalidPath(path, "differs from another name only in case");
    else if (file || before.file) throw invalidPath(path, "stands for two things");
  };
  return (path) => {
    if (path.length > MOST_PATH_CHARACTERS) throw invalidPath(path, "has too long a path");
    const parts = path.split("/");
    parts.forEach((name, index) => {
      refuseName(name, path);
      enter(parts.slice(0, index + 1).join("/"), index === parts.length - 1, path);
    });
    if (path !== LINEAGE_FILE && path.toLowerCase() === LINEAGE_FILE)
      throw invalidPath(path, `differs from ${LINEAGE_FILE} only in case`);
  };
}

function refuseName(name: string, path: string): void {
  const problem =
    name === "" || name === "." || name === ".."
      ? "leads out of the stack"
      : Buffer.byteLength(name) > 255
        ? "is longer than 255 bytes"
        : /[\p{Cc}\p{Cf}\uFFFD\\:*?"<>|]/u.test(name) || !name.isWellFormed()
          ? "holds a character that some systems cannot"
          : name !== name.normalize("NFC")
            ? "is spelled with combining characters, which some systems spell anew"
            : RESERVED.test(name) || /[. ]$/.test(name)
              ? "is a name that some systems reserve"
              : undefined;
  if (problem) throw invalidPath(path, problem);
}

/** A path is its author's text: shown as JSON, so that it cannot pose as ours. */
export const invalidPath = (path: string, problem: string): CollabError =>
  new CollabError(
    "STACK_INVALID",
    `the file ${JSON.stringify(path.slice(0, 120))} ${problem}`,
    "rename or remove it",
  );
