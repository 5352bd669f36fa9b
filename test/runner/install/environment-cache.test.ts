import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { cachedEnvironment } from "../../../src/runner/install/environment-cache.ts";
import { runInstaller } from "../../../src/runner/install/installer.ts";
import { openCappedLog } from "../../../src/runner/machine/capped-log.ts";
import { type GroupId, startGroup } from "../../../src/runner/machine/process-group.ts";

const scratch = mkdtempSync(join(tmpdir(), "environment-cache-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const WRITES_ON = `const fs = require("node:fs");
setInterval(() => { fs.mkdirSync("left/over", { recursive: true }); fs.writeFileSync("left/over/" + process.hrtime.bigint(), ""); }, 1);`;

const context = () => ({
  envsDir: join(scratch, "envs"),
  env: { PATH: process.env.PATH ?? "" },
  log: openCappedLog(join(scratch, "install.log")),
  logPath: join(scratch, "install.log"),
  signal: new AbortController().signal,
  progress: () => {},
  graceSeconds: 0,
  onGroup: async () => {},
});

it("an installer that outlived its run is ended before its directory is built anew", async () => {
  const install = { file: process.execPath, args: ["-e", ""], requirements: [] };
  const { dir } = await cachedEnvironment(["x"], context(), (at, building) =>
    runInstaller({ ...install, dir: at }, building),
  );
  expect(existsSync(`${dir}.group`)).toBe(false);

  // What a supervisor leaves that was killed: no mark, a living installer, and its record.
  rmSync(join(dir, ".complete"));
  const orphan = await startGroup({
    ...install,
    args: ["-e", WRITES_ON],
    cwd: dir,
    env: {},
    log: context().log,
  });
  writeFileSync(`${dir}.group`, JSON.stringify(orphan.id));
  while (!existsSync(join(dir, "left"))) await sleep(10);

  const recorded: (GroupId | undefined)[] = [];
  const again = await cachedEnvironment(
    ["x"],
    { ...context(), onGroup: async (group) => void recorded.push(group) },
    async (at, building) => {
      expect(orphan.members()).toEqual([]);
      expect(readdirSync(at)).toEqual([]);
      mkdirSync(join(at, "fresh"));
      await building.onGroup(orphan.id);
      expect(existsSync(`${at}.group`)).toBe(true);
      await building.onGroup(undefined);
    },
  );
  expect(again).toEqual({ dir, reused: false });
  expect(recorded).toEqual([orphan.id, undefined]);
  expect(readdirSync(join(dir, "..")).filter((name) => name.startsWith(`${basename(dir)}.group`))).toEqual(
    [],
  );
  await orphan.stop(0);
});
