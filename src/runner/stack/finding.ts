/** What was found without running: an error cannot run, a warning may not do what it seems to, an ask needs eyes. */
export interface Finding {
  level: "error" | "warning" | "ask";
  rule: string;
  /** Where: a path of the stack. Its author's text. */
  file: string;
  /** What: may hold the stack author's words. */
  message: string;
  /** What to do about it, in our words. */
  fix: string;
}

/** Text of a stack's files by path; binary ones, and what is too much to look into, are left out. */
export type Sources = ReadonlyMap<string, string>;
