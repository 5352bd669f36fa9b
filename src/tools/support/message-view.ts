import { z } from "zod";
import type { Message } from "../../hub/record/entries.ts";
import { clean, excerpt } from "./untrusted.ts";

/** Longest body given in one piece; what is left out is counted. */
export const BODY_CHARACTERS = 4000;

export const messageSchema = z.strictObject({
  filename: z.string(),
  from: z.string(),
  type: z.string(),
  refs: z.array(z.string()).optional(),
  characters: z.number(),
  attachment: z.string().optional(),
  untrusted_subject: z.string().optional(),
  untrusted_body: z.string().optional(),
  body_left_out: z.number().optional(),
});

/** A header by default; the body on demand. */
export function messageView(message: Message, withBody: boolean): z.input<typeof messageSchema> {
  const body = message.body.trim();
  const attachment = message.frontmatter.attachment;
  return {
    filename: message.filename,
    from: message.author,
    // A type is an author's word: shown where it is a plain one.
    type: /^[a-z][a-z0-9-]{0,30}$/.test(message.type) ? message.type : "other",
    refs: message.refs.length > 0 ? message.refs : undefined,
    characters: body.length,
    attachment:
      typeof attachment === "string" && /^sha256:[0-9a-f]{64}$/.test(attachment) ? attachment : undefined,
    ...(withBody
      ? {
          untrusted_body: clean(body).slice(0, BODY_CHARACTERS),
          body_left_out: body.length > BODY_CHARACTERS ? body.length - BODY_CHARACTERS : undefined,
        }
      : { untrusted_subject: excerpt(body, 80) }),
  };
}
