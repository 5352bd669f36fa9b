import { join } from "node:path";
import { expect, test } from "vitest";
import { loadChallenge } from "../../../src/challenge.ts";
import { packageRoot } from "../../../src/paths.ts";
import { checkStack } from "../../../src/runner/stack/check.ts";
import { readTree } from "../../../src/runner/stack/files.ts";
import { directoryWith, manifestWith } from "../../fixtures/trees.ts";

const challenge = loadChallenge("tiny-gemma");
const rules = async (files: Record<string, string>, level?: string) =>
  (await checkStack(await readTree(directoryWith(files)), challenge))
    .filter((one) => !level || one.level === level)
    .map(({ rule }) => rule);
const withManifest = (values: object, files: Record<string, string> = {}) =>
  rules({
    "manifest.json": manifestWith({ model_id: "tiny-gemma-45m/F32", ...values }),
    "serve.mjs": "process.env.KNOB",
    ...files,
  });

test("the starter stacks have nothing to remark, each in its own challenge", async () => {
  const starter = (name: string) => readTree(join(packageRoot, "stacks", name));
  expect(await checkStack(await starter("tiny-gemma"), challenge)).toEqual([]);
  expect(await checkStack(await starter("vllm-baseline"))).toEqual([]);
  expect(await checkStack(await starter("vllm-baseline"), challenge)).toMatchObject([
    { rule: "model-foreign" },
  ]);
});

test("a stack without a manifest, or with a broken one, cannot run", async () => {
  expect(await rules({ "serve.py": "" }, "error")).toEqual(["manifest-missing"]);
  expect(await rules({ "manifest.json": "{" }, "error")).toEqual(["manifest-invalid"]);
  const messages = async (manifest: string) =>
    (await checkStack(await readTree(directoryWith({ "manifest.json": manifest })))).map(
      (one) => one.message,
    );
  expect(await messages("{")).toEqual([expect.stringMatching(/^is not JSON/)]);
  expect(await messages('{"serve":[]}')).toEqual([expect.stringMatching(/^serve /)]);
});

test("a model inside the stack may be named from its directory", async () => {
  const stack = {
    "manifest.json": manifestWith({ model_id: "./models/m.gguf" }),
    "models/m.gguf": "",
    "serve.mjs": "",
  };
  const findings = (await checkStack(await readTree(directoryWith(stack)))).map(({ rule }) => rule);
  expect(findings).not.toContain("model-unknown");
});

test.each([
  ["serve-file-missing", { serve: ["node", "main.mjs"] }, {}],
  ["port-ignored", { port: 9000 }, {}],
  ["model-shadowed", { env: { MODEL_ID: "tiny-gemma-45m/Q8_0" } }, {}],
  ["model-unknown", { model_id: "tiny-gemma-45m/Q5_K" }, {}],
  ["model-unknown", { model_id: "nonsense" }, {}],
  ["dependency-unpinned", { dependencies: ["node-llama-cpp"] }, {}],
  ["machine-path", { env: { KNOB: "/home/someone/weights" } }, {}],
  ["knob-unread", { env: { KNOBB: "1" } }, {}],
  ["secret", {}, { "notes.txt": `token hf_${"a".repeat(34)}` }],
  ["import-missing", {}, { "lib.mjs": 'import { x } from "./gone.mjs";' }],
  ["import-missing", {}, { "pkg/a.py": "from .gone import x\n" }],
  ["path-depends-on-logprobs", {}, { "lib.py": "if request.prompt_logprobs:\n  exact()\n" }],
  ["knows-the-harness", {}, { "lib.py": 'open("/harness/data/eval_prompts_sharegpt.json")\n' }],
  ["speed-governor", {}, { "lib.py": "DECODE_TPS_CAP = 448\n" }],
  [
    "flashinfer-head-512",
    { model_id: "google/gemma-4-E4B-it", env: { VLLM_ATTENTION_BACKEND: "FLASHINFER" } },
    {},
  ],
  [
    "mtp-on-vllm-0-22",
    { dependencies: ["vllm==0.22.0"], env: { SPECULATIVE_CONFIG: '{"method":"mtp"}', KNOB: "" } },
    {},
  ],
  ["context-too-short", { model_id: "google/gemma-4-E4B-it", env: { MAX_MODEL_LEN: "2048" } }, {}],
])("%s is found: %j %j", async (rule, manifest, files) => {
  expect(await withManifest(manifest, files)).toContain(rule);
  expect(await withManifest({ env: { KNOB: "1" } })).toEqual([]);
});
