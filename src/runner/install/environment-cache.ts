import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../tree.ts";
import { readJson, writeJson } from "../machine/atomic-file.ts";
import { tryLock } from "../machine/lock.ts";
import { pause } from "../machine/pause.ts";
import { groupIdSchema, stopGroup } from "../machine/process-group.ts";
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
  build: (dir: string, context: InstallContext) => Promise<void>,
): Promise<{ dir: string; reused: boolean }> {
  const dir = join(context.envsDir, sha256(JSON.stringify(ingredients)).slice(0, 24));
  const complete = join(dir, COMPLETE);
  // A builder that was killed leaves its installer running in the directory; the lock says nothing about that.
  const builder = `${dir}.group`;
  const building: InstallContext = {
    ...context,
    onGroup: async (group) => {
      await (group ? writeJson(builder, group) : rm(builder, { force: true }));
      await context.onGroup(group);
    },
  };
  for (;;) {
    if (existsSync(complete)) return { dir, reused: true };
    const lock = tryLock(`${dir}.lock`);
    if (lock) {
      try {
        if (existsSync(complete)) return { dir, reused: true };
        const left = await readJson(builder, groupIdSchema);
        if (left) await stopGroup(left, 0);
        await rm(dir, { recursive: true, force: true });
        await mkdir(dir, { recursive: true });
        await build(dir, building);
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
