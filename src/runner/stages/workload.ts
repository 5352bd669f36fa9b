import { z } from "zod";
import type { Challenge, Profile } from "../../challenge.ts";
import { pythonRandom } from "../stats/python-random.ts";
import { checkedItem, type DataItem, invalidData, readChallengeData } from "./challenge-data.ts";
import { type PplRecord, pplRecord } from "./perplexity-records.ts";

/** What a run asks the server for: the prompts of its profile in official order, and the perplexity records. */
export interface Workload {
  prompts: Prompt[];
  records: PplRecord[];
  /** Of every record of the file that has one, by id. */
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

/** Reads a challenge's data. INVALID_ARGUMENT where the files do not hold what the profile needs. */
export async function loadWorkload(challenge: Challenge, profile: Profile): Promise<Workload> {
  const prompts = orderedPrompts(await readChallengeData(challenge, challenge.prompts), profile.seed);
  if (prompts.length < profile.num_prompts) {
    throw invalidData(
      `${challenge.prompts} has ${prompts.length} usable prompts, and the profile's num_prompts is ${profile.num_prompts}`,
    );
  }
  const all = (await readChallengeData(challenge, challenge.perplexity)).map(pplRecord);
  const records = all.slice(0, profile.ppl_records);
  if (records.length === 0) throw invalidData(`${challenge.perplexity} has no records`);
  return {
    prompts: prompts.slice(0, profile.num_prompts),
    records,
    contexts: new Map(
      all.flatMap(({ id, contextTokenIds }) => (contextTokenIds ? [[id, contextTokenIds]] : [])),
    ),
  };
}

/** Items of two turns and more, in the order that Python's seeded shuffle gives (benchmark-protocol 2.2). */
function orderedPrompts(items: readonly DataItem[], seed: number): Prompt[] {
  const usable = items.flatMap((entry, datasetIndex) => {
    const item = checkedItem(entry, promptSchema);
    const first = item.conversations[0];
    if (!first || item.conversations.length < 2 || first.value === "") return [];
    return [{ id: String(item.id ?? datasetIndex), datasetIndex, text: first.value }];
  });
  return pythonRandom(seed).shuffle(usable);
}
