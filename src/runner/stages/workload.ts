import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import type { Challenge, Profile } from "../../challenge.ts";
import { RunFailure } from "../failure/run-failure.ts";
import { pythonRandom } from "../stats/python-random.ts";

/** What a run asks the server for: the prompts of its profile in official order, and the perplexity records. */
export interface Workload {
  prompts: Prompt[];
  records: PplRecord[];
  /** Of every record of the file, by id. */
  contexts: ReadonlyMap<string, readonly number[]>;
}

export interface Prompt {
  id: string;
  /** Position in the challenge's file. */
  datasetIndex: number;
  text: string;
}

const promptSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  conversations: z.array(z.looseObject({ value: z.string() })),
});

const tokenIds = z.array(z.number().int().nonnegative());
const pplRecordSchema = z.looseObject({
  id: z.union([z.string(), z.number()]),
  context_token_ids: tokenIds,
  target_token_ids: tokenIds.min(1),
});

export interface PplRecord {
  id: string;
  contextTokenIds: number[];
  targetTokenIds: number[];
}

/** Reads a challenge's data. RunFailure where the files do not hold what the profile needs. */
export async function loadWorkload(challenge: Challenge, profile: Profile): Promise<Workload> {
  const prompts = orderedPrompts(await promptFile(challenge), profile.seed);
  if (prompts.length < profile.num_prompts) {
    throw broken(`it has ${prompts.length} usable prompts, the profile wants ${profile.num_prompts}`);
  }
  const all = await pplFile(challenge);
  const records = all.slice(0, profile.ppl_records);
  if (records.length === 0) throw broken("its perplexity file has no records");
  return {
    prompts: prompts.slice(0, profile.num_prompts),
    records,
    contexts: new Map(all.map((record) => [record.id, record.contextTokenIds])),
  };
}

/** Items of two turns and more, in the order that Python's seeded shuffle gives (benchmark-protocol 2.2). */
function orderedPrompts(items: readonly z.infer<typeof promptSchema>[], seed: number): Prompt[] {
  const usable = items.flatMap((item, datasetIndex) => {
    const first = item.conversations[0];
    if (!first || item.conversations.length < 2 || first.value === "") return [];
    return [{ id: String(item.id ?? datasetIndex), datasetIndex, text: first.value }];
  });
  return pythonRandom(seed).shuffle(usable);
}

async function promptFile(challenge: Challenge) {
  return parsed(await text(challenge, challenge.prompts), z.array(promptSchema), challenge.prompts);
}

async function pplFile(challenge: Challenge): Promise<PplRecord[]> {
  const lines = (await text(challenge, challenge.perplexity))
    .split("\n")
    .filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const record = parsed(line, pplRecordSchema, challenge.perplexity);
    return {
      id: String(record.id),
      contextTokenIds: record.context_token_ids,
      targetTokenIds: record.target_token_ids,
    };
  });
}

async function text(challenge: Challenge, path: string): Promise<string> {
  try {
    return await readFile(resolve(challenge.dir, path), "utf8");
  } catch {
    throw broken(`its file ${path} cannot be read`);
  }
}

function parsed<T>(json: string, schema: z.ZodType<T>, file: string): T {
  try {
    const result = schema.safeParse(JSON.parse(json));
    if (result.success) return result.data;
  } catch {
    // Not JSON: said below.
  }
  throw broken(`its file ${file} is not of the form that benchmark-protocol 3.1 and 7 describe`);
}

const broken = (reason: string): RunFailure =>
  new RunFailure({
    class: "internal",
    reason: `the challenge cannot be run: ${reason}`,
    hint: "correct the challenge's files or choose another profile",
  });
