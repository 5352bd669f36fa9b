import { CollabError } from "../../errors.ts";

/** The limits on what is typed in by an agent. Lengths count UTF-16 units, as JavaScript and JSON Schema validators do. */
export const BODY_CHARACTERS = 16_000;

/**
 * Refuses with INVALID_ARGUMENT what no reader could show or no file could hold: nothing but white space, too long,
 * NUL, or broken Unicode (a surrogate without its other half).
 */
export function assertText(text: string, name: string, longest: number): void {
  const refuse = (why: string, hint?: string): never => {
    throw new CollabError("INVALID_ARGUMENT", `${name} ${why}`, hint);
  };
  if (text.trim() === "") refuse("is empty");
  if (text.length > longest) {
    refuse(
      `is ${text.length} characters long; ${longest} are the most`,
      "shorten it, or attach the rest as a file",
    );
  }
  if (text.includes("\0")) refuse("contains a NUL character");
  if (/\p{Surrogate}/u.test(text)) refuse("is not well-formed Unicode: it contains half a surrogate pair");
}

/** The same for a value that stands on one line: a model, a harness, a key. */
export function assertLine(text: string, name: string, longest: number): void {
  assertText(text, name, longest);
  if (/\p{Cc}/u.test(text)) throw new CollabError("INVALID_ARGUMENT", `${name} contains control characters`);
}
