import { AGENT_ID } from "./entries.ts";
import { authorOfFilename } from "./stamps.ts";

/** Who a message reaches (hub-protocol 4.3). */
const MENTION = /(?<![A-Za-z0-9._%+-])@([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)/g;
const FANOUT_CAP = 10;

/** `human-` and a name: a person, who is reached without being registered. */
export const isHumanHandle = (handle: string): boolean =>
  handle.startsWith("human-") && handle.length > "human-".length;

/** Handles that a text mentions, each once, in order of appearance. Code blocks count; e-mail addresses do not. */
export const mentionsIn = (body: string): string[] => [
  ...new Set([...body.matchAll(MENTION)].flatMap(([, handle]) => (handle === undefined ? [] : [handle]))),
];

/** A frontmatter `refs` value as filenames: a string parts at commas and spaces, a list has one each; others count nothing. */
export function refsIn(value: unknown): string[] {
  const tokens =
    typeof value === "string" ? value.split(/[,\s]+/) : Array.isArray(value) ? value.map(String) : [];
  return tokens.map((token) => token.trim()).filter((token) => token.endsWith(".md"));
}

export interface Routing {
  /** Handles whose inbox gets the message, in order, at most {@link FANOUT_CAP}. */
  delivered: string[];
  /** Mentioned handles that are nobody's. */
  unknown: string[];
}

/** Mentions in order, then the authors of what is referred to; never the author; each once. */
export function route(
  message: { author: string; body: string; refs: readonly string[] },
  isRegistered: (handle: string) => boolean,
): Routing {
  const mentioned = mentionsIn(message.body);
  const reachable = (handle: string): boolean =>
    AGENT_ID.test(handle) && (isHumanHandle(handle) || isRegistered(handle));
  const recipients = new Set([...mentioned, ...message.refs.map(authorOfFilename)]);
  recipients.delete(message.author);
  const delivered: string[] = [];
  for (const handle of recipients) {
    if (delivered.length === FANOUT_CAP) break;
    if (reachable(handle)) delivered.push(handle);
  }
  const unknown = mentioned.filter((handle) => handle !== message.author && !reachable(handle));
  return { delivered, unknown };
}
