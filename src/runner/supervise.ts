/** The program of a run's own process: `supervise RUN_DIRECTORY`. Its standard error is the run's supervisor.log. */
import { createLog } from "../log.ts";
import { supervise } from "./run/supervisor.ts";

const log = createLog("info");
const [dir] = process.argv.slice(2);
try {
  if (dir === undefined) throw new Error("the directory of a run is missing");
  await supervise(dir, log);
  process.exit(0);
} catch (error) {
  log.fatal({ err: error }, "the supervisor could not do its work");
  process.exit(1);
}
