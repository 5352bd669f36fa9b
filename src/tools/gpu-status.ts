import { z } from "zod";
import { typicalSeconds } from "./support/run-view.ts";
import { answer, defineTool } from "./tool.ts";

export const gpuStatus = defineTool({
  name: "gpu_status",
  toolset: "benchmarks",
  title: "GPUs and the queue",
  description:
    "The devices of this machine that runs use: GPUs, or the CPU where there is none; what runs, who waits, and how long the wait is likely to be.",
  input: z.strictObject({}),
  output: answer({
    devices: z.array(
      z.strictObject({
        id: z.string(),
        kind: z.enum(["gpu", "cpu"]),
        name: z.string(),
        memory_total_mb: z.number().optional(),
        memory_used_mb: z.number().optional(),
        utilization_percent: z.number().optional(),
        driver: z.string().optional(),
        running: z.string().optional(),
        queue: z.array(z.string()),
        wait_seconds: z.number().optional(),
      }),
    ),
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  run: async (_input, { runner, challenge }) => {
    const [devices, runs] = await Promise.all([runner.devices(), runner.runs({ limit: 100 })]);
    const typical = typicalSeconds(runs, challenge.default_profile);
    const gpus = devices.filter(({ kind }) => kind === "gpu").length;
    const waiting = devices.reduce((sum, { queue }) => sum + queue.length, 0);
    return {
      summary: `${gpus === 0 ? "No GPU here: runs use the CPU" : `${gpus} GPUs`}; ${devices.filter(({ running }) => running !== null).length} running, ${waiting} waiting.`,
      devices: devices.map((device) => {
        const running = runs.find(({ id }) => id === device.running);
        const ahead = running ? (running.secondsLeft ?? typical) : 0;
        return {
          id: device.id,
          kind: device.kind,
          name: device.name,
          memory_total_mb: device.memoryTotalMb ?? undefined,
          memory_used_mb: device.memoryUsedMb ?? undefined,
          utilization_percent: device.utilizationPercent ?? undefined,
          driver: device.driver ?? undefined,
          running: device.running ?? undefined,
          queue: device.queue,
          wait_seconds:
            ahead === undefined || (device.queue.length > 0 && typical === undefined)
              ? undefined
              : Math.ceil(ahead + device.queue.length * (typical ?? 0)),
        };
      }),
    };
  },
});
