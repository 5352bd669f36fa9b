import { posix, win32 } from "node:path";
import type { Challenge } from "../../challenge.ts";
import type { Tree } from "../../tree.ts";
import type { Finding } from "./finding.ts";
import { MANIFEST_FILE, type Manifest } from "./manifest.ts";

/** `owner/name` on the Hub. */
const HUB_ID = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

const DTYPES = ["F32", "F16", "Q8_0", "Q4_0"];

/** Does the manifest say what it seems to say? */
export function checkManifest(manifest: Manifest, tree: Tree, challenge: Challenge | undefined): Finding[] {
  const found: Finding[] = [];
  const add = (level: Finding["level"], rule: string, message: string, fix: string) =>
    found.push({ level, rule, file: MANIFEST_FILE, message, fix });
  const paths = new Set(tree.entries.map(({ path }) => path));

  for (const [index, part] of manifest.serve.entries()) {
    if (namesFile(part, index) && !paths.has(posix.normalize(part))) {
      add(
        "error",
        "serve-file-missing",
        `serve names ${part}, which the stack does not hold`,
        "add the file, or correct its name in serve",
      );
    }
  }
  if (manifest.port !== 8000) {
    add(
      "warning",
      "port-ignored",
      `port ${manifest.port} is not used`,
      "listen on the PORT variable: the runner chooses it",
    );
  }
  if (manifest.env.MODEL_ID !== undefined) {
    add("warning", "model-shadowed", "env.MODEL_ID is used, and model_id is not", "set one of the two only");
    // It reaches the server as it stands (benchmark-protocol 1.3): only model_id is looked up.
    if (challenge && Object.hasOwn(challenge.models, manifest.env.MODEL_ID.split("/")[0] ?? ""))
      add(
        "error",
        "model-unresolved",
        "env.MODEL_ID names a model of the challenge, which only model_id can do",
        "move the name to model_id, and drop env.MODEL_ID",
      );
  }
  for (const dependency of manifest.dependencies) {
    if (!installable(dependency, manifest.runtime)) {
      add(
        "error",
        "dependency-refused",
        `${dependency} is no package that the runner installs`,
        manifest.runtime === "node"
          ? 'write "name@version", as on npm'
          : 'write "name==version", or the URL of a wheel',
      );
    } else if (!pinned(dependency, manifest.runtime)) {
      add(
        "warning",
        "dependency-unpinned",
        `${dependency} is not pinned to one version`,
        "pin it: tomorrow's release may be another stack",
      );
    }
  }
  for (const [name, value] of Object.entries(manifest.env)) {
    if (/^(?:\/home\/|\/Users\/|\/root\/|[A-Z]:\\)/.test(value)) {
      add(
        "warning",
        "machine-path",
        `env.${name} is a path of one machine`,
        "use a path inside the stack, or a Hub id",
      );
    }
  }
  if (isAbsolutePath(manifest.model_id)) {
    add(
      "warning",
      "machine-path",
      "model_id is a path of one machine",
      "others cannot run this stack: use a Hub id, or a path inside the stack",
    );
  }
  const model = modelProblem(manifest.env.MODEL_ID ?? manifest.model_id, paths, challenge);
  if (model) found.push(model);
  return found;
}

/** A script by its name, or a program by a path; not an option, and not what PATH is to find. */
const namesFile = (part: string, index: number): boolean =>
  !part.startsWith("-") &&
  !isAbsolutePath(part) &&
  (/\.(?:py|[cm]?js|sh)$/.test(part) || (index === 0 && part.includes("/")));

const isAbsolutePath = (path: string): boolean => posix.isAbsolute(path) || win32.isAbsolute(path);

/** Options would reach the installer, and npm specs other than names run scripts or point out of the registry. */
const installable = (dependency: string, runtime: Manifest["runtime"]): boolean =>
  runtime === "node"
    ? /^(?:@[\w.~-]+\/)?[\w.~][\w.~-]*(?:@[^/:]*|@npm:.+)?$/i.test(dependency)
    : !dependency.trim().startsWith("-");

function pinned(dependency: string, runtime: Manifest["runtime"]): boolean {
  if (runtime === "node") return /.@(?:npm:.+@)?\d+\.\d+\.\d+[\w.+-]*$/.test(dependency);
  return /:\/\/|\.whl$/.test(dependency) || /===?(?![^,;]*\*)/.test(dependency);
}

function modelProblem(
  model: string,
  paths: ReadonlySet<string>,
  challenge: Challenge | undefined,
): Finding | undefined {
  const [name = "", dtype, ...rest] = model.split("/");
  if (challenge && Object.hasOwn(challenge.models, name)) {
    if (rest.length === 0 && (dtype === undefined || DTYPES.includes(dtype))) return undefined;
    return {
      level: "error",
      rule: "model-unknown",
      file: MANIFEST_FILE,
      message: `model_id ${model} is none of this challenge's`,
      fix: `use ${name}/ and one of ${DTYPES.join(", ")}`,
    };
  }
  const own = posix.normalize(model).replace(/\/$/, "");
  const insideStack = [...paths].some((path) => path === own || path.startsWith(`${own}/`));
  if (insideStack || isAbsolutePath(model) || HUB_ID.test(model)) {
    return insideStack || !challenge || Object.keys(challenge.models).length === 0
      ? undefined
      : {
          level: "warning",
          rule: "model-foreign",
          file: MANIFEST_FILE,
          message: `model_id ${model} is not the model of this challenge`,
          fix: `use ${Object.keys(challenge.models).join(" or ")}: other models' numbers are measured on other terms`,
        };
  }
  return {
    level: "error",
    rule: "model-unknown",
    file: MANIFEST_FILE,
    message: `model_id ${model} is no model of the challenge, no path and no Hub id`,
    fix: `use ${[...Object.keys(challenge?.models ?? {}).map((one) => `${one}/Q8_0`), "a path inside the stack", "owner/name of a Hub model"].join(", or ")}`,
  };
}
