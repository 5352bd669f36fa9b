import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Challenge, loadChallenge } from "../../../src/challenge.ts";
import { createLog } from "../../../src/log.ts";
import { packageRoot } from "../../../src/paths.ts";
import { createLocalRunner } from "../../../src/runner/local-runner.ts";
import { ENDED, type Run, type Runner, type StartRequest } from "../../../src/runner/runner.ts";

/** A home with a small challenge, and stacks whose servers are the fixtures. */
export interface Toy {
  dir: string;
  home: string;
  challenge: Challenge;
  runner: Runner;
  stack(server: string, manifest?: Record<string, unknown>): string;
  start(server: string, manifest?: Record<string, unknown>, request?: Partial<StartRequest>): Promise<Run>;
  /** Starts a run and waits for its end. */
  finish(server: string, manifest?: Record<string, unknown>, request?: Partial<StartRequest>): Promise<Run>;
  ended(run: Run): Promise<Run>;
  /** Ends what is left over and removes the directory. */
  remove(): Promise<void>;
}

const servers = join(packageRoot, "test", "fixtures", "servers");

const CHALLENGE = {
  id: "toy",
  title: "Toy",
  summary: "Serve a toy model fast.",
  rules: [],
  score: { field: "tps", unit: "tok/s", order: "desc" },
  guard: { field: "ppl", cap: 400 },
  prompts: "prompts.json",
  perplexity: "perplexity.jsonl",
  profiles: {
    official: {
      official: true,
      num_prompts: 4,
      output_len: 16,
      startup_timeout_seconds: 10,
      request_timeout_seconds: 5,
    },
    brisk: {
      official: false,
      num_prompts: 4,
      output_len: 16,
      warmup_requests: 0,
      startup_timeout_seconds: 10,
      request_timeout_seconds: 5,
    },
    single: {
      official: false,
      num_prompts: 1,
      output_len: 8,
      warmup_requests: 0,
      ppl_records: 1,
      startup_timeout_seconds: 10,
      request_timeout_seconds: 5,
    },
    hasty: {
      official: false,
      num_prompts: 2,
      output_len: 8,
      warmup_requests: 0,
      startup_timeout_seconds: 2,
      request_timeout_seconds: 1,
    },
  },
};

export function makeToy(options: { now?: () => number } = {}): Toy {
  const dir = mkdtempSync(join(tmpdir(), "toy-run-"));
  const home = join(dir, "home");
  const challengeDir = join(dir, "challenge");
  mkdirSync(challengeDir);
  writeFileSync(join(challengeDir, "challenge.json"), JSON.stringify(CHALLENGE));
  writeFileSync(join(challengeDir, "prompts.json"), JSON.stringify(prompts()));
  writeFileSync(join(challengeDir, "perplexity.jsonl"), records());
  const challenge = loadChallenge(challengeDir);
  const runner = createLocalRunner({
    home,
    challenge,
    log: createLog("silent"),
    graceSeconds: 0.5,
    ...options,
  });
  let stacks = 0;

  const stack = (server: string, manifest: Record<string, unknown> = {}): string => {
    const path = join(dir, `stack-${++stacks}`);
    mkdirSync(path);
    for (const name of [`${server}.mjs`, "toy-lm.mjs", "good.mjs"]) {
      copyFileSync(join(servers, name), join(path, name));
    }
    const whole = {
      runtime: "node",
      serve: ["node", `${server}.mjs`],
      served_model_name: "toy",
      ...manifest,
    };
    writeFileSync(join(path, "manifest.json"), JSON.stringify(whole));
    return path;
  };
  const start: Toy["start"] = (server, manifest, request) =>
    runner.start({
      agentId: "ada",
      stackDir: stack(server, manifest),
      stackName: server,
      ancestors: [],
      ...request,
    });
  const ended = async (run: Run): Promise<Run> => {
    const signal = AbortSignal.timeout(25_000);
    let current = run;
    while (!ENDED.includes(current.state)) {
      signal.throwIfAborted();
      current = await runner.changed(current, signal);
    }
    return current;
  };
  return {
    dir,
    home,
    challenge,
    runner,
    stack,
    start,
    ended,
    finish: async (...request) => ended(await start(...request)),
    remove: async () => {
      for (const run of await runner.runs({ state: ["queued", "running"] })) await runner.cancel(run.id);
      // A supervisor that has just written its last state may still be releasing its locks.
      for (let look = 0; look < 100 && processesBelow(dir, { supervisors: true }).length > 0; look++) {
        await sleep(20);
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function prompts() {
  return Array.from({ length: 5 }, (_, i) => ({
    id: `p${i}`,
    conversations: [
      { from: "human", value: `Question ${i} about the toy model` },
      { from: "gpt", value: "ok" },
    ],
  }));
}

function records(): string {
  return Array.from({ length: 3 }, (_, i) =>
    JSON.stringify({
      id: `p${i}`,
      context_token_ids: [1, 5 + i, 9, 100, 45518, 107, 101],
      target_token_ids: [250, 40 + i, 3, 77],
    }),
  ).join("\n");
}

/** Ids of living processes that name a directory in command line or environment; their run's supervisor on request. */
export function processesBelow(dir: string, { supervisors = false } = {}): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const environ = readFileSync(`/proc/${name}/environ`, "latin1");
      const command = readFileSync(`/proc/${name}/cmdline`, "latin1");
      if (command.includes("supervise.js") && !supervisors) return [];
      return command.includes(dir) || environ.includes(dir) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
