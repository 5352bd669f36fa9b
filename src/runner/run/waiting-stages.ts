import type { Stage, StageName } from "../runner.ts";

/** The stages of a run that has not begun: the environment once, the others for each launch. */
export function waitingStages(launches: number): Stage[] {
  const waiting = (name: StageName, launch: number): Stage => ({
    name,
    launch,
    state: "waiting",
    done: 0,
    total: 0,
    note: "",
    durationSeconds: null,
  });
  const perLaunch: StageName[] = ["launch", "throughput", "decode", "perplexity"];
  return [
    waiting("environment", 0),
    ...Array.from({ length: launches }, (_, index) =>
      perLaunch.map((name) => waiting(name, index + 1)),
    ).flat(),
  ];
}
