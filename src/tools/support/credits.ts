import { CollabError } from "../../errors.ts";
import type { ToolContext } from "../tool.ts";
import { nearest } from "./input.ts";

const CREDIT = /^@([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)(?:[\s:,-]+(.*))?$/s;

/**
 * The credits of a result as `@handle: what they gave`: those the agent named, then everyone owed who was not named.
 * A handle that nobody has is refused, because a credit that reaches no one is none.
 */
export async function creditLines(
  named: string[],
  owed: ReadonlyMap<string, string>,
  self: string,
  { hub }: ToolContext,
): Promise<string[]> {
  const lines = new Map<string, string>();
  for (const line of named) {
    const match = CREDIT.exec(line.trim());
    const handle = match?.[1];
    if (!handle) {
      throw new CollabError(
        "INVALID_ARGUMENT",
        `credits: ${JSON.stringify(line.slice(0, 80))} does not begin with an @handle`,
        'result_submit with credits such as ["@bob: the cache idea"]',
      );
    }
    if (!handle.startsWith("human-") && !(await hub.agent(handle))) {
      const { items } = await hub.agents({ limit: 1000 });
      const near = nearest(
        handle,
        items.map(({ id }) => id),
      );
      throw new CollabError(
        "NOT_FOUND",
        `credits: nobody here is called @${handle}${near ? `, did you mean @${near}?` : ""}`,
        "agents_find {} lists everyone",
      );
    }
    if (handle !== self) lines.set(handle, `@${handle}: ${match[2]?.trim() || "credited by the author"}`);
  }
  for (const [handle, what] of owed) {
    if (handle !== self && !lines.has(handle)) lines.set(handle, `@${handle}: ${what}`);
  }
  return [...lines.values()];
}
