import { z } from "zod";
import type { StackDiff } from "../../runner/stack/diff.ts";

/** A manifest value before and after, as JSON; absent where there is none. */
export const valueChangeSchema = z.strictObject({
  path: z.string(),
  before: z.string().optional(),
  after: z.string().optional(),
});

export const valueChanges = (values: StackDiff["values"]): z.input<typeof valueChangeSchema>[] =>
  values.map(({ path, before, after }) => ({
    path,
    before: JSON.stringify(before),
    after: JSON.stringify(after),
  }));
