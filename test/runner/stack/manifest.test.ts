import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseManifest, serveCommand } from "../../../src/runner/stack/manifest.ts";
import { directoryWith, manifestWith } from "../../fixtures/trees.ts";

const parse = (value: unknown) => parseManifest(JSON.stringify(value));

describe("a manifest", () => {
  test("needs only serve; the rest has the official defaults", () => {
    expect(parse({ serve: ["python", "serve.py"], dependencies: null })).toEqual({
      serve: ["python", "serve.py"],
      dependencies: [],
      model_id: "google/gemma-4-E4B-it",
      served_model_name: "gemma-4-e4b-it",
      port: 8000,
      env: {},
      runtime: "python",
    });
  });

  test("keeps unknown keys, and turns every value of env into the string the server will see", () => {
    const { env, theirs } = parse({
      serve: ["x"],
      theirs: [1],
      env: { A: 8, B: true, C: "c", D: { deep: 1 } },
    });
    expect(env).toEqual({ A: "8", B: "true", C: "c", D: '{"deep":1}' });
    expect(theirs).toEqual([1]);
  });

  test.each([
    [{}, "manifest.json: serve must be array, got nothing"],
    [{ serve: "python serve.py" }, "manifest.json: serve must be array, got string"],
    [{ serve: ["python", 3] }, "manifest.json: serve[1] must be string, got number"],
    [{ serve: ["x"], dependencies: ["a", null] }, "manifest.json: dependencies[1] must be string, got null"],
    [{ serve: ["x"], port: "abc" }, "manifest.json: port must be a whole number"],
    [{ serve: ["x"], port: 1.5 }, "manifest.json: port must be a whole number"],
    [[], "manifest.json: the whole must be object, got a list"],
  ])("names the path of what is wrong: %j", (value, message) => {
    expect(() => parse(value)).toThrow(message);
  });

  test.each([
    ["too large a file", `{"serve":["x"],"pad":"${"x".repeat(300_000)}"}`, /larger than/],
    ["too deep a nesting", `{"serve":["x"],"pad":${"[".repeat(5000)}${"]".repeat(5000)}}`, /nested deeper/],
    ["a poisoned key", '{"serve":["x"],"__proto__":{"polluted":true}}', /"__proto__" is not allowed/],
    ["no JSON", '{"serve": ["x",]}', /is not JSON/],
  ])("refuses %s", (_, json, message) => {
    const started = Date.now();
    expect(() => parseManifest(json)).toThrow(message);
    expect(Date.now() - started).toBeLessThan(5000);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("of every real submission parses", (context) => {
    const dir = join(import.meta.dirname, "../../../../shared/data/gemma-challenge/manifests");
    if (!existsSync(dir)) context.skip("../shared is not here");
    const files = readdirSync(dir);
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) expect(parseManifest(readFileSync(join(dir, file), "utf8")).port).toBe(8000);
  });
});

describe("what serve starts", () => {
  const command = (serve: string[], runtime = "node", dir = "/stack") =>
    serveCommand(parse({ serve, runtime }), dir, "/env/interpreter");

  test("is the environment's interpreter in place of its name, or before a script", () => {
    expect(command(["node", "serve.mjs", "-x"])).toEqual({
      file: "/env/interpreter",
      args: ["serve.mjs", "-x"],
    });
    expect(command(["serve.mjs"])).toEqual({ file: "/env/interpreter", args: ["/stack/serve.mjs"] });
    expect(command(["python3", "-m", "x"], "python")).toEqual({
      file: "/env/interpreter",
      args: ["-m", "x"],
    });
    expect(command(["serve.py"], "python")).toEqual({
      file: "/env/interpreter",
      args: ["/stack/serve.py"],
    });
  });

  test("is a program inside the stack by its path, or else as PATH finds it", () => {
    const dir = directoryWith({ "bin/run": "" });
    expect(command(["bin/run", "a"], "node", dir)).toEqual({ file: join(dir, "bin/run"), args: ["a"] });
    expect(command(["vllm", "serve"])).toEqual({ file: "vllm", args: ["serve"] });
    expect(parseManifest(manifestWith()).runtime).toBe("node");
  });
});
