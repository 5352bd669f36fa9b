// The project's figures, measured on this machine and printed as one table: `npm run bench`.
// Parts can be chosen: `npm run bench -- startup record growth runner`. Nothing here decides whether tests pass.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureGrowth, measureRecord } from "./record.mjs";
import { measureRunner } from "./runner.mjs";
import { measureStartup } from "./startup.mjs";

const PARTS = {
  startup: measureStartup,
  record: measureRecord,
  growth: measureGrowth,
  runner: measureRunner,
};
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

const rows = [];
for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) {
  const home = mkdtempSync(join(tmpdir(), "collabs-bench-"));
  console.error(`measuring ${name} …`);
  try {
    rows.push(...(await PARTS[name](home)));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const table = [
  ["figure", "measured", "goal", ""],
  ...rows.map(({ figure, value, unit, goal, note = "" }) => [
    figure,
    `${Number(value.toPrecision(3))} ${unit}`,
    goal === undefined ? "" : `<= ${goal} ${unit}`,
    goal === undefined ? note : `${value <= goal ? "ok" : "OVER"} ${note}`.trim(),
  ]),
];
const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
for (const row of table)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
