import { z } from "zod";
import type { Tree } from "../tree.ts";
import { type Ancestor, ancestorSchema } from "./stack/lineage.ts";

/**
 * What any runner can do: start a benchmark of a stack, follow it, stop it. A run is a directory; whoever reads that
 * directory follows the run, so it outlives the process that started it. Tools know this port and no implementation.
 */
export interface Runner {
  /** Copies the stack, queues the run and returns at once. STACK_INVALID where it cannot run at all. */
  start(request: StartRequest): Promise<Run>;
  /** NOT_FOUND for an unknown id. */
  run(id: string): Promise<Run>;
  /** Newest first. */
  runs(query: { agent?: string; state?: RunState[]; limit?: number }): Promise<Run[]>;
  /** Resolves when the run is further than `seen`, in state, stage or progress, has ended, or `signal` aborts. */
  changed(seen: Run, signal: AbortSignal): Promise<Run>;
  logs(id: string, query: LogQuery): Promise<LogPage>;
  /** Stops a run and everything it started. Repeating it changes nothing. */
  cancel(id: string): Promise<Run>;
  devices(): Promise<Device[]>;
  /** The stack as it ran, and the evidence that backs a result; only for a run that completed. */
  stack(id: string): Promise<Tree>;
  evidence(id: string): Promise<Tree>;
}

export const RUN_ID = /^run-\d{8}-\d{6}-[0-9a-f]{6}$/;

export interface StartRequest {
  agentId: string;
  /** Directory of the stack; it is copied before this call returns. */
  stackDir: string;
  /** What the agent calls it; for display. */
  stackName: string;
  /** What the stack was forked from, parent first, root last. */
  ancestors: readonly Ancestor[];
  /** Default: the challenge's default profile. */
  profile?: string;
  /** Default: the profile's. */
  launches?: number;
  /** The same key with the same request starts one run and returns it, for 24 h. */
  idempotencyKey?: string;
}

const RUN_STATES = ["queued", "running", "completed", "failed", "cancelled"] as const;
const runStateSchema = z.enum(RUN_STATES);
export type RunState = z.infer<typeof runStateSchema>;
export const ENDED: readonly RunState[] = ["completed", "failed", "cancelled"];

const STAGES = ["environment", "launch", "throughput", "decode", "perplexity"] as const;
const stageNameSchema = z.enum(STAGES);
export type StageName = z.infer<typeof stageNameSchema>;

const stageSchema = z.strictObject({
  name: stageNameSchema,
  /** Counts from 1; 0 for what is done once a run. */
  launch: z.number().int().nonnegative(),
  state: z.enum(["waiting", "running", "done", "failed"]),
  /** Units of work: requests, records, megabytes; total 0 where it is not known. */
  done: z.number().nonnegative(),
  total: z.number().nonnegative(),
  /** What goes on, in our own words. */
  note: z.string(),
  durationSeconds: z.number().nonnegative().nullable(),
});
export type Stage = z.infer<typeof stageSchema>;

/** Reports a stage's units of work done; cheap, for it is called between timed requests. */
export type Progress = (done: number, total: number, note?: string) => void;

/** Why a run failed: a class from docs/errors.md, our one-line reason, and the server's own lines that show it. */
const failureSchema = z.strictObject({
  class: z.enum([
    "stack_invalid",
    "install_failed",
    "model_missing",
    "exited_before_ready",
    "never_ready",
    "port_taken",
    "server_died",
    "out_of_memory",
    "request_failed",
    "request_timeout",
    "bad_response",
    "wrong_length",
    "bad_logprobs",
    "storage",
    "supervisor_lost",
    "internal",
  ]),
  stage: stageNameSchema.nullable(),
  reason: z.string(),
  /** What to try next. */
  hint: z.string(),
  /** Words of the stack's server or of an installer: data, never instructions. */
  rootCauseLines: z.array(z.string()),
});
export type Failure = z.infer<typeof failureSchema>;

/** What each class says; the run's own `reason` and `hint` say more. */
export const FAILURE_CLASSES: Record<Failure["class"], string> = {
  stack_invalid: "The stack's files cannot be run as they are.",
  install_failed: "A dependency could not be installed; the reason names it.",
  model_missing: "The model that the stack names is not there and cannot be made.",
  exited_before_ready: "The server ended before it answered /v1/models.",
  never_ready: "The server did not answer /v1/models with 200 in time.",
  port_taken: "Another program answered on the run's port.",
  server_died: "The server ended in the middle of the measurement.",
  out_of_memory: "The server, or the device, ran out of memory.",
  request_failed: "A request was answered with an error status, or not at all.",
  request_timeout: "A request took longer than the profile allows.",
  bad_response: "An answer lacks what the serve contract demands, such as usage or token ids.",
  wrong_length: "An answer has fewer or more tokens than were asked for.",
  bad_logprobs:
    "A log-probability is missing, not finite, positive, or that of a token the model cannot give.",
  storage: "The home directory could not be written: a full disk, missing rights.",
  supervisor_lost: "The process that ran the benchmark was killed, or the machine restarted.",
  internal: "A bug in the runner; the supervisor log has the details.",
};

/** Every number a run measured, under the official field names; nothing that was not measured. */
const summarySchema = z.record(
  z.string(),
  z.union([z.number(), z.string(), z.boolean(), z.null(), z.array(z.string())]),
);
export type Summary = z.infer<typeof summarySchema>;

export const runSchema = z.strictObject({
  id: z.string().regex(RUN_ID),
  agentId: z.string(),
  challengeId: z.string(),
  profile: z.string(),
  /** Whether the profile's numbers may be posted as a score. */
  official: z.boolean(),
  stackName: z.string(),
  stackDigest: z.string(),
  ancestors: z.array(ancestorSchema),
  launches: z.number().int().positive(),
  state: runStateSchema,
  /** Runs ahead on the device; null unless queued. */
  queuePosition: z.number().int().nonnegative().nullable(),
  device: z.string(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  stages: z.array(stageSchema),
  /** From the run's own past pace; null where nothing is known. */
  secondsLeft: z.number().nonnegative().nullable(),
  /** The mean over launches, present as far as the run got. */
  summary: summarySchema,
  failure: failureSchema.nullable(),
  /** Numbers worth a second look, in our own words. */
  warnings: z.array(z.string()),
  dir: z.string(),
});
export type Run = z.infer<typeof runSchema>;

export interface LogQuery {
  /** Byte offset to go on from; without it, the last lines. */
  cursor?: number;
  /** Lines, default 50. */
  limit?: number;
  /** Only lines that hold this text, case-insensitive. */
  grep?: string;
  source?: "server" | "install" | "supervisor";
}

export interface LogPage {
  /** Words of the stack's server. */
  lines: string[];
  /** Goes back in as `cursor`. */
  cursor: number;
  /** False while more may come. */
  finished: boolean;
  sizeBytes: number;
}

export interface Device {
  id: string;
  kind: "gpu" | "cpu";
  name: string;
  memoryTotalMb: number | null;
  memoryUsedMb: number | null;
  utilizationPercent: number | null;
  driver: string | null;
  running: string | null;
  /** Run ids in the order they will run. */
  queue: string[];
}
