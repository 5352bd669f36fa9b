// Builds dist/: modules and types by the compiler, and over them the program `cli.js` as one bundle with its own
// packages, because reading a thousand small files is half of a server's start. What stays outside is native (libsql).
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);

rmSync(at("dist"), { recursive: true, force: true });
execFileSync(process.execPath, [at("node_modules/typescript/bin/tsc"), "-p", at("tsconfig.build.json")], {
  cwd: root,
  stdio: "inherit",
});
await build({
  absWorkingDir: root,
  entryPoints: ["dist/cli.js"],
  outdir: "dist",
  allowOverwrite: true,
  bundle: true,
  // Commands stay apart, so that `--version` does not read a server. Chunks lie beside the entry: src/paths.ts finds
  // the package's root from either.
  splitting: true,
  chunkNames: "chunk-[hash]",
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["libsql"],
  // Bundled CommonJS packages ask for Node's own modules with a `require` that ESM does not have.
  banner: {
    js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
  },
  logLevel: "warning",
});
