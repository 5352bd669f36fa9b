"""Becomes vLLM's OpenAI-compatible server, with flags taken from the environment.

A variable that is not set leaves vLLM's own default in place.
"""

import os
import sys

FLAGS = {
    "MODEL_ID": "--model",
    "SERVED_MODEL_NAME": "--served-model-name",
    "HOST": "--host",
    "PORT": "--port",
    "MAX_MODEL_LEN": "--max-model-len",
    "GPU_MEMORY_UTILIZATION": "--gpu-memory-utilization",
    "MAX_NUM_BATCHED_TOKENS": "--max-num-batched-tokens",
    "MAX_NUM_SEQS": "--max-num-seqs",
    "DTYPE": "--dtype",
    "QUANTIZATION": "--quantization",
    "KV_CACHE_DTYPE": "--kv-cache-dtype",
    "ATTENTION_BACKEND": "--attention-backend",
    "SPECULATIVE_CONFIG": "--speculative-config",
    "COMPILATION_CONFIG": "--compilation-config",
}


def main() -> None:
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    for name, flag in FLAGS.items():
        value = os.environ.get(name)
        if value:
            command += [flag, value]
    # In place of this process: a signal to the stack reaches vLLM itself.
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
