import type { Tree } from "../../tree.ts";
import { checkImports } from "./check-imports.ts";
import type { Finding, Sources } from "./finding.ts";
import { MANIFEST_FILE, type Manifest } from "./manifest.ts";

export const isCode = (path: string): boolean => /\.(?:py|[cm]?js|sh)$/.test(path);

/** What the stack's own files give away. */
export function checkCode(manifest: Manifest, tree: Tree, sources: Sources): Finding[] {
  const paths = new Set(tree.entries.map(({ path }) => path));
  const code = [...sources].filter(([path]) => isCode(path));
  const texts = code.map(([, text]) => text);
  return [
    ...[...sources].flatMap(([path, text]) => secrets(path, text)),
    ...code.flatMap(([path, text]) => [
      ...(path.endsWith(".sh") ? [] : checkImports(path, text, paths, manifest)),
      ...asks(path, text),
      ...zeroPaddedHead(path, text),
      ...machinePath(path, text),
      ...unsetVariables(path, text, manifest),
    ]),
    ...asks(MANIFEST_FILE, Object.values(manifest.env).join("\n")),
    ...unreadKnobs(manifest, texts),
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

/** Mechanisms with honest uses that a score must be able to explain (integrity 5.1). Every quantifier is bounded. */
const ASKS: { rule: string; pattern: RegExp; message: string }[] = [
  {
    rule: "path-depends-on-logprobs",
    pattern: /prompt_logprobs(?:(?<=\bif\b[^\n]{0,200})|[^\n?]{0,100} \? )/,
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
    pattern: /(?:sha(?:1|256)|md5|blake2b?|\.update)\s{0,20}\(\s{0,20}(?:prompt|messages|body)/i,
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

/** Padded rows of a pruned head must never win: seen as a perplexity of 899,234 (users 2.6). */
function zeroPaddedHead(file: string, text: string): Finding[] {
  if (!/(?:head|vocab|logits)[^\n]{0,100}(?:new_zeros|torch\.zeros|zeros_like|F\.pad)\(/i.test(text))
    return [];
  return [
    {
      level: "warning",
      rule: "zero-padded-head",
      file,
      message: "seems to fill a head or its logits with zeros",
      fix: "fill logits of tokens that were left out with minus infinity: a zero beats every negative logit",
    },
  ];
}

function machinePath(file: string, text: string): Finding[] {
  if (!/["'](?:\/home\/|\/Users\/|\/root\/|[A-Z]:\\{1,2}Users\\)/.test(text)) return [];
  return [
    {
      level: "warning",
      rule: "machine-path",
      file,
      message: "names a path of one machine",
      fix: "use a path inside the stack, or one taken from the manifest's env",
    },
  ];
}

/** What the runner sets for every server (benchmark-protocol 1.3), or an operating system. */
const ALWAYS_SET =
  /^(?:MODEL_ID|SERVED_MODEL_NAME|HOST|PORT|PATH|HOME|TMPDIR|LANG|VIRTUAL_ENV|PYTHONDONTWRITEBYTECODE)$/;

/** `os.environ["NAME"]` ends a program that lacks NAME; other ways to read it have a default. */
function unsetVariables(file: string, text: string, { env }: Manifest): Finding[] {
  const assigned =
    /\benviron\[["'](\w{1,100})["']\]\s{0,20}=(?!=)|\benviron\.setdefault\(\s{0,20}["'](\w{1,100})/g;
  const set = new Set([...text.matchAll(assigned)].map(([, one, other]) => one ?? other));
  const read = new Set(
    [...text.matchAll(/\bos\.environ\[["'](\w{1,100})["']\](?!\s{0,20}=(?!=))/g)].map(
      ([, name = ""]) => name,
    ),
  );
  return [...read]
    .filter((name) => !Object.hasOwn(env, name) && !set.has(name) && !ALWAYS_SET.test(name))
    .map((name) => ({
      level: "warning",
      rule: "variable-unset",
      file,
      message: `needs ${name} in its environment, and env does not set it`,
      fix: "set it in the manifest's env, or give it a default",
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
