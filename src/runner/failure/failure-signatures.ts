import type { Failure } from "../runner.ts";

/**
 * What programs of stacks print when they fail, and what it means. Patterns match one line; the causes and remedies
 * are our words. Seen in public job logs (benchmark-protocol 8.5) or raised by the engines that our stacks use.
 */
export interface Signature {
  id: string;
  pattern: RegExp;
  /** Replaces the class that follows from how the run ended. */
  class?: Failure["class"];
  cause: string;
  remedy: string;
}

export const SIGNATURES: readonly Signature[] = [
  {
    id: "flashinfer-head-size",
    pattern: /BatchPrefill\w*Dispatched.*(?:Unsupported max_mma_kv|Invalid configuration)/,
    cause: "FlashInfer has no prefill kernel for the model's 512-wide heads",
    remedy: "set ATTENTION_BACKEND to TRITON_ATTN",
  },
  {
    id: "flash-attention-head-size",
    pattern: /FLASH_ATTN is not valid for this configuration.*head_size/,
    cause: "FlashAttention does not take the model's head size",
    remedy: "set ATTENTION_BACKEND to TRITON_ATTN",
  },
  {
    id: "attention-backend-unregistered",
    pattern: /Backend \w+ must be registered before use/,
    cause: "the attention backend has a name but no implementation in this engine",
    remedy: "set ATTENTION_BACKEND to TRITON_ATTN",
  },
  {
    id: "metrics-router",
    pattern: /_IncludedRouter'? object has no attribute/,
    cause: "the metrics middleware does not fit the installed web framework",
    remedy: "pin fastapi, starlette and prometheus-fastapi-instrumentator",
  },
  {
    id: "drafter-head-count",
    pattern: /attention group must share num_heads/,
    cause: "the drafter and the model have different head counts and this engine puts them into one group",
    remedy: "use an engine version that separates the groups, or run without the drafter",
  },
  {
    id: "chat-template",
    pattern: /default chat template is no longer allowed|no chat template/i,
    cause: "the checkpoint has no chat template",
    remedy: "put chat_template.jinja beside the weights or name one with --chat-template",
  },
  {
    id: "weights-missing",
    pattern: /(?:FileNotFoundError|ENOENT).*\.(?:safetensors|gguf|bin)\b/,
    class: "model_missing",
    cause: "a weights file is not where the stack looks for it",
    remedy: "check model_id and the paths in the manifest's env",
  },
  {
    id: "tensor-size",
    pattern: /size of tensor a \(\d+\) must match the size of tensor b/,
    cause: "the checkpoint's configuration and its weights disagree",
    remedy: "compare the shapes in the configuration with those in the weights",
  },
  {
    id: "vocabulary-shard",
    pattern: /loaded_weight\.shape\[\w+\] == self\.org_vocab_size/,
    cause: "a checkpoint with a pruned head was loaded without the code that restores it",
    remedy: "fork the whole stack instead of copying single files",
  },
  {
    id: "python-module",
    pattern: /ModuleNotFoundError: No module named/,
    cause: "the server imports a Python module that is neither in the stack nor among its dependencies",
    remedy: "add the file to the stack, or the package to dependencies",
  },
  {
    id: "node-module",
    pattern: /ERR_MODULE_NOT_FOUND|Cannot find (?:module|package) '/,
    cause: "the server imports a module that is neither in the stack nor among its dependencies",
    remedy: "add the file to the stack, or the package to dependencies",
  },
  {
    id: "hub-refused",
    pattern: /401 Client Error|Repository Not Found|gated repo/i,
    class: "model_missing",
    cause: "the model cannot be read without a token, and stacks never get one",
    remedy: "use a public model, or the path of a local copy",
  },
  {
    id: "gguf-unreadable",
    pattern: /failed to load model|invalid magic|unknown model architecture/i,
    class: "model_missing",
    cause: "the engine cannot load the model file",
    remedy: "check that model_id names a GGUF file that this engine knows",
  },
  {
    id: "gpu-memory",
    pattern: /CUDA out of memory|OutOfMemoryError|cudaErrorMemoryAllocation|ErrorOutOfDeviceMemory/i,
    class: "out_of_memory",
    cause: "the GPU's memory did not suffice",
    remedy: "lower GPU_MEMORY_UTILIZATION, MAX_MODEL_LEN or MAX_NUM_BATCHED_TOKENS",
  },
  {
    id: "heap-memory",
    pattern:
      /JavaScript heap out of memory|Reached heap limit|MemoryError\b|std::bad_alloc|Cannot allocate memory/,
    class: "out_of_memory",
    cause: "the server ran out of memory",
    remedy: "use a smaller model, context or batch",
  },
  {
    id: "port",
    pattern: /EADDRINUSE|address already in use/i,
    class: "port_taken",
    cause: "another program listens on the port",
    remedy: "serve on the port in the PORT variable only, and start one server",
  },
  {
    id: "import-syntax",
    pattern: /^(?:\s*)(?:SyntaxError|IndentationError)\b/,
    cause: "the server's script is not valid code",
    remedy: "run the script once by hand",
  },
];
