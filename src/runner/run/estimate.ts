import type { Stage } from "../runner.ts";

/** Perplexity takes about this share of the throughput pass: it reads prompts and writes one token (1.5, 8.5). */
const PPL_SHARE = 0.2;

/**
 * Seconds until a run ends, from its own pace: the running stage at its present speed, the coming ones as long as in
 * an earlier launch, else in proportion to the throughput pass. Null while nothing is known.
 */
export function secondsLeft(stages: readonly Stage[], elapsedInStage: number): number | null {
  const lengths = new Map(
    stages.flatMap((stage) => (stage.durationSeconds === null ? [] : [[stage.name, stage.durationSeconds]])),
  );
  const running = stages.find((stage) => stage.state === "running");
  let left = 0;
  if (running) {
    const length = expected(running, elapsedInStage, lengths);
    if (length === undefined) return null;
    left += Math.max(0, length - elapsedInStage);
    if (running.name !== "environment") lengths.set(running.name, length);
  }
  for (const stage of stages.filter((one) => one.state === "waiting")) {
    const length = lengths.get(stage.name) ?? proportional(stage, lengths);
    if (length === undefined) return null;
    left += length;
  }
  return left;
}

function expected(stage: Stage, elapsed: number, lengths: Map<string, number>): number | undefined {
  if (stage.done > 0 && stage.total > 0) return (elapsed / stage.done) * stage.total;
  return lengths.get(stage.name) ?? proportional(stage, lengths);
}

function proportional(stage: Stage, lengths: Map<string, number>): number | undefined {
  const throughput = lengths.get("throughput");
  if (throughput === undefined) return undefined;
  if (stage.name === "decode") return throughput;
  return stage.name === "perplexity" ? throughput * PPL_SHARE : undefined;
}
