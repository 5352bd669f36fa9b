import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, statfsSync } from "node:fs";
import { assemble } from "../assemble.ts";
import { type Config, type Given, readConfig, SETTING_NAMES } from "../config.ts";
import { CollabError } from "../errors.ts";
import { createLog } from "../log.ts";

interface Check {
  name: string;
  ok: boolean;
  /** A failed check that only some uses need. */
  optional?: boolean;
  found: string;
  fix?: string;
}

/** Each check with the command that mends it; exit 1 where a needed one fails. */
export async function doctor(_operands: string[], given: Given): Promise<number> {
  const read = tryConfig(given);
  if ("failed" in read) return report([node(), npm(), read.failed], [], given);
  const { config, sources } = read;
  const checks = [
    node(),
    npm(),
    home(config),
    disk(config),
    await record(config),
    python(),
    gpu(),
    agent(config),
  ];
  const settings = SETTING_NAMES.map((name) => ({
    name,
    value: String(config[name] ?? "-"),
    source: sources.get(name),
  }));
  return report(checks, settings, given);
}

function tryConfig(given: Given): ReturnType<typeof readConfig> | { failed: Check } {
  try {
    return readConfig(given);
  } catch (error) {
    if (!(error instanceof CollabError)) throw error;
    return {
      failed: { name: "config", ok: false, found: error.message, fix: "correct or unset what is named here" },
    };
  }
}

interface Setting {
  name: string;
  value: string;
  source: string | undefined;
}

function report(checks: Check[], settings: Setting[], given: Given): number {
  const failed = checks.filter(({ ok, optional }) => !ok && !optional);
  if (given.flags.json) {
    process.stdout.write(`${JSON.stringify({ ok: failed.length === 0, checks, settings }, undefined, 2)}\n`);
  } else {
    const lines = [
      ...checks.map(
        ({ name, ok, optional, found, fix }) =>
          `${ok ? "ok  " : optional ? "note" : "FAIL"} ${name.padEnd(10)} ${found}${fix && !ok ? `\n                mend: ${fix}` : ""}`,
      ),
      "",
      ...settings.map(({ name, value, source }) => `     ${name.padEnd(10)} ${value}  (${source})`),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
  return failed.length === 0 ? 0 : 1;
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return {
    name: "node",
    ok: major > 20 || (major === 20 && minor >= 18),
    found: process.version,
    fix: "install Node.js 20.18 or newer",
  };
}

function npm(): Check {
  const version = output("npm", ["--version"]);
  return {
    name: "npm",
    ok: version !== undefined,
    found: version ?? "not found",
    fix: "install npm: stacks of the node runtime get their dependencies with it",
  };
}

function home({ home: dir }: Config): Check {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    return { name: "home", ok: true, found: dir };
  } catch {
    return {
      name: "home",
      ok: false,
      found: `${dir} cannot be written`,
      fix: "set COLLABS_HOME to a directory of yours",
    };
  }
}

const NEEDED_GB = 2;

function disk({ home: dir }: Config): Check {
  try {
    const { bavail, bsize } = statfsSync(dir);
    const free = (bavail * bsize) / 1e9;
    return {
      name: "disk",
      ok: free >= NEEDED_GB,
      found: `${free.toFixed(1)} GB free`,
      fix: `free ${NEEDED_GB} GB, or set COLLABS_HOME to a larger disk`,
    };
  } catch {
    return { name: "disk", ok: true, found: "unknown" };
  }
}

async function record(config: Config): Promise<Check> {
  try {
    const assembly = assemble(config, createLog("silent"));
    try {
      const { kind, agents, messages, results } = await assembly.session().hub.describe();
      return {
        name: "record",
        ok: true,
        found: `${kind}, ${assembly.challenge.id}: ${agents} agents, ${messages} messages, ${results} results`,
      };
    } finally {
      assembly.close();
    }
  } catch (error) {
    return {
      name: "record",
      ok: false,
      found: String(error),
      fix: "check COLLABS_HOME, COLLABS_HUB and COLLABS_CHALLENGE",
    };
  }
}

function python(): Check {
  const version = output("python3", ["--version"]);
  return {
    name: "python",
    ok: version !== undefined,
    optional: true,
    found: version ?? "not found: stacks of the python runtime cannot run",
    fix: "install Python 3.11 or newer with venv",
  };
}

function gpu(): Check {
  const names = output("nvidia-smi", [
    "--query-gpu=name,memory.total,driver_version",
    "--format=csv,noheader",
  ]);
  return {
    name: "gpu",
    ok: names !== undefined,
    optional: true,
    found: names?.replaceAll("\n", "; ") ?? "none: runs use the CPU",
  };
}

function agent(config: Config): Check {
  return config.agentId === undefined
    ? {
        name: "agent",
        ok: false,
        optional: true,
        found: "no COLLABS_AGENT_ID: a session takes its id from agent_register",
        fix: "export COLLABS_AGENT_ID=your-id",
      }
    : { name: "agent", ok: true, found: config.agentId };
}

function output(command: string, args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: 10_000,
    shell: process.platform === "win32",
  });
  return status === 0 ? stdout.trim() : undefined;
}
