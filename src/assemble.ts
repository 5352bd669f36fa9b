import { mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { type Challenge, loadChallenge } from "./challenge.ts";
import type { Config } from "./config.ts";
import { CollabError } from "./errors.ts";
import type { Hub } from "./hub/hub.ts";
import { openLocalHub } from "./hub/local/local-hub.ts";
import { type Log, registerSecret } from "./log.ts";
import { createLocalRunner } from "./runner/local-runner.ts";
import type { Identity, ToolContext } from "./tools/tool.ts";

/** What a process works with: the only place that knows which implementations stand behind the ports. */
export interface Assembly {
  /** A session's context: what the tools get. Each session has an identity of its own. */
  session(): ToolContext;
  readonly challenge: Challenge;
  close(): void;
}

export function assemble(config: Config, log: Log): Assembly {
  registerSecret(process.env.HF_TOKEN);
  const challenge = loadChallenge(config.challenge);
  makeDirectory(config.home);
  const hub = openHub(config, challenge);
  const runner = createLocalRunner({ home: config.home, challenge, log });
  const workspacesDir = config.workspace ?? join(config.home, "workspaces");
  return {
    challenge,
    session: () => {
      const identity: Identity = { agentId: config.agentId, fixed: config.agentId !== undefined };
      return {
        hub,
        runner,
        challenge,
        workspacesDir,
        identity,
        readOnly: config.readOnly,
        log,
        now: Date.now,
      };
    },
    close: () => hub.close(),
  };
}

function openHub({ hub, home }: Config, challenge: Challenge): Hub {
  if (/^[a-z]+:\/\//i.test(hub)) {
    throw new CollabError(
      "UNAVAILABLE",
      "this version has the embedded hub only, no remote one",
      "set COLLABS_HUB to local, or to a directory that several homes share",
    );
  }
  if (hub !== "local" && !isAbsolute(hub)) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `COLLABS_HUB "${hub}" is neither "local" nor an absolute directory`,
    );
  }
  const dir = join(hub === "local" ? join(home, "hub") : hub, challenge.id);
  makeDirectory(dir);
  return openLocalHub({ dir, challenge });
}

function makeDirectory(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch {
    throw new CollabError(
      "UNAVAILABLE",
      `the directory ${dir} cannot be made or written`,
      "set COLLABS_HOME to a directory of yours",
    );
  }
}
