// What the manifest's `env` and the runner decide. A value that makes no sense ends the server at once: a run that
// silently measured something else would be worse.

export class SettingError extends Error {}

const oneOf = (env, name, choices) => {
  const value = env[name] ?? choices[0];
  if (choices.includes(value)) return value;
  throw new SettingError(`${name} is "${value}": use one of ${choices.join(", ")}`);
};

const integer = (env, name, fallback, min, max) => {
  const text = env[name] ?? String(fallback);
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new SettingError(`${name} is "${text}": use a whole number from ${min} to ${max}`);
};

const text = (env, name) => {
  if (env[name]) return env[name];
  throw new SettingError(`${name} is not set`);
};

export function readSettings(env) {
  const settings = {
    modelPath: text(env, "MODEL_ID"),
    servedModelName: env.SERVED_MODEL_NAME ?? "tiny-gemma",
    host: env.HOST ?? "127.0.0.1",
    port: integer(env, "PORT", 8000, 1, 65535),
    threads: integer(env, "THREADS", 1, 1, 256),
    kvType: oneOf(env, "KV_TYPE", ["F32", "F16", "Q8_0"]),
    flashAttention: oneOf(env, "FLASH_ATTENTION", ["off", "on"]) === "on",
    batchSize: integer(env, "BATCH_SIZE", 512, 1, 8192),
    contextSize: integer(env, "CONTEXT_SIZE", 1024, 64, 1_048_576),
    promptLookup: integer(env, "PROMPT_LOOKUP", 0, 0, 64),
    gpu: oneOf(env, "GPU", ["off", "auto"]),
  };
  if (settings.kvType === "Q8_0" && !settings.flashAttention) {
    throw new SettingError("KV_TYPE Q8_0 needs FLASH_ATTENTION on");
  }
  return settings;
}
