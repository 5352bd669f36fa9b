import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * What a process of a run finds in its environment: only what is named here. Tokens, agent settings and stray
 * variables such as a `MODEL_ID` of the caller's shell are never among it (benchmark-protocol 1.3).
 */
type Environment = Record<string, string>;

const BASE = ["PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ"];
/** Where a driver was put beside the system's own libraries, and which GPUs are to be seen. */
const GPU = [
  "LD_LIBRARY_PATH",
  "CUDA_HOME",
  "CUDA_PATH",
  "CUDA_DEVICE_ORDER",
  "CUDA_VISIBLE_DEVICES",
  "NVIDIA_VISIBLE_DEVICES",
  "NVIDIA_DRIVER_CAPABILITIES",
];
const WINDOWS = ["SystemRoot", "ComSpec", "PATHEXT", "windir", "TEMP", "TMP"];
/** What reaches package registries: proxies, certificates, the user's own registry settings. */
const INSTALLER =
  /^(?:HOME|USER|USERPROFILE|APPDATA|LOCALAPPDATA|TMPDIR|(?:https?|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(?:npm_config|pip|uv)_.+)$/i;

function pick(parent: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Environment {
  return Object.fromEntries(
    Object.entries(parent).flatMap(([name, value]) =>
      value !== undefined && wanted(name) ? [[name, value]] : [],
    ),
  );
}

const named = (names: readonly string[]) => (name: string) => names.includes(name);

/** For installers, which need the network and run no code of the stack. */
export const installerEnvironment = (parent: NodeJS.ProcessEnv): Environment =>
  pick(parent, (name) => named([...BASE, ...WINDOWS])(name) || INSTALLER.test(name));

/** For the supervisor of a run: what its installers and servers may get, and the choice of SQLite driver. */
export const supervisorEnvironment = (parent: NodeJS.ProcessEnv): Environment => ({
  ...pick(parent, named([...BASE, ...GPU, ...WINDOWS, "COLLABS_SQLITE"])),
  ...installerEnvironment(parent),
});

export interface ServerEnvironment {
  parent: NodeJS.ProcessEnv;
  /** The manifest's; it goes over everything but PATH's front and PORT. */
  manifestEnv: Readonly<Record<string, string>>;
  modelId: string;
  servedModelName: string;
  port: number;
  /** Directory of the installed dependencies and of their programs. */
  environment: { dir: string; bin: string; virtual: boolean } | undefined;
  /** Takes the server's home and temporary files; removed with the run's end. */
  scratchDir: string;
  /** Keeps downloaded weights from one run to the next. */
  hubCacheDir: string;
  /** Set for a GPU: the one that the run was given. */
  gpuIndex: number | undefined;
}

/** For a stack's server, in the official order of precedence (benchmark-protocol 1.3). Creates the scratch folders. */
export async function serverEnvironment(options: ServerEnvironment): Promise<Environment> {
  const home = join(options.scratchDir, "home");
  const temporary = join(options.scratchDir, "tmp");
  await Promise.all([home, temporary].map((dir) => mkdir(dir, { recursive: true })));
  const { environment, manifestEnv, parent } = options;
  const separator = process.platform === "win32" ? ";" : ":";
  const path = manifestEnv.PATH ?? parent.PATH ?? "";
  return {
    ...pick(parent, named([...BASE, ...GPU, ...WINDOWS])),
    HOME: home,
    TMPDIR: temporary,
    HF_HUB_CACHE: options.hubCacheDir,
    ...(options.gpuIndex !== undefined && { CUDA_VISIBLE_DEVICES: String(options.gpuIndex) }),
    MODEL_ID: options.modelId,
    SERVED_MODEL_NAME: options.servedModelName,
    HOST: "127.0.0.1",
    ...manifestEnv,
    PYTHONDONTWRITEBYTECODE: "1",
    ...(environment && {
      COLLABS_ENV_DIR: environment.dir,
      PATH: `${environment.bin}${separator}${path}`,
      ...(environment.virtual && { VIRTUAL_ENV: environment.dir }),
    }),
    PORT: String(options.port),
  };
}
