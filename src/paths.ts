import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The package's own root: the same from `src/` under a test runner and from `dist/`. */
export const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** A built program of this package, to be spawned as a process of its own. */
export const builtProgram = (path: string): string => join(packageRoot, "dist", path);

export const packageVersion: string = z
  .looseObject({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"))).version;
