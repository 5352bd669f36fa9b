import type { Profile } from "../../challenge.ts";
import type { Progress } from "../runner.ts";
import type { ServerClient } from "./server-client.ts";
import type { Workload } from "./workload.ts";

/** What the stages that speak to a running server share. */
export interface ServerStage {
  client: ServerClient;
  origin: string;
  /** The `model` of every request. */
  modelName: string;
  profile: Profile;
  workload: Workload;
  /** The launch's official state directory. */
  dir: string;
  /** Aborted, with the reason to throw, by a cancel or by the death of the server. */
  signal: AbortSignal;
  progress: Progress;
}
