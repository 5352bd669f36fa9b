import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * `node-llama-cpp` brings its engine as optional packages for every platform and GPU: 725 MB, of which a machine uses
 * at most a few. Those that cannot be used here are replaced by an empty package, which leaves 85 MB without a GPU.
 */
const PACKAGE = "node-llama-cpp";
const EMPTY = "npm:empty-npm-package@1.0.0";

/** Names of the builds below `@node-llama-cpp/`. */
const BUILDS = [
  "linux-arm64",
  "linux-armv7l",
  "linux-riscv64",
  "linux-x64",
  "linux-x64-cuda",
  "linux-x64-cuda-ext",
  "linux-x64-vulkan",
  "mac-arm64-metal",
  "mac-x64",
  "win-arm64",
  "win-x64",
  "win-x64-cuda",
  "win-x64-cuda-ext",
  "win-x64-vulkan",
] as const;

export interface Machine {
  platform: string;
  arch: string;
  /** An NVIDIA driver is installed. */
  cuda: boolean;
  /** A Vulkan loader is installed. */
  vulkan: boolean;
}

/** npm `overrides` that leave out the builds this machine cannot use; empty for other dependencies. */
export function unusableBuilds(packages: readonly string[], machine: Machine): Record<string, string> {
  if (!packages.includes(PACKAGE)) return {};
  return Object.fromEntries(
    BUILDS.filter((build) => !isUsable(build, machine)).map((build) => [`@${PACKAGE}/${build}`, EMPTY]),
  );
}

function isUsable(build: string, { platform, arch, cuda, vulkan }: Machine): boolean {
  const system = { linux: "linux", darwin: "mac", win32: "win" }[platform] ?? platform;
  const processor = arch === "arm" ? "armv7l" : arch;
  if (build !== `${system}-${processor}` && !build.startsWith(`${system}-${processor}-`)) return false;
  if (build.includes("-cuda")) return cuda;
  return build.endsWith("-vulkan") ? vulkan : true;
}

/** What this machine can use. */
export const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  cuda:
    existsSync("/proc/driver/nvidia/version") ||
    existsSync("/dev/nvidiactl") ||
    hasLibrary("libcuda.so.1", "nvcuda.dll"),
  vulkan: hasLibrary("libvulkan.so.1", "vulkan-1.dll"),
});

const LIBRARY_DIRS = [
  "/usr/lib",
  "/usr/lib64",
  "/usr/local/lib",
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib/wsl/lib",
];

function hasLibrary(linux: string, windows: string): boolean {
  if (process.platform === "win32") {
    return existsSync(join(process.env.SystemRoot ?? "C:\\Windows", "System32", windows));
  }
  const dirs = [...LIBRARY_DIRS, ...(process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean)];
  return dirs.some((dir) => existsSync(join(dir, linux)));
}
