import type { Failure } from "../runner.ts";

/**
 * How a stage says that the stack failed its benchmark: an outcome of the run, not an error of ours. `reason` and
 * `hint` are our words; whatever the stack's programs said goes into `rootCauseLines`.
 */
export class RunFailure extends Error {
  readonly failure: Omit<Failure, "stage">;

  constructor(failure: Omit<Failure, "stage" | "rootCauseLines"> & { rootCauseLines?: readonly string[] }) {
    super(failure.reason);
    this.name = "RunFailure";
    this.failure = { ...failure, rootCauseLines: [...(failure.rootCauseLines ?? [])] };
  }
}

/** The reason with which a run's signal is aborted when somebody cancelled it. */
export class RunCancelled extends Error {
  constructor() {
    super("the run was cancelled");
    this.name = "RunCancelled";
  }
}
