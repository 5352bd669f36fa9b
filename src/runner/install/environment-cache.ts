import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../tree.ts";
import { tryLock } from "../machine/lock.ts";
import { pause } from "../machine/pause.ts";
import type { InstallContext } from "./installer.ts";

/**
 * Installed dependencies, kept by what determines them and shared by all runs that need the same. An environment is
 * complete when its mark is there; whoever finds it without one, and gets the lock, builds it anew.
 */
const COMPLETE = ".complete";
const LOOK_EVERY_MS = 250;

export async function cachedEnvironment(
  ingredients: readonly unknown[],
  context: InstallContext,
  build: (dir: string) => Promise<void>,
): Promise<{ dir: string; reused: boolean }> {
  const dir = join(context.envsDir, sha256(JSON.stringify(ingredients)).slice(0, 24));
  const complete = join(dir, COMPLETE);
  for (;;) {
    if (existsSync(complete)) return { dir, reused: true };
    const lock = tryLock(`${dir}.lock`);
    if (lock) {
      try {
        if (existsSync(complete)) return { dir, reused: true };
        await rm(dir, { recursive: true, force: true });
        await mkdir(dir, { recursive: true });
        await build(dir);
        await writeFile(complete, `${JSON.stringify(ingredients)}\n`);
        return { dir, reused: false };
      } finally {
        lock.release();
      }
    }
    context.progress(0, 0, "another run is installing the same dependencies");
    await pause(LOOK_EVERY_MS, context.signal);
  }
}
