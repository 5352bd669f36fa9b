import { expect, it } from "vitest";
import { secondsLeft } from "../../../src/runner/run/estimate.ts";
import { waitingStages } from "../../../src/runner/run/waiting-stages.ts";
import type { Stage } from "../../../src/runner/runner.ts";

/** The stages of a run, with the fields of the first ones replaced. */
const stages = (launches: number, ...first: Partial<Stage>[]): Stage[] =>
  waitingStages(launches).map((stage, index) => ({ ...stage, ...first[index] }));
const done = (durationSeconds: number): Partial<Stage> => ({ state: "done", durationSeconds });

it("knows nothing before anything was measured", () => {
  expect(secondsLeft(stages(1), 0)).toBeNull();
  expect(secondsLeft(stages(1, done(1), { state: "running" }), 3)).toBeNull();
});

it("goes on at the running stage's pace, and expects the decode pass to take as long", () => {
  const running: Partial<Stage> = { state: "running", done: 4, total: 16 };
  // 30 s left of 40 s, then 40 s and a fifth of it.
  expect(secondsLeft(stages(1, done(1), done(5), running), 10)).toBeCloseTo(30 + 40 + 8);
});

it("takes later launches to be as long as the first", () => {
  const first = [done(1), done(5), done(40), done(40), done(7)];
  const running: Partial<Stage> = { state: "running" };
  expect(secondsLeft(stages(2, ...first, running), 2)).toBeCloseTo(3 + 40 + 40 + 7);
});

it("is zero where nothing is left", () => {
  expect(secondsLeft(stages(1, done(1), done(5), done(40), done(40), done(7)), 0)).toBe(0);
});
