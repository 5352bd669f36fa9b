// A server for one GGUF model: settings, then the engine, then HTTP. It listens only once it can answer.
import { statSync } from "node:fs";
import { createServer } from "node:http";
import { complete, detokenize, models, tokenize } from "./api.mjs";
import { openEngine } from "./engine.mjs";
import { BadRequest, readJson, sendError, sendJson } from "./http.mjs";
import { readSettings, SettingError } from "./settings.mjs";

const ROUTES = {
  "GET /health": ({ response }) => sendJson(response, {}),
  "GET /v1/models": models,
  "POST /v1/completions": (call) => complete("text", call),
  "POST /v1/chat/completions": (call) => complete("chat", call),
  "POST /tokenize": tokenize,
  "POST /detokenize": detokenize,
};

const fail = (message) => {
  console.error(`serve.mjs: ${message}`);
  process.exit(1);
};

for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));

let settings;
try {
  settings = readSettings(process.env);
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  fail(error.message);
}
if (!statSync(settings.modelPath, { throwIfNoEntry: false })?.isFile()) {
  fail(`MODEL_ID names no file: ${settings.modelPath}`);
}

let engine;
try {
  engine = await openEngine(settings);
} catch (error) {
  fail(`the model cannot be loaded: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
}

async function answer(request, response) {
  const path = request.url.split("?")[0];
  const route = ROUTES[`${request.method} ${path}`];
  const gone = new AbortController();
  // Nobody waits for the rest: stop decoding it.
  response.on("close", () => gone.abort());
  try {
    if (!route) throw new BadRequest(`there is no ${request.method} ${path}`, 404);
    const body = request.method === "POST" ? await readJson(request) : undefined;
    await route({ engine, settings, body, response, signal: gone.signal });
  } catch (error) {
    if (!gone.signal.aborted) sendError(response, error);
  }
}

const server = createServer(answer);
server.on("error", (error) => fail(`cannot listen on ${settings.host}:${settings.port}: ${error.code}`));
server.listen(settings.port, settings.host, () => {
  console.error(
    `serving ${settings.servedModelName} on http://${settings.host}:${settings.port} with ${engine.device}`,
  );
});
