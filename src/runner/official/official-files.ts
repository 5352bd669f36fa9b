import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CollabError } from "../../errors.ts";
import { parseOfficialJson } from "./official-json.ts";

/** The files of an official run directory, one launch each (benchmark-protocol 1.7). Unknown keys are kept out of the way. */
export const OFFICIAL = {
  benchmark: "benchmark.jsonl",
  decode: "decode_outputs.jsonl",
  decodeSummary: "decode_summary.json",
  ppl: "ppl_results.jsonl",
  pplSummary: "ppl_summary.json",
  summary: "summary.json",
  server: "server.json",
  environment: "run_environment.json",
} as const;

const SIZE_LIMIT = 256 * 1024 * 1024;

export const benchmarkLineSchema = z.looseObject({
  duration: z.number().positive(),
  completed: z.number(),
  input_lens: z.array(z.number()),
  output_lens: z.array(z.number()),
  ttfts: z.array(z.number()),
  errors: z.array(z.string()),
});

export const pplRowSchema = z.looseObject({
  neg_log_likelihood: z.number(),
  num_tokens: z.number().int().positive(),
});

export const decodeRowSchema = z.looseObject({
  completion_token_ids: z.array(z.number().int().nonnegative()),
  completion_token_sha256: z.string().optional(),
});

/** Any summary file: only its numbers are looked at. */
export const officialSummarySchema = z.record(z.string(), z.unknown());

/** One JSON file of a run directory; undefined where it is absent, INVALID_ARGUMENT where it is broken. */
export async function readOfficial<T>(
  dir: string,
  name: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const text = await readText(dir, name);
  return text === undefined ? undefined : parsed(text, schema, name);
}

/** The rows of a `.jsonl`, empty lines left out; undefined where the file is absent. */
export async function readOfficialLines<T>(
  dir: string,
  name: string,
  schema: z.ZodType<T>,
): Promise<T[] | undefined> {
  const text = await readText(dir, name);
  return text
    ?.split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, index) => parsed(line, schema, `${name} line ${index + 1}`));
}

function parsed<T>(text: string, schema: z.ZodType<T>, where: string): T {
  let json: unknown;
  try {
    json = parseOfficialJson(text);
  } catch {
    throw new CollabError("INVALID_ARGUMENT", `${where} is not JSON`, "pass a directory that a run wrote");
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new CollabError("INVALID_ARGUMENT", `${where}: ${z.prettifyError(result.error)}`);
}

async function readText(dir: string, name: string): Promise<string | undefined> {
  const path = join(dir, name);
  const size = await stat(path).then(
    (file) => file.size,
    () => undefined,
  );
  if (size === undefined) return undefined;
  if (size > SIZE_LIMIT) {
    throw new CollabError("QUOTA_EXCEEDED", `${path} has ${size} bytes, over the limit of ${SIZE_LIMIT}`);
  }
  return readFile(path, "utf8");
}
