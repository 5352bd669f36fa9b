import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { median } from "./statistics.mjs";

const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const HELLO = `${JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "0" } },
})}\n`;

const start = async (home) => {
  const began = performance.now();
  const server = spawn(process.execPath, [CLI], {
    env: { PATH: process.env.PATH, COLLABS_HOME: home, COLLABS_LOG_LEVEL: "silent" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  server.stdin.write(HELLO);
  await new Promise((resolve) => server.stdout.once("data", resolve));
  return { server, milliseconds: performance.now() - began };
};

const stop = ({ server }) =>
  new Promise((resolve) => {
    server.once("exit", resolve);
    server.stdin.end();
  });

/** Resident memory from /proc; where there is none, not measured. */
const residentMb = ({ server }) => {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1];
  return Number(kb) / 1024;
};

/** From the start of the process to the answer of `initialize`, and the memory of a server that waits. */
export async function measureStartup(home) {
  await stop(await start(home));
  const times = [];
  for (let round = 0; round < 10; round++) {
    const started = await start(home);
    times.push(started.milliseconds);
    await stop(started);
  }
  const idle = await start(home);
  await sleep(2000);
  const memory = process.platform === "linux" ? residentMb(idle) : Number.NaN;
  await stop(idle);
  return [
    {
      figure: "initialize answered after",
      value: median(times),
      unit: "ms",
      goal: 400,
      note: `median of 10, worst ${Math.round(Math.max(...times))}`,
    },
    { figure: "memory of an idle server", value: memory, unit: "MB", goal: 120, note: "resident" },
  ];
}
