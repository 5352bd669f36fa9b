import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog } from "../../../src/log.ts";
import { packageRoot } from "../../../src/paths.ts";
import { createLocalRunner } from "../../../src/runner/local-runner.ts";
import { OFFICIAL } from "../../../src/runner/official/official-files.ts";
import type { Run } from "../../../src/runner/runner.ts";
import { makeToy, type Toy } from "../support/toy-run.ts";

let toy: Toy;
let run: Run;
beforeAll(async () => {
  toy = makeToy();
  const challenge = {
    ...toy.challenge,
    prompts: join(toy.challenge.dir, "prompts.json"),
    perplexity: join(toy.challenge.dir, "perplexity.jsonl"),
  };
  const runner = createLocalRunner({
    home: toy.home,
    challenge,
    log: createLog("silent"),
    graceSeconds: 0.5,
  });
  const stackDir = toy.stack("good");
  run = await toy.ended(
    await runner.start({ agentId: "ada", stackDir, stackName: "good", ancestors: [], profile: "brisk" }),
  );
});
afterAll(() => toy.remove());

const ours = (name: string) => readFileSync(join(run.dir, "launch-1", name), "utf8");

describe("the official files of a run", () => {
  it("count prompts as raw texts, without special tokens", () => {
    expect(run.state).toBe("completed");
    expect(ours(OFFICIAL.benchmark)).toContain(`"input_lens": [30, 30, 30, 30],`);
    expect(ours(OFFICIAL.benchmark)).toContain(`"total_input_tokens": 120,`);
  });

  it("do not tell where the challenge's data lies", () => {
    for (const name of Object.values(OFFICIAL)) expect(ours(name), name).not.toContain(toy.dir);
    expect(ours(OFFICIAL.decodeSummary)).toContain(`"dataset_path": "prompts.json"`);
    expect(ours(OFFICIAL.pplSummary)).toContain(`"dataset_path": "perplexity.jsonl"`);
  });

  it("keep letters beyond ASCII in the rows of decoded texts only", () => {
    for (const name of Object.values(OFFICIAL)) {
      expect(/[^\n -~]/.test(ours(name)), name).toBe(name === OFFICIAL.decode);
    }
  });
});

const real = join(packageRoot, "..", "shared", "data", "gemma-challenge", "runs", "qatct-k7-run1");

describe.skipIf(!existsSync(real))("beside a real run's (skipped without ../shared)", () => {
  it.each(Object.values(OFFICIAL))("%s has the same keys, with values of the same kind", (name) => {
    const theirs = kinds(readFileSync(join(real, name), "utf8"), name);
    expect(Object.keys(theirs).length).toBeGreaterThan(3);
    expect(kinds(ours(name), name)).toEqual(theirs);
  });

  it("benchmark.jsonl has them in the same order", () => {
    const order = (text: string) => Object.keys(tagged(text.trim().split("\n").at(-1) ?? ""));
    expect(order(ours(OFFICIAL.benchmark))).toEqual(
      order(readFileSync(join(real, OFFICIAL.benchmark), "utf8")),
    );
  });
});

/** What another machine, another stack or a newer harness fills differently. */
const FREE = /^(?:evals|manifest|token_id_sources)(?:\.|$)/;
const NULL_HERE = /(?:^|\.)(?:job_id|script|bench_venv|server_venv)$/;

function kinds(text: string, name: string): Record<string, string> {
  const found: Record<string, string> = {};
  const look = (value: unknown, path: string): void => {
    if (FREE.test(path)) return;
    if (Array.isArray(value)) {
      // Lists of a challenge's texts and of dependencies may be empty: their first member stands for all.
      found[path] = path.endsWith("dependencies") ? "list" : `list of ${kindOf(value[0])}`;
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) look(item, path === "" ? key : `${path}.${key}`);
    } else {
      found[path] = NULL_HERE.test(path) ? "null here" : kindOf(value);
    }
  };
  look(tagged(name.endsWith(".jsonl") ? (text.trim().split("\n").at(-1) ?? "") : text), "");
  return found;
}

const kindOf = (value: unknown): string =>
  value === "<int>" || value === "<float>"
    ? value
    : value === null
      ? "null"
      : Array.isArray(value)
        ? "list"
        : typeof value;

/** Python's JSON with each number replaced by whether it is written as an int or a float. */
const tagged = (text: string): Record<string, unknown> =>
  JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.e+-]*|Infinity/g, (token) =>
      token.startsWith('"') ? token : /^-?\d+$/.test(token) ? '"<int>"' : '"<float>"',
    ),
  );
