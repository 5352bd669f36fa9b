import { randomBytes } from "node:crypto";
import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CollabError } from "../../errors.ts";
import { sha256 } from "../../tree.ts";
import { readJson } from "../machine/atomic-file.ts";
import { RUN_ID } from "../runner.ts";

/** A key with the same request starts one run; kept as a file that only one process can create. */
const LIFETIME_MS = 24 * 3600 * 1000;

const keySchema = z.strictObject({
  request: z.string(),
  runId: z.string().regex(RUN_ID),
  createdAt: z.number(),
});

export interface IdempotencyKey {
  dir: string;
  agentId: string;
  key: string;
  /** Digest of what was asked for. */
  request: string;
  now: number;
}

const fileOf = ({ dir, agentId, key }: IdempotencyKey): string =>
  join(dir, `${sha256(`${agentId}\0${key}`)}.json`);

/** The run that the key has started; CONFLICT where it was for another request. */
export async function runOfKey(key: IdempotencyKey): Promise<string | undefined> {
  const known = await readJson(fileOf(key), keySchema);
  if (!known) return undefined;
  if (key.now - known.createdAt > LIFETIME_MS) {
    await forgetKey(key);
    return undefined;
  }
  if (known.request === key.request) return known.runId;
  throw new CollabError(
    "CONFLICT",
    `the idempotency key ${JSON.stringify(key.key)} has started ${known.runId} for another stack or other arguments`,
    "use a new key for a new run",
  );
}

export const forgetKey = (key: IdempotencyKey): Promise<void> => rm(fileOf(key), { force: true });

/** Ties the key to a run. False where another process was faster. */
export async function claimKey(key: IdempotencyKey, runId: string): Promise<boolean> {
  await mkdir(key.dir, { recursive: true });
  const temporary = join(key.dir, `.${randomBytes(6).toString("hex")}`);
  const content = { request: key.request, runId, createdAt: key.now };
  await writeFile(temporary, JSON.stringify(content), { flag: "wx" });
  try {
    // A link appears with its content and fails where the name is taken.
    await link(temporary, fileOf(key));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
