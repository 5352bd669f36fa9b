import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { RunFailure } from "../failure/run-failure.ts";
import { cachedEnvironment } from "./environment-cache.ts";
import { type InstallContext, runInstaller } from "./installer.ts";

const windows = process.platform === "win32";
export const SYSTEM_PYTHON = windows ? "python" : "python3";

export const binDir = (dir: string): string => join(dir, windows ? "Scripts" : "bin");
export const venvPython = (dir: string): string => join(binDir(dir), windows ? "python.exe" : "python");

/** Installs Python packages into a virtual environment, with uv where the machine has it. */
export async function pythonEnvironment(requirements: readonly string[], context: InstallContext) {
  const option = requirements.find((requirement) => requirement.trim().startsWith("-"));
  if (option !== undefined) {
    throw new RunFailure({
      class: "install_failed",
      reason: `dependency ${JSON.stringify(option)} is an option of the installer, not a package`,
      hint: 'write dependencies as "name==version" or as the URL of a wheel',
    });
  }
  const version = await output(SYSTEM_PYTHON, ["-c", "import sys; print(sys.version)"], context);
  if (version === undefined) {
    throw new RunFailure({
      class: "install_failed",
      reason: `the stack needs Python, and there is no ${SYSTEM_PYTHON} on this machine`,
      hint: `install ${SYSTEM_PYTHON}, or use a stack with "runtime": "node"`,
    });
  }
  const ingredients = ["python", [...requirements], process.platform, process.arch, version];
  return cachedEnvironment(ingredients, context, async (dir, building) => {
    const hasUv = (await output("uv", ["--version"], context)) !== undefined;
    const commands = hasUv
      ? [
          ["uv", "venv", "--quiet", "--allow-existing", "--python", SYSTEM_PYTHON, dir],
          ["uv", "pip", "install", "--python", venvPython(dir), ...requirements],
        ]
      : [
          [SYSTEM_PYTHON, "-m", "venv", dir],
          [
            venvPython(dir),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            ...requirements,
          ],
        ];
    for (const [file = "", ...args] of commands)
      await runInstaller({ file, args, dir, requirements }, building);
  });
}

/** What a program prints; undefined where it is not there or fails. */
async function output(file: string, args: string[], context: InstallContext): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(file, args, { env: context.env, timeout: 30_000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
