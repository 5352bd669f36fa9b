import { posix } from "node:path";
import type { Tree } from "../../tree.ts";
import type { Finding, Sources } from "./check.ts";
import { MANIFEST_FILE, type Manifest } from "./manifest.ts";

/** What the stack's own files give away. */
export function checkCode(manifest: Manifest, tree: Tree, sources: Sources): Finding[] {
  const paths = new Set(tree.entries.map(({ path }) => path));
  const code = [...sources].filter(([path]) => /\.(?:py|[cm]?js)$/.test(path));
  return [
    ...[...sources].flatMap(([path, text]) => secrets(path, text)),
    ...code.flatMap(([path, text]) => [...missingImports(path, text, paths), ...asks(path, text)]),
    ...unreadKnobs(
      manifest,
      code.map(([, text]) => text),
    ),
  ];
}

const SECRET =
  /\b(?:hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}|sk-[A-Za-z0-9_-]{32,}|AKIA[0-9A-Z]{16})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

function secrets(file: string, text: string): Finding[] {
  if (!SECRET.test(text)) return [];
  return [
    {
      level: "error",
      rule: "secret",
      file,
      message: "holds what looks like an access token or a private key",
      fix: "remove it, and revoke it: a stack is published with its result",
    },
  ];
}

const JS_IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'](\.{1,2}\/[^"']+)["']/g;
const PY_IMPORT = /^\s*from\s+(\.+)([\w.]*)\s+import\b/gm;

/** A file that was not copied along is found here, not twenty minutes later. */
function missingImports(file: string, text: string, paths: ReadonlySet<string>): Finding[] {
  const folder = posix.dirname(file);
  const wanted = file.endsWith(".py")
    ? [...text.matchAll(PY_IMPORT)].flatMap(([, dots = ".", module = ""]) =>
        module === ""
          ? []
          : [
              {
                name: `${dots}${module}`,
                candidates: pythonCandidates(posix.join(folder, "../".repeat(dots.length - 1)), module),
              },
            ],
      )
    : [...text.matchAll(JS_IMPORT)].map(([, name = ""]) => {
        const base = posix.join(folder, name);
        return {
          name,
          candidates: [base, `${base}.js`, `${base}.mjs`, `${base}.cjs`, `${base}.json`, `${base}/index.js`],
        };
      });
  return wanted
    .filter(({ candidates }) => !candidates.some((path) => paths.has(path)))
    .map(({ name }) => ({
      level: "error",
      rule: "import-missing",
      file,
      message: `imports ${name}, which the stack does not hold`,
      fix: "copy the missing file into the stack",
    }));
}

function pythonCandidates(folder: string, module: string): string[] {
  const base = posix.join(folder, module.replaceAll(".", "/"));
  return [`${base}.py`, `${base}/__init__.py`];
}

/** Mechanisms with honest uses that a score must be able to explain (integrity 5.1). */
const ASKS: { rule: string; pattern: RegExp; message: string }[] = [
  {
    rule: "path-depends-on-logprobs",
    pattern: /\bif\b[^\n]*prompt_logprobs/,
    message: "branches on prompt_logprobs: what is graded may not be what is timed",
  },
  {
    rule: "knows-the-harness",
    pattern: /eval_prompts_sharegpt|ppl_ground_truth|bench_serving|\/harness\/|prompts\.json/,
    message: "names the harness or its data",
  },
  {
    rule: "speed-governor",
    pattern: /DECODE_TPS_CAP|TPS_(?:CAP|LIMIT|GOVERNOR)/i,
    message: "holds the speed down or up to a target",
  },
  {
    rule: "prompt-keyed-cache",
    pattern: /(?:sha(?:1|256)|md5|blake2b?)\s*\(\s*(?:prompt|messages|body)/i,
    message: "hashes prompts: answers may come from a table",
  },
];

function asks(file: string, text: string): Finding[] {
  return ASKS.filter(({ pattern }) => pattern.test(text)).map(({ rule, message }) => ({
    level: "ask",
    rule,
    file,
    message,
    fix: "say in the result's description why it is honest",
  }));
}

/** A knob of the manifest that no file of the stack mentions is most likely a typing error. */
function unreadKnobs({ env }: Manifest, code: string[]): Finding[] {
  if (
    code.length === 0 ||
    code.some((text) => /os\.environ\.items\(\)|\*\*os\.environ|\.\.\.process\.env/.test(text))
  )
    return [];
  const own = Object.keys(env).filter(
    (name) =>
      !/^(?:MODEL_ID|SERVED_MODEL_NAME|HOST|PORT|LD_PRELOAD|PATH|HOME|TMPDIR)$|^(?:VLLM|CUDA|TORCH|PYTORCH|HF|NCCL|TRITON|OMP|NODE|PYTHON|GGML|LLAMA)_/.test(
        name,
      ),
  );
  return own
    .filter((name) => !code.some((text) => text.includes(name)))
    .map((name) => ({
      level: "warning",
      rule: "knob-unread",
      file: MANIFEST_FILE,
      message: `env.${name} is read by no file of the stack`,
      fix: "correct its name, or drop it",
    }));
}
