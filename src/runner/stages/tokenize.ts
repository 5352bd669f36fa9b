import { z } from "zod";
import { RunFailure } from "../failure/run-failure.ts";
import type { ServerStage } from "./stage.ts";

/**
 * `POST /tokenize`, which engines offer but the serve contract does not ask for. Where it is absent or odd its users
 * do without.
 */
const replySchema = z.looseObject({ tokens: z.array(z.number().int().nonnegative()) });

async function tokenize(stage: ServerStage, body: object): Promise<number[] | undefined> {
  try {
    const reply = await stage.client.post(
      "/tokenize",
      { model: stage.modelName, ...body },
      { timeoutSeconds: stage.profile.request_timeout_seconds, signal: stage.signal },
    );
    return reply.status === 200 ? replySchema.safeParse(reply.body).data?.tokens : undefined;
  } catch (error) {
    if (error instanceof RunFailure && !stage.signal.aborted) return undefined;
    throw error;
  }
}

/** Token counts of texts; undefined as soon as the server does not answer for one. */
export async function tokenCounts(
  stage: ServerStage,
  texts: readonly string[],
  addSpecialTokens: boolean,
): Promise<number[] | undefined> {
  const counts: number[] = [];
  for (const prompt of texts) {
    const tokens = await tokenize(stage, { prompt, add_special_tokens: addSpecialTokens });
    if (!tokens) return undefined;
    counts.push(tokens.length);
  }
  return counts;
}

/** The ids of one user message behind the chat template, up to where the model's turn begins. */
export const chatTokenIds = (stage: ServerStage, message: string): Promise<number[] | undefined> =>
  tokenize(stage, { messages: [{ role: "user", content: message }], add_generation_prompt: true });
