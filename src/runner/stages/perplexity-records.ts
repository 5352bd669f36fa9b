import { z } from "zod";
import { checkedItem, type DataItem, invalidData } from "./challenge-data.ts";

/** Tokens of which the positions from `scoreStart` up to, not including, `scoreEnd` are scored. */
export interface PplRecord {
  id: string;
  promptTokenIds: number[];
  scoreStart: number;
  scoreEnd: number;
  /** What stands before the target, where the file keeps the two apart. */
  contextTokenIds: number[] | undefined;
}

const tokenIds = z.array(z.number().int().nonnegative());
const id = z.union([z.string(), z.number()]).optional();
const position = z.number().int().nonnegative().optional();

const splitSchema = z.looseObject({
  id,
  context_token_ids: tokenIds,
  target_token_ids: tokenIds.min(1, "must hold a token"),
});
const rangeSchema = z.looseObject({
  id,
  prompt_token_ids: tokenIds,
  score_token_start: position,
  target_start: position,
  score_start: position,
  score_token_end: position,
  target_end: position,
});
const isRange = z.looseObject({ prompt_token_ids: z.unknown() });

/** A record of either form (benchmark-protocol 3.1). INVALID_ARGUMENT where it leaves nothing to score. */
export function pplRecord(item: DataItem, index: number): PplRecord {
  const record =
    isRange.safeParse(item.value).data?.prompt_token_ids === undefined ? split(item) : range(item);
  const { promptTokenIds, scoreEnd } = record;
  // The first token of a prompt has no distribution before it.
  const scoreStart = Math.max(1, record.scoreStart);
  if (promptTokenIds.length < 2) {
    throw invalidData(`${item.where}: a record needs at least 2 tokens, it has ${promptTokenIds.length}`);
  }
  if (scoreEnd > promptTokenIds.length) {
    throw invalidData(
      `${item.where}: the score ends at ${scoreEnd}, behind its ${promptTokenIds.length} tokens`,
    );
  }
  if (scoreStart >= scoreEnd) {
    throw invalidData(
      `${item.where}: the score starts at ${scoreStart} and ends at ${scoreEnd}, which leaves no token`,
    );
  }
  return { ...record, id: String(record.id ?? index), scoreStart };
}

function split(item: DataItem) {
  const { id, context_token_ids: context, target_token_ids: target } = checkedItem(item, splitSchema);
  const promptTokenIds = [...context, ...target];
  return {
    id,
    promptTokenIds,
    scoreStart: context.length,
    scoreEnd: promptTokenIds.length,
    contextTokenIds: context,
  };
}

function range(item: DataItem) {
  const record = checkedItem(item, rangeSchema);
  return {
    id: record.id,
    promptTokenIds: record.prompt_token_ids,
    scoreStart: record.score_token_start ?? record.target_start ?? record.score_start ?? 1,
    scoreEnd: record.score_token_end ?? record.target_end ?? record.prompt_token_ids.length,
    contextTokenIds: undefined,
  };
}
