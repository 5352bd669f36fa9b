import type { Challenge } from "../../challenge.ts";
import type { Tree } from "../../tree.ts";
import type { Finding } from "./check.ts";
import { MANIFEST_FILE, type Manifest } from "./manifest.ts";

const DTYPES = ["F32", "F16", "Q8_0", "Q4_0"];

/** Does the manifest say what it seems to say? */
export function checkManifest(manifest: Manifest, tree: Tree, challenge: Challenge | undefined): Finding[] {
  const found: Finding[] = [];
  const add = (level: Finding["level"], rule: string, message: string, fix: string) =>
    found.push({ level, rule, file: MANIFEST_FILE, message, fix });
  const paths = new Set(tree.entries.map(({ path }) => path));

  for (const part of manifest.serve) {
    if (/\.(?:py|[cm]?js|sh)$/.test(part) && !part.startsWith("/") && !paths.has(part.replace(/^\.\//, ""))) {
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
  }
  for (const dependency of manifest.dependencies) {
    if (!pinned(dependency, manifest.runtime)) {
      add(
        "warning",
        "dependency-unpinned",
        `${dependency} has no version`,
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
  const model = modelProblem(manifest.env.MODEL_ID ?? manifest.model_id, paths, challenge);
  if (model) found.push(model);
  return found;
}

function pinned(dependency: string, runtime: Manifest["runtime"]): boolean {
  if (/:\/\/|^git\+|^file:|\.whl$/.test(dependency)) return true;
  return runtime === "node" ? /.@(?:\d|npm:.+@\d)/.test(dependency) : /===?|@/.test(dependency);
}

function modelProblem(
  model: string,
  paths: ReadonlySet<string>,
  challenge: Challenge | undefined,
): Finding | undefined {
  const [name = "", dtype, ...rest] = model.split("/");
  if (challenge && name in challenge.models) {
    if (rest.length === 0 && (dtype === undefined || DTYPES.includes(dtype))) return undefined;
    return {
      level: "error",
      rule: "model-unknown",
      file: MANIFEST_FILE,
      message: `model_id ${model} is none of this challenge's`,
      fix: `use ${name}/ and one of ${DTYPES.join(", ")}`,
    };
  }
  const insideStack = [...paths].some((path) => path === model || path.startsWith(`${model}/`));
  if (insideStack || model.startsWith("/") || (dtype !== undefined && rest.length === 0)) {
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
