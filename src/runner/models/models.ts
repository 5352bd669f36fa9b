import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Challenge } from "../../challenge.ts";
import { CollabError } from "../../errors.ts";
import { ggufChunks, ggufSize } from "./gguf.ts";
import { DTYPES, type Dtype } from "./quantize.ts";
import { type Size, tinyGemma } from "./tiny-gemma.ts";

/** SHA-256 of every file the generator writes. Whoever changes the generator changes these, and so the file names. */
const DIGESTS: Record<Size, Record<Dtype, string>> = {
  test: {
    F32: "30ee71d8cc53a37ef4ae6856848f986892479294705bcdae505488a1e191bfc8",
    F16: "70f162ec3ccdb2b267776a25dd0d7ac2c477b8bc6d2431264032fd7844fefb19",
    Q8_0: "842f30d43b3aada4ec3bcb049c9a4cc5e0789f8e7cb14549cad64001d87d9974",
    Q4_0: "8a0d3468c62cc48cace77005b574d8325f2defd58f613cbc84073ecaf95a76f7",
  },
  game: {
    F32: "9717357e8f94277b20bdf5526d6c9a81adad2ba086e23c63a2f6545594b91d9a",
    F16: "c1f0b71650684c25883bcdb0274dee5bfedfe8def61c81c42253756607264902",
    Q8_0: "b5c852bd24823002a775f640b64ee7c99a80abd35c7a2841a95a0d1d8cfa5435",
    Q4_0: "9c712769913f413a73a8c086fd2a44e8b6cc199ea952268f6d935e165faffa88",
  },
};

const STALE_AFTER_MS = 600_000;

/**
 * What a stack's `model_id` names, where it is one of the challenge's own models: `tiny-gemma-45m/Q8_0`, or
 * `tiny-gemma-45m` alone for F32. Undefined for any other model; STACK_INVALID for a type the generator lacks.
 */
export function parseModelId(
  modelId: string,
  challenge: Pick<Challenge, "models">,
): { name: string; size: Size; dtype: Dtype } | undefined {
  const [name = "", type = "F32", ...rest] = modelId.split("/");
  const model = Object.hasOwn(challenge.models, name) ? challenge.models[name] : undefined;
  if (!model) return undefined;
  const dtype = DTYPES.find((known) => known === type);
  if (!dtype || rest.length > 0) {
    throw new CollabError(
      "STACK_INVALID",
      `manifest.json: model_id "${modelId}" asks for a type that ${name} does not come in`,
      `use one of ${DTYPES.map((known) => `${name}/${known}`).join(", ")}`,
    );
  }
  return { name, size: model.size, dtype };
}

interface EnsureModelOptions {
  modelId: string;
  challenge: Pick<Challenge, "models">;
  modelsDir: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * The path of a challenge model's GGUF file, written on first use and checked against its digest on every one.
 * Undefined when the id names no model of the challenge. Several processes may ask at once: each writes a file of its
 * own and renames it into place. Rejects with the signal's reason when aborted.
 */
export async function ensureModel(options: EnsureModelOptions): Promise<string | undefined> {
  const model = parseModelId(options.modelId, options.challenge);
  if (!model) return undefined;
  const digest = DIGESTS[model.size][model.dtype];
  const path = join(options.modelsDir, `tiny-gemma-${model.size}-${model.dtype}-${digest.slice(0, 12)}.gguf`);
  if ((await digestOf(path, options.signal)) === digest) return path;
  await mkdir(options.modelsDir, { recursive: true });
  await removeStale(path);
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    const written = await write(temporary, model, options);
    if (written !== digest) {
      throw new Error(
        `${model.name}/${model.dtype} was generated with sha256 ${written} instead of ${digest}`,
      );
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
}

async function write(
  path: string,
  { size, dtype }: { size: Size; dtype: Dtype },
  { signal, onProgress }: EnsureModelOptions,
): Promise<string> {
  const file = tinyGemma(size, dtype);
  const totalBytes = ggufSize(file);
  const hash = createHash("sha256");
  const handle = await open(path, "wx", 0o444);
  try {
    let doneBytes = 0;
    for (const chunk of ggufChunks(file)) {
      signal?.throwIfAborted();
      await handle.writeFile(chunk);
      hash.update(chunk);
      doneBytes += chunk.length;
      onProgress?.(doneBytes, totalBytes);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest("hex");
}

async function digestOf(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      signal?.throwIfAborted();
      hash.update(chunk);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return hash.digest("hex");
}

/** Removes what writers that died left behind. */
async function removeStale(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(".tmp")) continue;
    const file = join(dirname(path), name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > STALE_AFTER_MS) await rm(file, { force: true });
  }
}
