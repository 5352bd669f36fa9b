import type { Finding } from "./finding.ts";
import { MANIFEST_FILE, type Manifest } from "./manifest.ts";

/**
 * Combinations that were seen to fail, each before it had served one token (users 2.6, benchmark-protocol 8.5). The
 * same cause was paid for again and again under new names: here it costs nothing.
 */
interface KnownFailure {
  rule: string;
  applies(manifest: Manifest): boolean;
  message: string;
  fix: string;
}

const envNumber = ({ env }: Manifest, name: string): number => Number(env[name] ?? Number.NaN);
const usesVllm = ({ dependencies }: Manifest, version: RegExp): boolean =>
  dependencies.some((one) => /^vllm\b|\/vllm-/.test(one) && version.test(one));
const isGemma4 = ({ model_id, env }: Manifest): boolean =>
  /gemma-?4/i.test(`${model_id} ${env.MODEL_ID ?? ""}`);

const attentionBackend = ({ env }: Manifest): string =>
  (env.ATTENTION_BACKEND ?? env.VLLM_ATTENTION_BACKEND ?? "").toUpperCase();

const KNOWN: KnownFailure[] = [
  {
    rule: "flashinfer-head-512",
    applies: (manifest) => isGemma4(manifest) && attentionBackend(manifest).includes("FLASHINFER"),
    message:
      "FlashInfer has no prefill kernel for this model's head size of 512: the engine ends while it starts",
    fix: "use TRITON_ATTN, or leave the choice to vLLM",
  },
  {
    rule: "flash-attention-head-512",
    applies: (manifest) => isGemma4(manifest) && /^FLASH_ATTN/.test(attentionBackend(manifest)),
    message: "FlashAttention refuses this model's head size of 512",
    fix: "use TRITON_ATTN, or leave the choice to vLLM",
  },
  {
    rule: "attention-unregistered",
    applies: (manifest) => attentionBackend(manifest) === "TORCH_SDPA",
    message: "vLLM knows the name TORCH_SDPA and has nothing behind it",
    fix: "use TRITON_ATTN, or leave the choice to vLLM",
  },
  {
    rule: "mtp-on-vllm-0-22",
    applies: (manifest) =>
      usesVllm(manifest, /0\.22\.\d(?!.*dev)/) && /mtp/i.test(manifest.env.SPECULATIVE_CONFIG ?? ""),
    message:
      "vLLM 0.22 asserts that all layers of an attention group share one number of heads; the drafter breaks that",
    fix: "use vLLM 0.23 or newer with the drafter, or drop SPECULATIVE_CONFIG",
  },
  {
    rule: "context-too-short",
    applies: (manifest) => isGemma4(manifest) && envNumber(manifest, "MAX_MODEL_LEN") < 2944,
    message: "the longest request of the Gemma challenge is 2,944 tokens",
    fix: "set MAX_MODEL_LEN to 4096",
  },
  {
    rule: "logprob-memory",
    applies: (manifest) =>
      isGemma4(manifest) &&
      (envNumber(manifest, "GPU_MEMORY_UTILIZATION") >= 0.95 ||
        envNumber(manifest, "MAX_NUM_BATCHED_TOKENS") > 2048),
    message: "prompt log-probabilities over a vocabulary of 262,144 need memory that this leaves none of",
    fix: "set GPU_MEMORY_UTILIZATION to 0.90 and MAX_NUM_BATCHED_TOKENS to 512",
  },
];

export function checkKnownFailures(manifest: Manifest): Finding[] {
  return KNOWN.filter(({ applies }) => applies(manifest)).map(({ rule, message, fix }) => ({
    level: "warning",
    rule,
    file: MANIFEST_FILE,
    message,
    fix,
  }));
}
