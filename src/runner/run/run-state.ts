import { writeJson } from "../machine/atomic-file.ts";
import type { Progress, Run, Stage, StageName } from "../runner.ts";
import { secondsLeft } from "./estimate.ts";
import { runFiles } from "./run-files.ts";

/** Progress alone is written at most this often; the disk shall not disturb what is measured. */
const PROGRESS_EVERY_MS = 500;

/** The state of a run as its supervisor keeps it: changed here, written to disk as a whole each time. */
export interface RunState {
  readonly run: Readonly<Run>;
  /** Takes over fields and writes them before it returns. */
  set(fields: Partial<Run>): Promise<void>;
  /** Runs a stage: started, done or failed, with its duration on the monotonic clock. */
  stage<T>(name: StageName, launch: number, work: (progress: Progress) => Promise<T>): Promise<T>;
  /** The stage that runs now, or failed last. */
  current(): StageName | null;
  close(): Promise<void>;
}

export function openRunState(initial: Run): RunState {
  const { state: file } = runFiles(initial.dir);
  let run = initial;
  let dirty = false;
  let startedAt = 0;
  let writing: Promise<void> = Promise.resolve();

  const write = (): Promise<void> => {
    dirty = false;
    writing = writing.catch(() => {}).then(() => writeJson(file, withEstimate()));
    return writing;
  };
  const withEstimate = (): Run => ({
    ...run,
    secondsLeft:
      run.state === "running" ? secondsLeft(run.stages, (performance.now() - startedAt) / 1000) : null,
  });
  const timer = setInterval(() => {
    // A write that fails for want of space is not the end of the run; the last one, in `set`, is awaited.
    if (dirty) void write().catch(() => {});
  }, PROGRESS_EVERY_MS);

  const patch = (name: StageName, launch: number, fields: Partial<Stage>): void => {
    run = {
      ...run,
      stages: run.stages.map((stage) =>
        stage.name === name && stage.launch === launch ? { ...stage, ...fields } : stage,
      ),
    };
    dirty = true;
  };

  return {
    get run() {
      return run;
    },
    set: (fields) => {
      run = { ...run, ...fields };
      return write();
    },
    stage: async (name, launch, work) => {
      startedAt = performance.now();
      patch(name, launch, { state: "running" });
      await write();
      const end = (state: "done" | "failed") => {
        const durationSeconds = (performance.now() - startedAt) / 1000;
        patch(name, launch, { state, durationSeconds, ...(state === "done" && { note: "" }) });
        return write();
      };
      try {
        const result = await work((done, total, note) =>
          patch(name, launch, { done, total, ...(note !== undefined && { note }) }),
        );
        await end("done");
        return result;
      } catch (error) {
        await end("failed");
        throw error;
      }
    },
    current: () =>
      run.stages.findLast((stage) => stage.state === "running" || stage.state === "failed")?.name ?? null,
    close: async () => {
      clearInterval(timer);
      await writing;
    },
  };
}
