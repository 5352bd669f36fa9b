import { execFile } from "node:child_process";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { promisify } from "node:util";

const QUERY_TIMEOUT_MS = 10_000;
const MIB = 1024 * 1024;

/** A device as the system shows it, without what runs on it. */
export interface DeviceInfo {
  id: string;
  kind: "gpu" | "cpu";
  /** Number that CUDA_VISIBLE_DEVICES takes; absent for a CPU. */
  index?: number;
  name: string;
  memoryTotalMb: number | null;
  memoryUsedMb: number | null;
  utilizationPercent: number | null;
  driver: string | null;
}

const FIELDS = "index,name,memory.total,memory.used,utilization.gpu,driver_version";

/** Asking the driver takes up to a second, and a digest asks for the queue each time. */
const FRESH_MS = 5000;
let asked: { at: number; gpus: Promise<DeviceInfo[]> } | undefined;

/**
 * The GPUs that `nvidia-smi` names, else the CPU, which is a device like any other. What the GPUs do at the moment is
 * at most five seconds old.
 */
export async function listDevices(): Promise<DeviceInfo[]> {
  const now = performance.now();
  if (!asked || now - asked.at > FRESH_MS) asked = { at: now, gpus: listGpus() };
  const gpus = await asked.gpus;
  return gpus.length > 0 ? gpus : [cpuDevice()];
}

async function listGpus(): Promise<DeviceInfo[]> {
  try {
    const { stdout } = await promisify(execFile)(
      "nvidia-smi",
      [`--query-gpu=${FIELDS}`, "--format=csv,noheader,nounits"],
      { timeout: QUERY_TIMEOUT_MS },
    );
    return parseGpus(stdout);
  } catch {
    // No driver, or one that does not answer: then no stack can use the GPU either.
    return [];
  }
}

/** Rows of `nvidia-smi --format=csv,noheader,nounits`; what a GPU does not report reads `[N/A]` there. */
export function parseGpus(csv: string): DeviceInfo[] {
  return csv.split("\n").flatMap((row) => {
    const [index, name, total, used, utilization, driver] = row.split(",").map((cell) => cell.trim());
    const number = index === undefined || index === "" ? Number.NaN : Number(index);
    if (!Number.isInteger(number) || name === undefined) return [];
    return [
      {
        id: `gpu-${number}`,
        kind: "gpu" as const,
        index: number,
        name,
        memoryTotalMb: figure(total),
        memoryUsedMb: figure(used),
        utilizationPercent: figure(utilization),
        driver: driver ?? null,
      },
    ];
  });
}

function figure(cell: string | undefined): number | null {
  const value = cell === undefined || cell === "" ? Number.NaN : Number(cell);
  return Number.isFinite(value) ? value : null;
}

function cpuDevice(): DeviceInfo {
  const model = cpus()[0]?.model.trim() || process.arch;
  return {
    id: "cpu",
    kind: "cpu",
    name: `${model}, ${availableParallelism()} cores`,
    memoryTotalMb: Math.round(totalmem() / MIB),
    memoryUsedMb: Math.round((totalmem() - freemem()) / MIB),
    utilizationPercent: null,
    driver: null,
  };
}
