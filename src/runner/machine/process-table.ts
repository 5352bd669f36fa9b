import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that is not a zombie. */
export interface ProcessEntry {
  pid: number;
  group: number;
  /** Absent where the system does not say. */
  session?: number;
  /** Identifies the process together with its id, which systems use again. */
  startTime: string;
}

const hasProc = process.platform === "linux";

/** Every process that the system shows us. */
export function listProcesses(): ProcessEntry[] {
  return hasProc ? fromProc() : fromPs();
}

/** The start time of a living process; undefined when there is none of this id. */
export function startTimeOf(pid: number): string | undefined {
  if (hasProc) return procEntry(pid)?.startTime;
  return fromPs(pid)[0]?.startTime;
}

/** Whether a process was started with `name=value` in its environment; undefined where that cannot be read. */
export function hasVariable(pid: number, name: string, value: string): boolean | undefined {
  if (!hasProc) return undefined;
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${name}=${value}`);
  } catch {
    return undefined;
  }
}

/** The sockets a process holds, by inode. */
export function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return [];
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function fromProc(): ProcessEntry[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const entry = Number.isInteger(pid) ? procEntry(pid) : undefined;
    return entry ? [entry] : [];
  });
}

/** proc(5): the command stands in parentheses and may hold any character; state, ppid, pgrp, session follow it. */
function procEntry(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, , group, session] = fields;
  const startTime = fields[19];
  if (startTime === undefined || state === "Z" || state === "X") return undefined;
  return { pid, group: Number(group), session: Number(session), startTime };
}

function fromPs(pid?: number): ProcessEntry[] {
  const scope = pid === undefined ? ["-A"] : ["-p", String(pid)];
  let listing: string;
  try {
    listing = execFileSync("ps", [...scope, "-o", "pid=,pgid=,stat=,lstart="], { encoding: "utf8" });
  } catch {
    return [];
  }
  return listing.split("\n").flatMap((line) => {
    const [id, group, state, ...start] = line.trim().split(/\s+/);
    if (id === undefined || group === undefined || !state || state.startsWith("Z")) return [];
    return [{ pid: Number(id), group: Number(group), startTime: start.join(" ") }];
  });
}
