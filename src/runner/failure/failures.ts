import type { Exit } from "../machine/process-group.ts";
import type { Failure } from "../runner.ts";
import { SIGNATURES, type Signature } from "./failure-signatures.ts";
import { RunFailure } from "./run-failure.ts";

/**
 * Finds out of a log why a program failed. The last line is rarely the reason: wrappers report that something below
 * them failed, and the first error that was not survived is the cause (users 2.6).
 */
export interface RootCause {
  signature: Signature | undefined;
  /** False where nothing looks like an error and the lines are just the last ones. */
  evident: boolean;
  /** The line of the cause, the source line above it where the error itself says nothing, and what surrounds it. */
  lines: string[];
}

const SHOWN_CHARACTERS = 500;
/** Lines of a long log that are searched: the longest log of a real job had 2000. */
const FIRST_LOOKED_AT = 2000;
const LAST_LOOKED_AT = 6000;
const LAST_LINES = 5;
/** Prefixes that launchers put before a line: `[server]`, `(EngineCore pid=3)`, level, date, `[core.py:12]`. */
const PREFIX =
  /^(?:\s*(?:\[[^\]]*\]|\([^)]*pid=\d+\)|(?:ERROR|CRITICAL|WARNING|INFO)\b:?|\d\d-\d\d \d\d:\d\d:\d\d))*\s*/;
const LOGGED_AS_ERROR = /\b(?:ERROR|CRITICAL)\b/;
const ERROR_LINE =
  /^(?:Uncaught )?(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Interrupt|Exit)\b(?: \[\w+\])?(?::|$)/;
/** Errors that only say that another process failed. */
const WRAPPER =
  /exited before readiness|Engine core initialization failed|failed to start|did not become ready|returned non-zero exit status|worker (?:proc|died)|See (?:root cause|stack trace) above|npm error (?:A complete log|code)/i;
const FATAL = /^(?:fatal(?: error)?|panic|error|npm error|terminate called|Segmentation fault)\b/i;

export function rootCause(whole: readonly string[]): RootCause {
  const log =
    whole.length > FIRST_LOOKED_AT + LAST_LOOKED_AT
      ? [...whole.slice(0, FIRST_LOOKED_AT), ...whole.slice(-LAST_LOOKED_AT)]
      : whole;
  const lines = log.map((line) => ({ line, said: line.replace(PREFIX, "") }));
  for (const [index, { line }] of lines.entries()) {
    const signature = SIGNATURES.find(({ pattern }) => pattern.test(line));
    if (signature) return { signature, evident: true, lines: around(log, index) };
  }
  const own = lines
    .map(({ line, said }, index) => ({ line, said, index }))
    .filter(({ said }) => !WRAPPER.test(said));
  const errors = own.filter(({ said }) => ERROR_LINE.test(said));
  // An error may have been caught and survived; one that was logged as an error was not.
  const cause =
    errors.find(({ line }) => LOGGED_AS_ERROR.test(line)) ??
    errors[0] ??
    own.find(({ said }) => FATAL.test(said));
  if (cause) return { signature: undefined, evident: true, lines: around(log, cause.index) };
  const telling = log.filter((line) => line.trim() !== "" && !WRAPPER.test(line));
  return { signature: undefined, evident: false, lines: telling.slice(-LAST_LINES).map(cut) };
}

/** An error without a message means nothing without the source line that raised it. */
function around(log: readonly string[], index: number): string[] {
  const said = (log[index] ?? "").replace(PREFIX, "").trim();
  const mute = /(?:Error|Exception):?$/.test(said);
  return log.slice(Math.max(0, index - (mute ? 3 : 1)), index + 3).map(cut);
}

const cut = (line: string): string =>
  line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)} […]` : line;

interface Death {
  exit: Exit;
  /** What the program printed since it was started. */
  log: readonly string[];
  ready: boolean;
  /** Whether the kernel ended a process for want of memory meanwhile. */
  oomKills: boolean;
}

/** The failure of a server that ended by itself. */
export function deathFailure({ exit, log, ready, oomKills }: Death): RunFailure {
  const { signature, evident, lines } = rootCause(log);
  // Nobody who is killed from outside says so: what a healthy server said last is no cause.
  const struck = exit.signal !== null && !evident;
  const how = exit.signal ? `was ended by ${exit.signal}` : `exited with code ${exit.code}`;
  const when = ready ? "while it was measured" : "before it was ready";
  const killed = exit.signal === "SIGKILL" && oomKills;
  const byDefault: Failure["class"] = ready ? "server_died" : "exited_before_ready";
  const cause = killed ? "the machine ran out of memory" : signature?.cause;
  return new RunFailure({
    class: killed ? "out_of_memory" : (signature?.class ?? byDefault),
    reason: `the server ${how} ${when}${cause ? `: ${cause}` : ""}`,
    hint: killed
      ? "use a smaller model, context or batch"
      : (signature?.remedy ??
        (struck
          ? "its log shows no error: see who on this machine ended it, or start the run again"
          : "the root-cause lines show what it said; benchmark_logs has the rest")),
    rootCauseLines: struck ? [] : lines,
  });
}

/** The failure of a server that lives but does not answer `GET /v1/models` with 200. */
export function neverReadyFailure(log: readonly string[], seconds: number, lastAnswer: string): RunFailure {
  const { signature, lines } = rootCause(log);
  return new RunFailure({
    class: signature?.class ?? "never_ready",
    reason: `the server did not answer GET /v1/models with 200 within ${seconds} s (${lastAnswer})${signature ? `: ${signature.cause}` : ""}`,
    hint: signature?.remedy ?? "look with benchmark_logs at how far it got; it must serve on HOST and PORT",
    rootCauseLines: lines,
  });
}
