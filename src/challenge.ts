import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { CollabError } from "./errors.ts";
import { packageRoot } from "./paths.ts";

/**
 * A challenge is one file: what is scored and in which order, what guards it, the data it is measured with and how.
 * A goal other than tokens per second is another file, not other code: `score.field` and `guard.field` name any
 * number that a run's summary holds.
 */
const profileSchema = z.strictObject({
  /** Whether a run of this profile may be posted as a score. */
  official: z.boolean(),
  num_prompts: z.number().int().positive(),
  output_len: z.number().int().positive(),
  warmup_requests: z.number().int().nonnegative().default(4),
  seed: z.number().int().nonnegative().default(1),
  /** Perplexity records scored; absent: all. */
  ppl_records: z.number().int().positive().optional(),
  /** Fresh server starts in one run. */
  launches: z.number().int().positive().default(1),
  startup_timeout_seconds: z.number().positive().default(900),
  request_timeout_seconds: z.number().positive().default(180),
});

export const challengeSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/),
  title: z.string(),
  /** The goal in one line. */
  summary: z.string(),
  rules: z.array(z.string()),
  score: z.strictObject({
    field: z.string(),
    unit: z.string(),
    order: z.enum(["asc", "desc"]),
  }),
  /** A second number that must not exceed its cap. */
  guard: z.strictObject({ field: z.string(), cap: z.number() }).optional(),
  required_result_fields: z.array(z.string()).default(["method", "status", "description"]),
  /** ShareGPT-form prompts (benchmark-protocol 7). */
  prompts: z.string(),
  /** Perplexity records `{id, context_token_ids, target_token_ids}`, one a line (benchmark-protocol 3.1). */
  perplexity: z.string(),
  /** Where a stack that names no model, or names one of these, gets it from. */
  models: z
    .record(
      z.string(),
      z.strictObject({ generator: z.literal("tiny-gemma"), size: z.enum(["test", "game"]) }),
    )
    .default({}),
  starter_stacks: z.array(z.string()).default([]),
  profiles: z.record(z.string(), profileSchema),
  default_profile: z.string().default("official"),
  verification: z.strictObject({ score_tolerance: z.number().positive() }).default({ score_tolerance: 0.05 }),
  hardware: z.string().default("any"),
});

export type ChallengeFile = z.infer<typeof challengeSchema>;
export type Profile = z.infer<typeof profileSchema>;
/** A challenge with the directory that its relative paths start from. */
export type Challenge = ChallengeFile & { readonly dir: string };

/** Loads a challenge by the name of a shipped one, or by the path of a `challenge.json` or its directory. */
export function loadChallenge(nameOrPath: string): Challenge {
  const shipped = join(packageRoot, "challenges", nameOrPath, "challenge.json");
  const looksLikePath = isAbsolute(nameOrPath) || /[\\/]|\.json$/.test(nameOrPath);
  const file = !looksLikePath
    ? shipped
    : nameOrPath.endsWith(".json")
      ? nameOrPath
      : join(nameOrPath, "challenge.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new CollabError(
      "NOT_FOUND",
      `there is no challenge file at ${file}`,
      "set COLLABS_CHALLENGE to tiny-gemma or to the path of a challenge.json",
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `${file} is not JSON: ${error instanceof Error ? error.message : "unreadable"}`,
    );
  }
  const parsed = challengeSchema.safeParse(json);
  if (!parsed.success) throw new CollabError("INVALID_ARGUMENT", `${file}: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, dir: dirname(file) };
}

/** A profile by name, or the challenge's default one. */
export function profileOf(challenge: Challenge, name: string = challenge.default_profile): Profile {
  const profile = Object.hasOwn(challenge.profiles, name) ? challenge.profiles[name] : undefined;
  if (!profile) {
    throw new CollabError(
      "INVALID_ARGUMENT",
      `challenge ${challenge.id} has no profile "${name}"`,
      `use one of ${Object.keys(challenge.profiles).join(", ")}`,
    );
  }
  return profile;
}
