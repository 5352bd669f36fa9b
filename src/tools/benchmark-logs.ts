import { z } from "zod";
import { count } from "./support/count.ts";
import { clean } from "./support/untrusted.ts";
import { answer, defineTool } from "./tool.ts";

const LINE_CHARACTERS = 240;

export const benchmarkLogs = defineTool({
  name: "benchmark_logs",
  toolset: "benchmarks",
  title: "A run's log",
  description:
    "Lines of a run's server or installer: after a failure the root-cause lines first, then the tail. Go on with `cursor`; `grep` keeps lines that hold a text.",
  input: z.strictObject({
    run: z.string().max(60),
    source: z.enum(["server", "install", "supervisor"]).default("server"),
    grep: z.string().max(200).optional().describe("Literal text, any case"),
    cursor: z.number().int().min(0).optional().describe("cursor of the answer before; without it, the tail"),
    limit: z.number().int().min(1).max(200).default(20).describe("Lines at most"),
  }),
  output: answer({
    state: z.string(),
    failure: z.string().optional(),
    hint: z.string().optional(),
    untrusted_root_cause: z.array(z.string()).optional(),
    untrusted_lines: z.array(z.string()),
    cursor: z.number(),
    finished: z.boolean(),
    log_bytes: z.number(),
  }),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  run: async ({ run: id, source, grep, cursor, limit }, { runner }) => {
    const [run, page] = await Promise.all([
      runner.run(id),
      runner.logs(id, { source, limit, ...(grep && { grep }), ...(cursor !== undefined && { cursor }) }),
    ]);
    const { failure } = run;
    return {
      summary: failure
        ? `${id} failed with ${failure.class}: ${failure.reason}`
        : `${count(page.lines.length, "line")} of the ${source} log of ${id} (${run.state}).`,
      state: run.state,
      failure: failure?.class,
      hint: failure?.hint,
      untrusted_root_cause: cursor === undefined && failure ? failure.rootCauseLines.map(line) : undefined,
      untrusted_lines: page.lines.map(line),
      cursor: page.cursor,
      finished: page.finished,
      log_bytes: page.sizeBytes,
      ...(!page.finished && {
        next: [
          {
            tool: "benchmark_logs",
            args: { run: id, source, cursor: page.cursor },
            why: "the lines that follow",
          },
        ],
      }),
    };
  },
});

const line = (text: string): string => {
  // Cleaned before it is cut: half a secret would be recognised no more.
  const safe = clean(text);
  return safe.length <= LINE_CHARACTERS
    ? safe
    : `${safe.slice(0, LINE_CHARACTERS)}… (${safe.length} characters)`;
};
