import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { rootCause } from "../failure/failures.ts";
import { RunFailure } from "../failure/run-failure.ts";
import type { CappedLog } from "../machine/capped-log.ts";
import { readLogLines } from "../machine/log-pages.ts";
import { type Exit, type GroupId, startGroup } from "../machine/process-group.ts";
import type { Progress } from "../runner.ts";

const MEGABYTE = 1e6;
const LOOK_EVERY_MS = 1000;

/** What installing needs of the run that it is done for. */
export interface InstallContext {
  envsDir: string;
  env: Readonly<Record<string, string>>;
  log: CappedLog;
  logPath: string;
  signal: AbortSignal;
  progress: Progress;
  graceSeconds: number;
  /** Told of the process group that runs, and of its end, so that another process can clean up. */
  onGroup: (group: GroupId | undefined) => Promise<void>;
}

interface InstallerCommand {
  file: string;
  args: readonly string[];
  /** Where it installs, and works. */
  dir: string;
  /** The manifest's requirements, to name the one at fault. */
  requirements: readonly string[];
}

/** Runs one installer to its end. RunFailure `install_failed` with its own words; the signal's reason when aborted. */
export async function runInstaller(command: InstallerCommand, context: InstallContext): Promise<void> {
  const from = context.log.position;
  const group = await startGroup({
    file: command.file,
    args: command.args,
    cwd: command.dir,
    env: context.env,
    log: context.log,
  });
  await context.onGroup(group.id);
  const stopWatching = watchSize(command.dir, context.progress);
  const aborted = abortion(context.signal);
  try {
    const exit = await Promise.race([group.exited, aborted.promise]);
    context.signal.throwIfAborted();
    if (exit?.code === 0) return;
    throw installFailure(exit, readLogLines(context.logPath, from), command.requirements);
  } finally {
    aborted.forget();
    stopWatching();
    await group.stop(context.graceSeconds);
    await context.onGroup(undefined);
  }
}

/** What keeps any dependency from being installed, whatever its name. */
const MACHINE_FAULTS = [
  {
    pattern: /\bENOSPC\b|No space left on device/i,
    cause: "the disk is full",
    hint: "free space, or set COLLABS_HOME to a directory on another disk",
  },
  {
    pattern: /\b(?:ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN)\b|name resolution|NewConnectionError/i,
    cause: "the network or the package registry could not be reached",
    hint: "check the machine's network and the installer's own settings, then start the run again",
  },
];

function installFailure(
  exit: Exit | undefined,
  log: readonly string[],
  requirements: readonly string[],
): RunFailure {
  const errors = log
    .filter((line) => /err|no matching|not found|failed|conflict|no space/i.test(line))
    .join("\n");
  const guilty =
    requirements.find((requirement) => errors.includes(requirement)) ??
    requirements.find((requirement) => errors.includes(packageName(requirement)));
  const all = dependencyCount(requirements.length);
  const fault = MACHINE_FAULTS.find(({ pattern }) => pattern.test(errors));
  const reason = exit?.signal
    ? `the installer of ${all} was ended by ${exit.signal}`
    : fault
      ? `${all} could not be installed: ${fault.cause}`
      : guilty
        ? `dependency ${JSON.stringify(guilty)} could not be installed`
        : `${all} could not be installed`;
  const hint = exit?.signal
    ? "start the run again; a full memory is the usual reason"
    : (fault?.hint ??
      "check name and version in the manifest's dependencies; benchmark_logs with source install has all of it");
  return new RunFailure({ class: "install_failed", reason, hint, rootCauseLines: rootCause(log).lines });
}

export const dependencyCount = (count: number): string =>
  `${count} ${count === 1 ? "dependency" : "dependencies"}`;

/** The name in `name@1.2`, `@scope/name`, `name==1.2` or `name[extra]>=1`. */
export const packageName = (requirement: string): string =>
  /^@?[^@=<>!~[;\s]+/.exec(requirement)?.[0] ?? requirement;

/** Tells how much was installed so far. */
function watchSize(dir: string, progress: Progress): () => void {
  let looking = false;
  const timer = setInterval(async () => {
    if (looking) return;
    looking = true;
    const bytes = await sizeOf(dir);
    progress(Math.round(bytes / MEGABYTE), 0, `${Math.round(bytes / MEGABYTE)} MB installed`);
    looking = false;
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      if (!entry.isFile()) return 0;
      const file = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
      return file?.size ?? 0;
    }),
  );
  return sizes.reduce((total, size) => total + size, 0);
}

/** A promise that resolves when the signal aborts, and can be let go of. */
function abortion(signal: AbortSignal): { promise: Promise<undefined>; forget: () => void } {
  let forget = () => {};
  const promise = new Promise<undefined>((resolve) => {
    if (signal.aborted) return resolve(undefined);
    const listener = () => resolve(undefined);
    signal.addEventListener("abort", listener, { once: true });
    forget = () => signal.removeEventListener("abort", listener);
  });
  return { promise, forget };
}
