#!/usr/bin/env node
import { parseArgs } from "node:util";
import { flagName, type Given, SETTINGS } from "./config.ts";
import { CollabError } from "./errors.ts";
import { packageVersion } from "./paths.ts";

/** argv -> a command; with no command: MCP over stdio. Commands are loaded when called, for a quick start. */
interface Command {
  usage: string;
  /** How many operands it takes at the most. */
  operands: number;
  help: string;
  load(): Promise<(operands: string[], given: Given) => Promise<number>>;
}

const COMMANDS: Record<string, Command> = {
  serve: {
    usage: "serve",
    operands: 0,
    help: "MCP over stdio (also what no command does)",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  demo: {
    usage: "demo",
    operands: 0,
    help: "The whole loop as a narrated session, in a record of its own",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
  tools: {
    usage: "tools [--json]",
    operands: 0,
    help: "The tools, as a table or as MCP shows them",
    load: async () => (await import("./commands/tools.ts")).tools,
  },
  call: {
    usage: "call NAME [JSON]",
    operands: 2,
    help: "Call a tool; its structured answer goes to stdout (exit 1: the tool refused, 2: usage)",
    load: async () => (await import("./commands/call.ts")).call,
  },
  bench: {
    usage: "bench DIR [--profile NAME] [--launches N] [--json]",
    operands: 1,
    help: "Benchmark the stack in a directory, with a progress bar a stage",
    load: async () => (await import("./commands/bench.ts")).bench,
  },
  analyze: {
    usage: "analyze RUNDIR [--json]",
    operands: 1,
    help: "Recompute a run's numbers from its raw files, and say what is missing or inconsistent",
    load: async () => (await import("./commands/analyze.ts")).analyze,
  },
  doctor: {
    usage: "doctor [--json]",
    operands: 0,
    help: "Check this machine and the configuration; each failure with the command that mends it",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
};

const FLAGS = {
  ...Object.fromEntries(
    Object.keys(SETTINGS).map((name) => [
      flagName(name),
      { type: name === "readOnly" ? ("boolean" as const) : ("string" as const) },
    ]),
  ),
  json: { type: "boolean" },
  profile: { type: "string" },
  launches: { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

function help(): string {
  const rows = [
    ...Object.values(COMMANDS).map(({ usage, help }) => [usage, help]),
    ["", ""],
    ...Object.entries(SETTINGS).map(([name, { env, help }]) => [`--${flagName(name)}`, `${help} (${env})`]),
  ];
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return [
    `agent-collabs-mcp ${packageVersion}: agents work together on one measurable goal, over MCP`,
    "",
    "Usage: agent-collabs-mcp [command] [flags]   (short: collabs)",
    "",
    ...rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()),
    "",
  ].join("\n");
}

async function main(argv: string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return misuse(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) return print(help());
  if (values.version) return print(`${packageVersion}\n`);
  const [name = "serve", ...operands] = positionals;
  const command = COMMANDS[name];
  if (!command) return misuse(`there is no command "${name}"`);
  if (operands.length > command.operands)
    return misuse(`unexpected "${operands[command.operands]}"; usage: ${command.usage}`);
  const byFlag = new Map(Object.entries(values));
  const flags: Given["flags"] = {};
  for (const setting of [...Object.keys(SETTINGS), "json", "profile", "launches"]) {
    const value = byFlag.get(flagName(setting));
    if (value !== undefined) flags[setting] = value;
  }
  try {
    return await (await command.load())(operands, { flags, env: process.env });
  } catch (error) {
    if (!(error instanceof CollabError)) throw error;
    process.stderr.write(`${error}\n`);
    return error.code === "INVALID_ARGUMENT" ? 2 : 1;
  }
}

const parse = (args: string[]) => parseArgs({ args, options: FLAGS, allowPositionals: true });

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function misuse(message: string): number {
  process.stderr.write(`${message}\nagent-collabs-mcp --help lists commands and flags.\n`);
  return 2;
}

// `collabs tools | head` closes our output early; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
