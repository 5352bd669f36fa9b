import { spawn } from "node:child_process";

/**
 * Ends a process group when this process dies without having done so, however it dies: a shell that waits for the
 * end of a pipe which only we hold open. A reader of the run's directory would find the group as well, but there may
 * be none for days.
 */
export interface Watchdog {
  /** The group has ended, or somebody else sees to it. */
  dismiss(): void;
}

const GRACE_SECONDS = 2;
const SCRIPT = `read -r _; kill -s TERM -- "-$1"; sleep ${GRACE_SECONDS}; kill -s KILL -- "-$1"`;

export function watchGroup(pid: number): Watchdog {
  if (process.platform === "win32") return { dismiss: () => {} };
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "collabs-watchdog", String(pid)], {
    detached: true,
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a shell there is no watchdog, and whoever looks at the run next does its work.
  shell.once("error", () => {});
  shell.unref();
  return { dismiss: () => void shell.kill("SIGKILL") };
}
