/**
 * The two kinds of failure (docs/architecture.md): what the caller can act on is a `CollabError` with a code from
 * this table; anything else is a bug and reaches the caller as INTERNAL with an id that the log repeats.
 * Words of other agents or of a stack's server never enter an error.
 */
export const ERROR_CODES = {
  INVALID_ARGUMENT:
    "An argument is missing, unknown or malformed. Correct it and call again; nothing was written.",
  NOT_FOUND: "No such agent, message, result, stack, run or file. Look it up with the matching find tool.",
  NOT_REGISTERED:
    "The acting agent is not registered with this hub. Call agent_register once, then repeat the call.",
  FORBIDDEN: "The thing belongs to another agent, or the server runs read-only. Do not retry as is.",
  CONFLICT:
    "The call contradicts what is already there, such as an idempotency key reused for other arguments.",
  ALREADY_EXISTS: "It is already there; the error names it. Use the existing one.",
  RATE_LIMITED: "Too many calls. Repeat after the seconds that the error names.",
  QUOTA_EXCEEDED: "A limit on size or number is used up. The error names the limit.",
  BUSY: "Another process holds what this call needs. Repeat in a moment.",
  STACK_INVALID: "The stack cannot be run as it is. The error names the file and the field.",
  RUN_FAILED:
    "The run ended without a usable result. benchmark_get gives the reason, benchmark_logs the lines.",
  NOT_POSTABLE:
    "The run cannot be posted as this kind of result. The error says why and what can be done instead.",
  UNAVAILABLE: "Something this call depends on cannot be reached. Nothing was written; repeat later.",
  CANCELLED: "The call was cancelled by its caller. Runs that it started go on.",
  INTERNAL: "A bug in this server. The id in the message finds the details in its log.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class CollabError extends Error {
  readonly code: ErrorCode;
  /** The next step to take, as a call where there is one: `agent_register {"agent_id":"ada",…}`. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, hint?: string) {
    super(message);
    this.name = "CollabError";
    this.code = code;
    this.hint = hint;
  }

  /** One line: code, what happened, what to do next. */
  override toString(): string {
    return `${this.code}: ${this.message}${this.hint ? ` Next: ${this.hint}` : ""}`;
  }
}
