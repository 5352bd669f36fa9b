import { Agent, errors, request } from "undici";
import { RunFailure } from "../failure/run-failure.ts";
import { parseOfficialJson } from "../official/official-json.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const SHOWN_CHARACTERS = 2000;

export interface Reply {
  status: number;
  /** The parsed body; undefined where it is not JSON. */
  body: unknown;
  /** The body as it came, cut, for showing what a server said. */
  excerpt: string;
}

export interface CallOptions {
  timeoutSeconds: number;
  signal: AbortSignal;
}

export interface ServerClient {
  get(path: string, options: CallOptions): Promise<Reply>;
  post(path: string, body: unknown, options: CallOptions): Promise<Reply>;
  close(): Promise<void>;
}

/**
 * Speaks to a stack's server, each request on a connection of its own as the official client does (benchmark-protocol
 * 2.2). Throws RunFailure where no complete answer comes, and the signal's reason where that is aborted.
 */
export function serverClient(origin: string): ServerClient {
  // Time limits are the caller's: a limit between two chunks would never end a server that drips.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: MAX_BODY_BYTES });

  const call = async (
    method: "GET" | "POST",
    path: string,
    body: unknown,
    { timeoutSeconds, signal }: CallOptions,
  ): Promise<Reply> => {
    signal.throwIfAborted();
    const limit = timeLimit(signal, timeoutSeconds);
    try {
      const response = await request(`${origin}${path}`, {
        method,
        dispatcher: agent,
        reset: true,
        signal: limit.signal,
        ...(method === "POST" && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
      const text = await response.body.text();
      return { status: response.statusCode, body: parse(text), excerpt: text.slice(0, SHOWN_CHARACTERS) };
    } catch (error) {
      signal.throwIfAborted();
      throw callFailure(limit.passed() ? TIMED_OUT : error, `${method} ${path}`, timeoutSeconds);
    } finally {
      limit.end();
    }
  };

  return {
    get: (path, options) => call("GET", path, undefined, options),
    post: (path, body, options) => call("POST", path, body, options),
    close: () => agent.destroy(),
  };
}

const TIMED_OUT = Symbol("timed out");

/** Cheaper than AbortSignal.any and .timeout, and its cost is part of what is timed. */
function timeLimit(outer: AbortSignal, seconds: number) {
  const controller = new AbortController();
  let passed = false;
  const abort = () => controller.abort();
  const timer = setTimeout(() => {
    passed = true;
    abort();
  }, seconds * 1000);
  outer.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    passed: () => passed,
    end: () => {
      clearTimeout(timer);
      outer.removeEventListener("abort", abort);
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseNonFinite(text);
  }
}

/** Servers in Python may answer with a bare `NaN` or `Infinity`. */
function parseNonFinite(text: string): unknown {
  try {
    return parseOfficialJson(text);
  } catch {
    return undefined;
  }
}

function callFailure(error: unknown, what: string, timeoutSeconds: number): RunFailure {
  if (error === TIMED_OUT) {
    return new RunFailure({
      class: "request_timeout",
      reason: `${what} had no complete answer within ${timeoutSeconds} s`,
      hint: "look with benchmark_logs at what the server did meanwhile",
    });
  }
  if (error instanceof errors.ResponseExceededMaxSizeError) {
    return new RunFailure({
      class: "bad_response",
      reason: `the answer to ${what} is longer than ${MAX_BODY_BYTES} bytes`,
      hint: "answer with the fields that were asked for only",
    });
  }
  const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
  return new RunFailure({
    class: "request_failed",
    reason: `the connection broke during ${what}${code}`,
    hint: "look with benchmark_logs at what the server did meanwhile",
  });
}

/** The failure for an answer other than 200, with the body that the official client hides. */
export function statusFailure(reply: Reply, what: string): RunFailure {
  return new RunFailure({
    class: "request_failed",
    reason: `${what} was answered with HTTP ${reply.status}`,
    hint: "the server's own words are in the root-cause lines; benchmark_logs has the rest",
    rootCauseLines: reply.excerpt.split("\n").slice(0, 20),
  });
}

/** The failure for an answer that lacks what the contract promises. */
export function contractFailure(reply: Reply, what: string, lacks: string): RunFailure {
  return new RunFailure({
    class: "bad_response",
    reason: `the answer to ${what} has no valid ${lacks}`,
    hint: "compare with what the starter stack's server answers to the same request",
    rootCauseLines: [reply.excerpt.slice(0, 500)],
  });
}
