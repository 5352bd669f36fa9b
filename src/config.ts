import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import envPaths from "env-paths";
import { z } from "zod";
import { CollabError } from "./errors.ts";
import { agentIdSchema } from "./hub/record/entries.ts";
import { TOOLSETS } from "./tools/tool.ts";

/**
 * Every setting there is: flags over environment over file over defaults. One table says what each is called in each
 * of these places, so that help, documentation and `doctor` cannot disagree with what is read.
 */
const flag = z
  .union([z.boolean(), z.enum(["1", "0", "true", "false", "yes", "no", ""])])
  .transform((value) => (typeof value === "boolean" ? value : ["1", "true", "yes"].includes(value)));
const list = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (Array.isArray(value) ? value : value.split(",")).map((one) => one.trim()).filter(Boolean),
  );
const path = z.string().min(1).transform(absolute);

export const SETTINGS = {
  home: {
    env: "COLLABS_HOME",
    schema: path,
    fallback: () => envPaths("agent-collabs", { suffix: "" }).data,
    help: "Where record, runs, environments and models are kept",
  },
  agentId: {
    env: "COLLABS_AGENT_ID",
    schema: agentIdSchema.optional(),
    fallback: () => undefined,
    help: "Act as this agent, and as no other",
  },
  hub: {
    env: "COLLABS_HUB",
    schema: z.string().min(1),
    fallback: () => "local",
    help: "The shared record: `local`, or a directory that several homes share",
  },
  challenge: {
    env: "COLLABS_CHALLENGE",
    schema: z.string().min(1),
    fallback: () => "tiny-gemma",
    help: "A shipped challenge, or the path of a challenge.json",
  },
  workspace: {
    env: "COLLABS_WORKSPACE",
    schema: path.optional(),
    fallback: () => undefined,
    help: "Where forks are put; default: workspaces/ in the home",
  },
  toolsets: {
    env: "COLLABS_TOOLSETS",
    schema: list.pipe(z.array(z.enum(TOOLSETS)).min(1)),
    fallback: () => [...TOOLSETS],
    help: `Tools to offer, a comma list of ${TOOLSETS.join(", ")}`,
  },
  readOnly: {
    env: "COLLABS_READ_ONLY",
    schema: flag,
    fallback: () => false,
    help: "Offer only tools that write nothing",
  },
  logLevel: {
    env: "COLLABS_LOG_LEVEL",
    schema: z.enum(["trace", "debug", "info", "warn", "error", "silent"]),
    fallback: () => "info" as const,
    help: "How much to log, as JSON on stderr",
  },
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Config = z.output<typeof configSchema>;
export type Source = "flag" | "environment" | "file" | "default";

export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS).filter(
  (name): name is SettingName => name in SETTINGS,
);

/** `--read-only` for `readOnly`. */
export const flagName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const configSchema = z.strictObject({
  home: SETTINGS.home.schema,
  agentId: SETTINGS.agentId.schema,
  hub: SETTINGS.hub.schema,
  challenge: SETTINGS.challenge.schema,
  workspace: SETTINGS.workspace.schema,
  toolsets: SETTINGS.toolsets.schema,
  readOnly: SETTINGS.readOnly.schema,
  logLevel: SETTINGS.logLevel.schema,
});

export interface Given {
  /** By setting name. */
  flags: Partial<Record<string, string | boolean>>;
  env: NodeJS.ProcessEnv;
}

/** The settings in force and where each came from. INVALID_ARGUMENT names the place of a bad one. */
export function readConfig({ flags, env }: Given): { config: Config; sources: Map<SettingName, Source> } {
  const file = readFile(env.COLLABS_CONFIG);
  const raw: Record<string, unknown> = {};
  const sources = new Map<SettingName, Source>();
  for (const name of SETTING_NAMES) {
    const { env: variable, fallback } = SETTINGS[name];
    const [source, value]: [Source, unknown] =
      flags[name] !== undefined
        ? ["flag", flags[name]]
        : env[variable]
          ? ["environment", env[variable]]
          : file[name] !== undefined
            ? ["file", file[name]]
            : ["default", fallback()];
    sources.set(name, source);
    raw[name] = value;
  }
  const parsed = configSchema.safeParse(raw);
  if (parsed.success) return { config: parsed.data, sources };
  const problems = parsed.error.issues.map((issue) => {
    const name = SETTING_NAMES.find((one) => one === issue.path[0]);
    return name ? `${placeOf(name, sources.get(name))}: ${issue.message}` : issue.message;
  });
  throw new CollabError(
    "INVALID_ARGUMENT",
    problems.join("; "),
    "agent-collabs-mcp doctor shows every setting and its source",
  );
}

function placeOf(name: SettingName, source: Source | undefined): string {
  if (source === "flag") return `--${flagName(name)}`;
  return source === "environment" ? SETTINGS[name].env : `${name} in the configuration file`;
}

/** The file that COLLABS_CONFIG names, else `config.json` in the platform's configuration directory. */
function readFile(named: string | undefined): Record<string, unknown> {
  const file = named ?? join(envPaths("agent-collabs", { suffix: "" }).config, "config.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (named === undefined) return {};
    throw new CollabError(
      "NOT_FOUND",
      `COLLABS_CONFIG names ${file}, which cannot be read`,
      error instanceof Error ? "check the path" : undefined,
    );
  }
  const parsed = z
    .string()
    .transform((value, context) => {
      try {
        return JSON.parse(value);
      } catch {
        context.addIssue("is not JSON");
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), z.unknown()))
    .safeParse(text);
  if (!parsed.success) throw new CollabError("INVALID_ARGUMENT", `${file}: ${z.prettifyError(parsed.error)}`);
  const unknown = Object.keys(parsed.data).filter((name) => !SETTING_NAMES.some((known) => known === name));
  if (unknown.length > 0) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `${file}: unknown settings ${unknown.join(", ")}`,
      `use ${SETTING_NAMES.join(", ")}`,
    );
  }
  return parsed.data;
}

function absolute(value: string): string {
  const expanded = value === "~" || value.startsWith("~/") ? join(homedir(), value.slice(1)) : value;
  return isAbsolute(expanded) ? expanded : resolve(expanded);
}
