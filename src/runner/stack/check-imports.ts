import { posix } from "node:path";
import type { Finding } from "./finding.ts";
import type { Manifest } from "./manifest.ts";
import { PYTHON_STANDARD_MODULES, PYTHON_USUAL_MODULES } from "./python-modules.ts";
import { skeletonOf } from "./source-code.ts";

/** A file of the stack that another one wants. */
interface Wanted {
  name: string;
  candidates: string[];
  /** False inside a function, a branch or a `try`: the program may do without it. */
  surely: boolean;
}

/**
 * A file that was not copied along is found here, not twenty minutes later (users 2.6: a sibling that was left behind).
 * Comments and strings are no code, and a name put together while running is not looked for.
 */
export function checkImports(
  file: string,
  text: string,
  paths: ReadonlySet<string>,
  manifest: Manifest,
): Finding[] {
  const python = file.endsWith(".py");
  const { code, strings } = skeletonOf(text, python ? "python" : "javascript");
  const missing = (python ? relativeImports(file, code) : localModules(file, code, strings))
    .filter(({ candidates }) => !candidates.some((path) => holds(paths, path)))
    .map(
      ({ name, surely }): Finding => ({
        level: surely ? "error" : "warning",
        rule: "import-missing",
        file,
        message: `imports ${name}, which the stack does not hold`,
        fix: "copy the missing file into the stack",
      }),
    );
  return python && manifest.runtime === "python"
    ? [...missing, ...unknownModules(file, code, paths, manifest)]
    : missing;
}

/** A file, or a folder with something in it. */
const holds = (paths: ReadonlySet<string>, path: string): boolean =>
  paths.has(path) || (path.endsWith("/") && [...paths].some((one) => one.startsWith(path)));

// Every quantifier is bounded: a hostile file must not make a search take the square of its length.
const STATIC_IMPORT = /\b(?:from|import)\s{0,20}"(\d+)"/g;
const CALLED_IMPORT = /\b(?:import|require)\s{0,20}\(\s{0,20}"(\d+)"\s{0,20}[),]/g;
const RELATIVE_IMPORT =
  /^([ \t]{0,200})from[ \t]{1,20}(\.{1,20})([A-Za-z_][\w.]{0,200})[ \t]{1,20}import\b/gm;
const ABSOLUTE_IMPORT = /^(?:import|from)[ \t]{1,20}([A-Za-z_]\w{0,100})/gm;

function localModules(file: string, code: string, strings: readonly string[]): Wanted[] {
  const find = (pattern: RegExp, surely: (index: number) => boolean): Wanted[] =>
    [...code.matchAll(pattern)].flatMap((match) => {
      const name = strings[Number(match[1])] ?? "";
      if (!/^\.{1,2}\//.test(name)) return [];
      const base = posix.join(posix.dirname(file), name.replace(/[?#].*$/s, ""));
      const endings = ["", ".js", ".mjs", ".cjs", ".json", ".node", "/index.js"];
      return [{ name, candidates: endings.map((ending) => base + ending), surely: surely(match.index) }];
    });
  return [
    ...find(STATIC_IMPORT, () => true),
    ...find(CALLED_IMPORT, (index) => /\S/.test(code[code.lastIndexOf("\n", index) + 1] ?? "")),
  ];
}

function relativeImports(file: string, code: string): Wanted[] {
  return [...code.matchAll(RELATIVE_IMPORT)].map(([, indent = "", dots = "", module = ""]) => {
    const base = posix.join(posix.dirname(file), "../".repeat(dots.length - 1), module.replaceAll(".", "/"));
    return { name: dots + module, candidates: [`${base}.py`, `${base}/`], surely: indent === "" };
  });
}

/** A module that neither Python, nor a dependency, nor the stack brings: a guess, so only a warning. */
function unknownModules(
  file: string,
  code: string,
  paths: ReadonlySet<string>,
  { dependencies }: Manifest,
): Finding[] {
  const packages = new Set(dependencies.map(packageName));
  const own = new Set([...paths].flatMap((path) => path.split("/").map((part) => part.split(".")[0])));
  const names = new Set([...code.matchAll(ABSOLUTE_IMPORT)].map(([, name = ""]) => name));
  return [...names]
    .filter(
      (name) =>
        !PYTHON_STANDARD_MODULES.has(name) &&
        !PYTHON_USUAL_MODULES.has(name) &&
        !own.has(name) &&
        !packages.has(name.toLowerCase()),
    )
    .map((name) => ({
      level: "warning",
      rule: "import-unknown",
      file,
      message: `imports ${name}, which is neither in the stack nor among its dependencies`,
      fix: "copy the file into the stack, or name its package in dependencies",
    }));
}

/** `vllm` of `vllm==0.23.0`, and of the URL of one of its wheels, spelled as a module. */
const packageName = (dependency: string): string =>
  (/^[\w.-]*/.exec(/:\/\/.*\/([\w.]+)-/.exec(dependency)?.[1] ?? dependency)?.[0] ?? "")
    .toLowerCase()
    .replace(/[-.]/g, "_");
