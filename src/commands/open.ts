import { type Assembly, assemble } from "../assemble.ts";
import { type Config, type Given, readConfig } from "../config.ts";
import { createLog, type Log } from "../log.ts";

export interface Opened {
  config: Config;
  assembly: Assembly;
  log: Log;
}

/** What a command needs of the house, from its flags and the environment. `quiet` keeps the log to warnings. */
export function open(given: Given, quiet = true): Opened {
  const { config } = readConfig(given);
  const log = createLog(quiet && config.logLevel === "info" ? "warn" : config.logLevel);
  return { config, assembly: assemble(config, log), log };
}
