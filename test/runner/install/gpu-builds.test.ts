import { expect, it } from "vitest";
import { unusableBuilds } from "../../../src/runner/install/gpu-builds.ts";

const bare = { platform: "linux", arch: "x64", cuda: false, vulkan: false };
const kept = (machine: typeof bare) => {
  const left = new Set(
    Object.keys(unusableBuilds(["node-llama-cpp"], machine)).map((name) => name.split("/")[1]),
  );
  return [
    "linux-x64",
    "linux-x64-cuda",
    "linux-x64-cuda-ext",
    "linux-x64-vulkan",
    "mac-arm64-metal",
    "mac-x64",
    "win-arm64",
  ].filter((build) => !left.has(build));
};

it("keeps the CPU build alone where there is no GPU", () => {
  expect(kept(bare)).toEqual(["linux-x64"]);
});

it("keeps the GPU builds that a driver is there for", () => {
  expect(kept({ ...bare, cuda: true })).toEqual(["linux-x64", "linux-x64-cuda", "linux-x64-cuda-ext"]);
  expect(kept({ ...bare, vulkan: true })).toEqual(["linux-x64", "linux-x64-vulkan"]);
});

it("keeps no build of another platform", () => {
  expect(kept({ ...bare, platform: "darwin", arch: "arm64" })).toEqual(["mac-arm64-metal"]);
  expect(kept({ ...bare, platform: "win32", arch: "arm64" })).toEqual(["win-arm64"]);
});

it("does not touch other dependencies", () => {
  expect(unusableBuilds(["express"], bare)).toEqual({});
});
