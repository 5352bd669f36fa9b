import { readFileSync } from "node:fs";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { packageRoot } from "../../src/paths.ts";
import { thisMachine, unusableBuilds } from "../../src/runner/install/gpu-builds.ts";
import { parseManifest } from "../../src/runner/stack/manifest.ts";

export const tinyGemmaDir = join(packageRoot, "stacks", "tiny-gemma");
export const tinyGemmaManifest = parseManifest(readFileSync(join(tinyGemmaDir, "manifest.json"), "utf8"));

const CACHE = join(tmpdir(), "agent-collabs-mcp-test-cache");
export const MODELS_DIR = join(CACHE, "models");

/**
 * A directory whose node_modules hold the tiny-gemma stack's dependencies, installed once a machine. Two test workers
 * that both find none install twice; the first to finish wins.
 */
export async function llamaEnvironment(): Promise<string> {
  const specs = tinyGemmaManifest.dependencies;
  const dir = join(CACHE, `llama-${specs.join("-").replace(/[^\w.-]/g, "-")}`);
  const installed = () =>
    access(join(dir, "node_modules")).then(
      () => true,
      () => false,
    );
  if (await installed()) return dir;
  const temporary = `${dir}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  const dependencies = Object.fromEntries(specs.map((spec) => spec.split(/(?<=.)@/)));
  const overrides = unusableBuilds(Object.keys(dependencies), {
    ...thisMachine(),
    cuda: false,
    vulkan: false,
  });
  await writeFile(
    join(temporary, "package.json"),
    JSON.stringify({ private: true, dependencies, overrides }),
  );
  await execa("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: temporary });
  await rename(temporary, dir).catch(async (error) => {
    await rm(temporary, { recursive: true, force: true });
    if (!(await installed())) throw error;
  });
  return dir;
}
