import { expect, it } from "vitest";
import { listDevices, parseGpus } from "../../../src/runner/machine/devices.ts";

it("reads nvidia-smi's rows, with unknown figures as null", () => {
  const rows = "0, NVIDIA H200, 143771, 512, 3, 570.86.15\n1, NVIDIA A10G, [N/A], [N/A], [N/A], 570.86.15\n";
  expect(parseGpus(rows)).toEqual([
    {
      id: "gpu-0",
      kind: "gpu",
      index: 0,
      name: "NVIDIA H200",
      memoryTotalMb: 143771,
      memoryUsedMb: 512,
      utilizationPercent: 3,
      driver: "570.86.15",
    },
    {
      id: "gpu-1",
      kind: "gpu",
      index: 1,
      name: "NVIDIA A10G",
      memoryTotalMb: null,
      memoryUsedMb: null,
      utilizationPercent: null,
      driver: "570.86.15",
    },
  ]);
});

it("takes words of a broken driver for no GPU", () => {
  expect(
    parseGpus("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"),
  ).toEqual([]);
  expect(parseGpus("No devices were found\n")).toEqual([]);
});

it("always has a device", async () => {
  const devices = await listDevices();
  expect(devices.length).toBeGreaterThan(0);
  expect(devices.every((device) => device.name !== "")).toBe(true);
});
