// Regenerates a challenge's perplexity records: for each prompt, as a chat, tokens sampled from the challenge's model
// in F32 at temperature 1. Then scores them with every number format, for choosing the guard's cap.
//
//   node scripts/make-challenge.mjs ENV_DIR [CHALLENGE_DIR] [TARGET_TOKENS]
//
// ENV_DIR holds node_modules/node-llama-cpp, of the version that stacks/tiny-gemma/manifest.json names. The draws are
// seeded by prompt id and position; another CPU's kernels may differ in the last digits of a logit, and so, rarely,
// in a token.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadChallenge } from "../dist/challenge.js";
import { ensureModel } from "../dist/runner/models/models.js";
import { chatPrompt } from "../stacks/tiny-gemma/chat.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [environment, directory = join(root, "challenges/tiny-gemma"), targetTokens = "48"] =
  process.argv.slice(2);
if (!environment) {
  console.error("usage: node scripts/make-challenge.mjs ENV_DIR [CHALLENGE_DIR] [TARGET_TOKENS]");
  process.exit(2);
}

const challenge = loadChallenge(resolve(directory));
const [modelName] = Object.keys(challenge.models);
const prompts = JSON.parse(readFileSync(join(challenge.dir, challenge.prompts), "utf8"));

const require = createRequire(join(resolve(environment), "package.json"));
const { getLlama, resolveChatWrapper } = await import(pathToFileURL(require.resolve("node-llama-cpp")).href);
const llama = await getLlama({ gpu: false, build: "never", maxThreads: 0, logLevel: "error" });

const ALL_LOGITS = { generateNext: { logits: true } };

async function withModel(dtype, use) {
  const modelPath = await ensureModel({
    modelId: `${modelName}/${dtype}`,
    challenge,
    modelsDir: join(tmpdir(), "agent-collabs-mcp-models"),
  });
  const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
  const context = await model.createContext({
    sequences: 1,
    contextSize: 1024,
    batchSize: 512,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const result = await use(model, context.getSequence());
  await model.dispose();
  return result;
}

/** Uniform in [0, 1): the same for the same record and position, for ever. */
const draw = (id, position) =>
  createHash("sha256").update(`${id}/${position}`).digest().readUInt32BE() / 2 ** 32;

function logSum(logits) {
  const highest = Math.max(...logits.values());
  let sum = 0;
  for (const logit of logits.values()) sum += Math.exp(logit - highest);
  return highest + Math.log(sum);
}

function sample(logits, uniform) {
  const total = logSum(logits);
  let rest = uniform;
  let chosen;
  // By id, not by rank: near-ties must not change places.
  for (const [id, logit] of [...logits].sort(([a], [b]) => a - b)) {
    chosen = id;
    rest -= Math.exp(logit - total);
    if (rest < 0) break;
  }
  return chosen;
}

const records = await withModel("F32", async (model, sequence) => {
  const engine = { chatWrapper: resolveChatWrapper(model), tokenizer: model.tokenizer };
  const made = [];
  for (const { id, conversations } of prompts) {
    const context = chatPrompt(engine, [{ role: "user", content: conversations[0].value }]);
    const targets = [];
    await sequence.clearHistory();
    let rows = context;
    while (targets.length < Number(targetTokens)) {
      const last = rows.length - 1;
      const outputs = await sequence.controlledEvaluate(
        rows.map((token, row) => (row < last ? token : [token, ALL_LOGITS])),
      );
      targets.push(sample(outputs[last].next.logits, draw(id, targets.length)));
      rows = targets.slice(-1);
    }
    made.push({ id, context_token_ids: [...context], target_token_ids: targets });
  }
  return made;
});
writeFileSync(
  join(challenge.dir, challenge.perplexity),
  records.map((record) => `${JSON.stringify(record)}\n`).join(""),
);

for (const dtype of ["F32", "F16", "Q8_0", "Q4_0"]) {
  await withModel(dtype, async (_, sequence) => {
    let negLogLikelihood = 0;
    let count = 0;
    for (const { context_token_ids: context, target_token_ids: targets } of records) {
      await sequence.clearHistory();
      const rows = [...context, ...targets];
      const outputs = await sequence.controlledEvaluate(rows.map((token) => [token, ALL_LOGITS]));
      for (const [index, target] of targets.entries()) {
        const { logits } = outputs[context.length + index - 1].next;
        negLogLikelihood += logSum(logits) - logits.get(target);
        count++;
      }
    }
    console.log(
      `${dtype.padEnd(4)} ppl ${Math.exp(negLogLikelihood / count).toFixed(4)} over ${count} tokens`,
    );
  });
}
await llama.dispose();
