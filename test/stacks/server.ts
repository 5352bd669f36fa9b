import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { ensureModel } from "../../src/runner/models/models.ts";
import { llamaEnvironment, MODELS_DIR, tinyGemmaDir, tinyGemmaManifest } from "./llama-environment.ts";

const challenge = { models: { "tiny-gemma-1m": { generator: "tiny-gemma", size: "test" } } } as const;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Starts the stack's own server script as the runner does; not yet ready. */
export async function spawnStack(
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  const modelPath = await ensureModel({ modelId: "tiny-gemma-1m/Q8_0", challenge, modelsDir: MODELS_DIR });
  const child = spawn(process.execPath, ["serve.mjs"], {
    cwd: tinyGemmaDir,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      COLLABS_ENV_DIR: await llamaEnvironment(),
      MODEL_ID: modelPath,
      SERVED_MODEL_NAME: tinyGemmaManifest.served_model_name,
      HOST: "127.0.0.1",
      ...tinyGemmaManifest.env,
      ...env,
      PORT: String(port),
    },
  });
  return { child, port };
}

export interface Scored {
  logprob: number;
  rank: number;
  decoded_token: string;
}

interface Choice {
  index: number;
  text: string;
  message: { role: string; content: string };
  delta: { role?: string; content?: string };
  finish_reason: string | null;
  prompt_token_ids: number[];
  token_ids: number[];
  prompt_logprobs: (Record<string, Scored> | null)[];
  logprobs: {
    content: { token: string; logprob: number; top_logprobs: { logprob: number }[] }[];
    top_logprobs: Record<string, number>[];
  };
}

/** Every field that some answer of the server has. */
export interface Body {
  data: unknown;
  choices: Choice[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  tokens: number[];
  count: number;
  prompt: string;
  error: { message: string; code: number };
}

interface Reply {
  status: number;
  body: Body;
  /** The first choice. */
  choice: Choice;
}

export interface StackServer {
  child: ChildProcess;
  url: string;
  get(path: string): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
  /** The `data:` payloads of an event stream, parsed, without the closing mark. */
  events(path: string, body: unknown): Promise<Body[]>;
  /** Asks it to end; the exit code. */
  stop(): Promise<number | null>;
}

export async function startStack(env: Record<string, string> = {}): Promise<StackServer> {
  const { child, port } = await spawnStack(env);
  const url = `http://127.0.0.1:${port}`;
  let log = "";
  child.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  const request = (path: string, body: unknown) =>
    fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const deadline = Date.now() + 20_000;
  while (
    !(await fetch(`${url}/v1/models`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the stack did not start: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    child,
    url,
    get: async (path) => reply(await fetch(url + path)),
    post: async (path, body) => reply(await request(path, body)),
    events: async (path, body) => {
      const text = await (await request(path, body)).text();
      const payloads = text
        .split("\n\n")
        .filter(Boolean)
        .map((event) => event.replace(/^data: /, ""));
      if (payloads.pop() !== "[DONE]") throw new Error("the stream has no end mark");
      return payloads.map((payload) => JSON.parse(payload) as Body);
    },
    stop: async () => {
      if (child.exitCode !== null) return child.exitCode;
      child.kill("SIGTERM");
      const [code] = await once(child, "exit");
      return code;
    },
  };
}

async function reply(response: Response): Promise<Reply> {
  const body = (await response.json()) as Body;
  return { status: response.status, body, choice: body.choices?.[0] as Choice };
}

/**
 * How much less likely than the likeliest token each completion token is, in nats; from scoring prompt and completion
 * together. About zero for greedy tokens: scoring and decoding differ in the last digits only.
 */
export async function regrets(
  server: StackServer,
  prompt: number[],
  completion: number[],
): Promise<number[]> {
  const all = [...prompt, ...completion];
  const request = { prompt: all, max_tokens: 1, prompt_logprobs: 1, add_special_tokens: false };
  const { choice } = await server.post("/v1/completions", request);
  return completion.map((id, index) => {
    const position = choice.prompt_logprobs[prompt.length + index]!;
    return Math.max(...Object.values(position).map(({ logprob }) => logprob)) - position[id]!.logprob;
  });
}
