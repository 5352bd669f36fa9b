import type { WriteStream } from "node:tty";
import { ENDED, type Run, type Runner, type Stage } from "../runner/runner.ts";

/** A share from 0 to 1 as blocks. */
export function blocks(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(filled) + "·".repeat(width - filled);
}

const BAR = 24;

/** `throughput   ███████████·············  12/16` */
export function bar(
  stage: Pick<Stage, "name" | "launch" | "state" | "done" | "total" | "note" | "durationSeconds">,
  launches: number,
): string {
  const share = stage.state === "done" ? 1 : stage.total > 0 ? stage.done / stage.total : 0;
  const launch = launches > 1 && stage.launch > 0 ? ` ${stage.launch}/${launches}` : "";
  const count = stage.total > 0 ? `  ${Math.round(stage.done)}/${Math.round(stage.total)}` : "";
  const time = stage.durationSeconds === null ? "" : `  ${stage.durationSeconds.toFixed(1)} s`;
  const note = stage.state === "running" && stage.note ? `  ${stage.note}` : "";
  return `${(stage.name + launch).padEnd(16)} ${blocks(share, BAR)}${count}${time}${note}`;
}

/**
 * Follows a run to its end with a bar a stage. On a terminal the bar of the running stage moves; elsewhere each stage
 * is one line when it is done.
 */
export async function followWithBars(
  runner: Runner,
  run: Run,
  out: WriteStream | NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<Run> {
  const live = out.isTTY === true;
  let finished = 0;
  let current = run;
  for (;;) {
    const stages = current.stages.filter(({ state }) => state !== "waiting");
    const done = stages.filter(({ state }) => state !== "running");
    const clear = live ? "\r\u001b[2K" : "";
    for (const stage of done.slice(finished)) out.write(`${clear}  ${bar(stage, current.launches)}\n`);
    finished = Math.max(finished, done.length);
    if (ENDED.includes(current.state) || signal.aborted) return current;
    const running = stages.find(({ state }) => state === "running");
    if (live) {
      const line = running
        ? bar(running, current.launches)
        : `${current.state}${current.queuePosition ? `, ${current.queuePosition} ahead` : ""}`;
      out.write(`${clear}  ${line.slice(0, (out.columns || 100) - 3)}`);
    }
    current = await runner.changed(current, signal);
  }
}
