import { existsSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RunFailure } from "../failure/run-failure.ts";
import { cachedEnvironment } from "./environment-cache.ts";
import { thisMachine, unusableBuilds } from "./gpu-builds.ts";
import { type InstallContext, runInstaller } from "./installer.ts";

/** `name`, `@scope/name`, each with `@` and a version, a range, a tag or an alias of the registry; no paths, no URLs. */
const SPEC =
  /^((?:@[a-z0-9~][a-z0-9~._-]*\/)?[a-z0-9~_][a-z0-9~._-]*)(?:@((?:npm:[\w@/.-]+@)?[\w.^~<>=|* +-]+))?$/i;

/** Installs npm packages without running any of their scripts, so nothing is ever compiled. */
export async function nodeEnvironment(specs: readonly string[], context: InstallContext) {
  const dependencies = Object.fromEntries(specs.map(parseSpec).sort(([a], [b]) => (a < b ? -1 : 1)));
  const overrides = unusableBuilds(Object.keys(dependencies), thisMachine());
  const ingredients = [
    "node",
    dependencies,
    process.platform,
    process.arch,
    Number.parseInt(process.versions.node, 10),
    Object.keys(overrides),
  ];
  return cachedEnvironment(ingredients, context, async (dir, building) => {
    const manifest = { name: "stack-environment", private: true, dependencies, overrides };
    await writeFile(join(dir, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    const npm = npmCommand();
    await runInstaller(
      {
        file: npm.file,
        args: [...npm.args, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"],
        dir,
        requirements: specs,
      },
      building,
    );
  });
}

function parseSpec(spec: string): [name: string, range: string] {
  const [, name, range = "latest"] = SPEC.exec(spec) ?? [];
  if (name !== undefined) return [name, range];
  throw new RunFailure({
    class: "install_failed",
    reason: `dependency ${JSON.stringify(spec)} is not a package of the registry`,
    hint: 'write dependencies as "name@version"',
  });
}

/** The npm that belongs to this Node, run by it, so that PATH does not matter. */
function npmCommand(): { file: string; args: string[] } {
  const bin = dirname(process.execPath);
  const candidates = [
    join(bin, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
    join(bin, "node_modules", "npm", "bin", "npm-cli.js"),
    join(bin, "npm"),
  ];
  const script = candidates.find((candidate) => existsSync(candidate));
  return script ? { file: process.execPath, args: [realpathSync(script)] } : { file: "npm", args: [] };
}
