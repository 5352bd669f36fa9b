import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own root: the same from `src/` under a test runner and from `dist/`. */
export const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** A built program of this package, to be spawned as a process of its own. */
export const builtProgram = (path: string): string => join(packageRoot, "dist", path);
