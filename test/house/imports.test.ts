import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

/** Who may import whom (docs/architecture.md), as places a room's files may reach. No arrow runs back up. */
const root = join(import.meta.dirname, "../../src");
const FLOOR = ["errors", "log", "paths", "tree", "challenge", "sqlite"];

const RULES: [room: RegExp, mayReach: RegExp][] = [
  [/^(?:errors|paths|tree|sqlite|log|challenge)$/, new RegExp(`^(?:${FLOOR.join("|")})$`)],
  [/^hub\/record\//, new RegExp(`^(?:hub/record/|(?:${FLOOR.join("|")})$)`)],
  [
    /^runner\/(stack|stats|models)\//,
    new RegExp(`^(?:runner/(?:stack|stats|models)/|(?:${FLOOR.join("|")})$)`),
  ],
  [/^hub\//, new RegExp(`^(?:hub/|(?:${FLOOR.join("|")})$)`)],
  [/^runner\//, new RegExp(`^(?:runner/|(?:${FLOOR.join("|")})$)`)],
  [
    /^tools\//,
    new RegExp(`^(?:tools/|hub/hub$|hub/record/|runner/runner$|runner/stack/|(?:${FLOOR.join("|")})$)`),
  ],
  [/^config$/, /^(?:errors|hub\/record\/entries|tools\/tool)$/],
  [/^assemble$/, /^(?!mcp\/|commands\/|cli$)/],
  [/^mcp\//, /^(?!commands\/|cli$)/],
  [/^commands\//, /^(?!cli$)/],
  [/^(?:cli|index)$/, /./],
];

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const IMPORT = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

function importsOf(file: string): string[] {
  return [...readFileSync(join(root, file), "utf8").matchAll(IMPORT)].map(([, path = ""]) => path);
}

const room = (path: string) => path.replaceAll("\\", "/").replace(/\.ts$/, "");

test("every file has a room with a rule", () => {
  const homeless = files.map(room).filter((file) => !RULES.some(([rooms]) => rooms.test(file)));
  expect(homeless).toEqual([]);
});

test("imports run down the house only", () => {
  const upward = files.flatMap((file) => {
    const rule = RULES.find(([rooms]) => rooms.test(room(file)));
    return importsOf(file)
      .filter((path) => path.startsWith("."))
      .map((path) => room(relative(root, join(root, dirname(file), path))))
      .filter((target) => !rule?.[1].test(target))
      .map((target) => `${room(file)} -> ${target}`);
  });
  expect(upward).toEqual([]);
});

test("nothing outside mcp/ knows the protocol's SDK", () => {
  const knowing = files.filter((file) =>
    importsOf(file).some((path) => path.startsWith("@modelcontextprotocol/")),
  );
  expect(knowing.filter((file) => !room(file).startsWith("mcp/"))).toEqual([]);
  expect(knowing.length).toBeGreaterThan(0);
});

test("no file of the source holds two concepts: at most 400 lines", () => {
  const long = files.filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 400);
  expect(long).toEqual([]);
});

test("stdout is written by the commands only: elsewhere it belongs to the protocol", () => {
  const writing = files.filter((file) =>
    /process\.stdout\.write|console\./.test(readFileSync(join(root, file), "utf8")),
  );
  expect(writing.map(room).filter((file) => !file.startsWith("commands/") && file !== "cli")).toEqual([]);
});
