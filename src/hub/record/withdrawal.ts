import type { Message } from "./entries.ts";
import { authorOfFilename } from "./stamps.ts";

/**
 * Taking back one's own result. The protocol has no such operation and results are immutable, so it is a message that
 * anyone can read and any server passes on: `type: withdrawal`, `refs` naming the result alone, and a body that ends
 * in this block:
 *
 *     WITHDRAWN: 20260612-134507-042_ada.md
 *     REASON: why, over one line or several, to the end of the message
 *
 * It has effect only where its author is the result's author. The first one counts.
 */
export const WITHDRAWAL_TYPE = "withdrawal";
export const REASON_CHARACTERS = 2000;
const BLOCK = /^WITHDRAWN: (\S+\.md)\r?\nREASON: ([\s\S]+)$/m;

export interface Withdrawal {
  result: string;
  reason: string;
}

export const withdrawalBody = ({ result, reason }: Withdrawal): string =>
  `I take back my result.\n\nWITHDRAWN: ${result}\nREASON: ${reason.trim()}`;

/** The withdrawal that a message declares and may declare; undefined for any other message. */
export function withdrawalIn(
  message: Pick<Message, "author" | "type" | "refs" | "body">,
): Withdrawal | undefined {
  if (message.type !== WITHDRAWAL_TYPE) return undefined;
  const [, result, reason = ""] = BLOCK.exec(message.body) ?? [];
  if (result === undefined || reason.trim() === "") return undefined;
  const named = message.refs.length === 1 && message.refs[0] === result;
  return named && authorOfFilename(result) === message.author ? { result, reason: reason.trim() } : undefined;
}
