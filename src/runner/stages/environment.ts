import { join } from "node:path";
import { dependencyCount, type InstallContext } from "../install/installer.ts";
import { nodeEnvironment } from "../install/node-environment.ts";
import { binDir, pythonEnvironment, SYSTEM_PYTHON, venvPython } from "../install/python-environment.ts";
import type { Manifest } from "../stack/manifest.ts";

/** What a stack's server runs with. */
export interface StackEnvironment {
  /** The program that runs its scripts. */
  interpreter: string;
  /** Absent for a stack without dependencies. */
  installed: { dir: string; bin: string; virtual: boolean; reused: boolean } | undefined;
}

/** Makes the manifest's dependencies available, installed once for all runs that need the same ones. */
export async function environmentStage(
  manifest: Manifest,
  context: InstallContext,
): Promise<StackEnvironment> {
  const { dependencies, runtime } = manifest;
  const python = runtime === "python";
  if (dependencies.length === 0) {
    return { interpreter: python ? SYSTEM_PYTHON : process.execPath, installed: undefined };
  }
  context.progress(0, 0, `installing ${dependencyCount(dependencies.length)}`);
  const { dir, reused } = python
    ? await pythonEnvironment(dependencies, context)
    : await nodeEnvironment(dependencies, context);
  return {
    interpreter: python ? venvPython(dir) : process.execPath,
    installed: {
      dir,
      bin: python ? binDir(dir) : join(dir, "node_modules", ".bin"),
      virtual: python,
      reused,
    },
  };
}
