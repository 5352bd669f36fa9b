import type { ChallengeFile } from "../../challenge.ts";
import { CollabError } from "../../errors.ts";
import type { Frontmatter } from "./entries.ts";

/** The parts of a challenge that decide what a result must state. */
export type ResultRules = Pick<ChallengeFile, "score" | "guard" | "required_result_fields">;

const RESULT_STATUSES = ["agent-run", "negative"] as const;

/** A number that can stand on the leaderboard: finite and above 0. The protocol let `.inf` and `.nan` pass; this does not. */
export const isScore = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value > 0;

/** Every field that a result must have, the score field first (hub-protocol 2.7). */
const requiredFields = ({ score, required_result_fields }: ResultRules): string[] =>
  required_result_fields.includes(score.field)
    ? required_result_fields
    : [score.field, ...required_result_fields];

/** INVALID_ARGUMENT naming the field unless the frontmatter states a result by the rules of hub-protocol 2.7. */
export function assertResult(frontmatter: Frontmatter, rules: ResultRules): void {
  const fields = requiredFields(rules);
  const refuse = (field: string, why: string): never => {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `result field "${field}" ${why}`,
      `state ${fields.join(", ")} in the frontmatter`,
    );
  };
  for (const field of fields) {
    const value = Object.hasOwn(frontmatter, field) ? frontmatter[field] : undefined;
    if (value === undefined || value === null) refuse(field, "is missing");
    else if (field === rules.score.field) {
      if (!isScore(value)) refuse(field, `is ${shown(value)}, not a finite number above 0`);
    } else if (field === rules.guard?.field) {
      if (typeof value !== "number" || !Number.isFinite(value))
        refuse(field, `is ${shown(value)}, not a finite number`);
    } else if (field === "status") {
      if (!RESULT_STATUSES.some((status) => status === value)) {
        refuse(field, `is ${shown(value)}, not ${RESULT_STATUSES.join(" or ")}`);
      }
    } else if (typeof value === "string" && value.trim() === "") refuse(field, "is blank");
  }
}

const shown = (value: unknown): string =>
  typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value).slice(0, 60);
