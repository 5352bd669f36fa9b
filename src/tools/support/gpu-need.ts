import type { Runner } from "../../runner/runner.ts";
import { MANIFEST_FILE, parseManifest } from "../../runner/stack/manifest.ts";
import type { Tree } from "../../tree.ts";

/** Engines that serve nothing useful without an NVIDIA GPU, and take gigabytes to install. */
const GPU_ENGINES = /^(?:vllm|sglang|tensorrt[-_]llm)\b|\/vllm-/i;

/** Said before a run spends its time on it: the stack's engine needs a GPU, and this machine has none. */
export async function gpuNotices(tree: Tree, runner: Runner): Promise<string[]> {
  const { dependencies } = parseManifest(Buffer.from(await tree.read(MANIFEST_FILE)).toString("utf8"));
  const engine = dependencies.find((one) => GPU_ENGINES.test(one));
  if (engine === undefined || (await runner.devices()).some(({ kind }) => kind === "gpu")) return [];
  return [
    "The stack's engine needs an NVIDIA GPU and several gigabytes to install; this machine has no GPU.",
  ];
}
