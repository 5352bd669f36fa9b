import { z } from "zod";
import type { StackDiff } from "../../runner/stack/diff.ts";

const SHOWN_CHARACTERS = 300;
const MOST_CHANGES = 50;

const shown = (value: unknown): string | undefined => {
  const text = JSON.stringify(value);
  return text === undefined || text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
};

/** A manifest value before and after, as JSON, long ones cut; absent where there is none. */
export const valueChangeSchema = z.strictObject({
  path: z.string(),
  before: z.string().optional(),
  after: z.string().optional(),
});

export const valueChanges = (values: StackDiff["values"]): z.input<typeof valueChangeSchema>[] =>
  values.slice(0, MOST_CHANGES).map(({ path, before, after }) => ({
    path: path.slice(0, 200),
    before: shown(before),
    after: shown(after),
  }));
