// Brings a checkout to the point where its commands work: installs what is missing, builds what is stale.
// Called by the npm scripts, so that two README commands are all the set-up there is.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);

const newest = (path) => {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
};

const run = (title, command, args) => {
  console.error(`${title} …`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error(
      `${title} failed${error ? `: ${error.message}` : ""}. The command was: ${command} ${args.join(" ")}`,
    );
    process.exit(status ?? 1);
  }
};

// npm writes node_modules/.package-lock.json last: older than our lock file means a stale install.
if (newest(at("node_modules/.package-lock.json")) < newest(at("package-lock.json"))) {
  run("Installing dependencies (npm ci)", "npm", ["ci"]);
}
const sources = Math.max(
  newest(at("src")),
  newest(at("tsconfig.json")),
  newest(at("tsconfig.build.json")),
  newest(at("scripts/build.mjs")),
  newest(at("package.json")),
);
if (newest(at("dist/cli.js")) < sources) {
  run("Building", "npm", ["run", "--silent", "build"]);
}
