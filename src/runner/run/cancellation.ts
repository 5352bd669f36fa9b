import { existsSync } from "node:fs";
import { RunCancelled } from "../failure/run-failure.ts";

const LOOK_EVERY_MS = 200;

/** Aborts with RunCancelled as soon as the cancel file appears or the process is asked to end. */
export function watchCancellation(file: string): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const cancel = () => controller.abort(new RunCancelled());
  const look = () => {
    if (existsSync(file)) cancel();
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  process.on("SIGTERM", cancel);
  process.on("SIGINT", cancel);
  return {
    signal: controller.signal,
    stop: () => {
      clearInterval(timer);
      process.off("SIGTERM", cancel);
      process.off("SIGINT", cancel);
    },
  };
}
