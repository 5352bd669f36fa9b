import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type InstallContext, runInstaller } from "../../../src/runner/install/installer.ts";
import { openCappedLog } from "../../../src/runner/machine/capped-log.ts";
import { installerEnvironment } from "../../../src/runner/machine/process-environment.ts";
import { parseManifest } from "../../../src/runner/stack/manifest.ts";
import { environmentStage } from "../../../src/runner/stages/environment.ts";
import { toyRegistry } from "../support/toy-registry.ts";

const scratch = mkdtempSync(join(tmpdir(), "environment-"));
let registry: Awaited<ReturnType<typeof toyRegistry>>;
beforeAll(async () => {
  registry = await toyRegistry(join(scratch, "registry"));
});
afterAll(() => {
  registry.close();
  rmSync(scratch, { recursive: true, force: true });
});

let runs = 0;
function context(env: Record<string, string>, fields: Partial<InstallContext> = {}): InstallContext {
  const logPath = join(scratch, `install-${++runs}.log`);
  return {
    envsDir: join(scratch, "envs"),
    env: { ...installerEnvironment(process.env), ...env },
    log: openCappedLog(logPath),
    logPath,
    signal: new AbortController().signal,
    progress: () => {},
    graceSeconds: 0.5,
    onGroup: async () => {},
    ...fields,
  };
}
const manifest = (dependencies: string[], runtime = "node") =>
  parseManifest(JSON.stringify({ serve: ["node", "x.mjs"], runtime, dependencies }));

describe("the environment of a Node stack", () => {
  it("is not needed without dependencies", async () => {
    const environment = await environmentStage(manifest([]), context({}));
    expect(environment).toEqual({ interpreter: process.execPath, installed: undefined });
  });

  it("is installed once for all who need the same at once, running no script of a package", async () => {
    const wanted = manifest(["toy-package@1.0.0"]);
    const [a, b] = await Promise.all([
      environmentStage(wanted, context(registry.env)),
      environmentStage(wanted, context(registry.env)),
    ]);
    expect(a.installed?.dir).toBe(b.installed?.dir);
    expect([a.installed?.reused, b.installed?.reused].sort()).toEqual([false, true]);
    expect(registry.downloads()).toBe(1);
    const installed = join(a.installed?.dir ?? "", "node_modules", "toy-package");
    expect(existsSync(join(installed, "index.js"))).toBe(true);
    expect(existsSync(join(installed, "SCRIPT-RAN"))).toBe(false);
    expect(existsSync(join(a.installed?.bin ?? "", "toy"))).toBe(true);
  });

  it("is built anew where an earlier attempt was cut off", async () => {
    const wanted = manifest(["toy-package@^1.0.0"]);
    const { installed } = await environmentStage(wanted, context(registry.env));
    rmSync(join(installed?.dir ?? "", ".complete"));
    rmSync(join(installed?.dir ?? "", "node_modules"), { recursive: true });
    const again = await environmentStage(wanted, context(registry.env));
    expect(again.installed).toEqual({ ...installed, reused: false });
    expect(existsSync(join(installed?.dir ?? "", "node_modules", "toy-package"))).toBe(true);
  });

  it("names the dependency that cannot be installed", async () => {
    for (const missing of ["toy-package@9.9.9", "no-such-toy@1.0.0"]) {
      const failing = environmentStage(manifest(["toy-package@1.0.0", missing]), context(registry.env));
      await expect(failing).rejects.toMatchObject({
        failure: { class: "install_failed", reason: `dependency "${missing}" could not be installed` },
      });
    }
  });

  it.each(["../outside", "https://example.org/x.tgz", "file:x", "-g", "git+ssh://x/y", "toy@file:../x"])(
    "takes packages of the registry only, not %s",
    async (spec) => {
      await expect(environmentStage(manifest([spec]), context(registry.env))).rejects.toMatchObject({
        failure: { class: "install_failed" },
      });
    },
  );

  it("stops installing when the run is cancelled", async () => {
    const controller = new AbortController();
    const reason = new Error("cancelled");
    const seen: (number | undefined)[] = [];
    const installing = environmentStage(
      manifest(["toy-package@~1.0.0"]),
      context(registry.env, {
        signal: controller.signal,
        onGroup: async (group) => {
          seen.push(group?.pid);
          if (group) controller.abort(reason);
        },
      }),
    );
    await expect(installing).rejects.toBe(reason);
    expect(seen).toEqual([expect.any(Number), undefined]);
    expect(() => process.kill(seen[0] ?? 0, 0)).toThrow();
  });
});

const python = spawnSync("python3", ["-c", "import venv, ensurepip"]).status === 0;

describe.skipIf(!python)("the environment of a Python stack (skipped without python3)", () => {
  it("is a virtual environment that is installed once and shared", async () => {
    const wheels = join(scratch, "wheels");
    makeWheel(wheels);
    const env = { PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheels, UV_NO_INDEX: "1", UV_FIND_LINKS: wheels };
    const wanted = manifest(["toy-wheel==1.0.0"], "python");
    const first = await environmentStage(wanted, context(env));
    expect(first.installed).toMatchObject({ virtual: true, reused: false });
    const said = execFileSync(first.interpreter, ["-c", "import toy_wheel; print(toy_wheel.ANSWER)"]);
    expect(String(said).trim()).toBe("42");
    expect((await environmentStage(wanted, context(env))).installed?.reused).toBe(true);

    const option = environmentStage(manifest(["--index-url=http://x"], "python"), context(env));
    await expect(option).rejects.toMatchObject({ failure: { class: "install_failed" } });
  }, 120_000);
});

it("names the requirement that an installer cannot find", async () => {
  const dir = mkdtempSync(join(scratch, "pip-"));
  const words =
    "ERROR: Could not find a version that satisfies the requirement no-such-toy==1 (from versions: none)";
  const failing = runInstaller(
    {
      file: process.execPath,
      args: ["-e", `process.stderr.write(${JSON.stringify(`${words}\n`)}); process.exit(1)`],
      dir,
      requirements: ["numpy==2.0.0", "no-such-toy==1"],
    },
    context({}),
  );
  await expect(failing).rejects.toMatchObject({
    failure: {
      class: "install_failed",
      reason: 'dependency "no-such-toy==1" could not be installed',
      rootCauseLines: [words],
    },
  });
});

it.each([
  [
    "process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 1e6)",
    "the installer of 2 dependencies was ended by SIGKILL",
  ],
  [
    "console.error('npm error code ENOSPC installing numpy'); process.exit(1)",
    "2 dependencies could not be installed: the disk is full",
  ],
  [
    "console.error('npm error request to numpy failed, reason: getaddrinfo EAI_AGAIN'); process.exit(1)",
    "2 dependencies could not be installed: the network or the package registry could not be reached",
  ],
])("blames no name for what the machine did: %s", async (script, reason) => {
  const requirements = ["numpy==2.0.0", "no-such-toy==1"];
  const command = { file: process.execPath, args: ["-e", script], dir: scratch, requirements };
  await expect(runInstaller(command, context({}))).rejects.toMatchObject({
    failure: { class: "install_failed", reason },
  });
});

/** A wheel is a zip of the module and three text files. */
function makeWheel(dir: string): void {
  const info = join(dir, "content", "toy_wheel-1.0.0.dist-info");
  mkdirSync(info, { recursive: true });
  writeFileSync(join(dir, "content", "toy_wheel.py"), "ANSWER = 42\n");
  writeFileSync(join(info, "METADATA"), "Metadata-Version: 2.1\nName: toy-wheel\nVersion: 1.0.0\n");
  writeFileSync(join(info, "WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
  writeFileSync(join(info, "RECORD"), "");
  const zip = "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])";
  const wheel = join(dir, "toy_wheel-1.0.0-py3-none-any.whl");
  execFileSync("python3", ["-c", zip, wheel, join(dir, "content")]);
  writeFileSync(wheel, readFileSync(`${wheel}.zip`));
}
