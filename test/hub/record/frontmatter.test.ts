import { describe, expect, test } from "vitest";
import {
  assertWritable,
  entryText,
  FRONTMATTER_BYTES,
  frontmatterLines,
  mergeFrontmatter,
  parseEntry,
  readEntry,
} from "../../../src/hub/record/frontmatter.ts";

const fields = (yaml: string) => parseEntry(`---\n${yaml}\n---\n`).frontmatter;

describe("cutting a file", () => {
  test.each([
    ["plain text", { frontmatter: {}, body: "plain text" }],
    ["---\na: 1\n---\nbody", { frontmatter: { a: 1 }, body: "body" }],
    ["---\na: 1\n---\n\nbody\n", { frontmatter: { a: 1 }, body: "\nbody\n" }],
    ["---\n\n\na: 1\n---", { frontmatter: { a: 1 }, body: "" }],
    // An empty block is not recognised, a longer run of dashes ends one.
    ["---\n---\nbody", { frontmatter: {}, body: "---\n---\nbody" }],
    ["---\na: 1\n-----\nbody", { frontmatter: { a: 1 }, body: "--\nbody" }],
    ["---\na: 1", { frontmatter: {}, body: "---\na: 1" }],
    ["---\n# only a comment\n---\nbody", { frontmatter: {}, body: "body" }],
  ])("%j", (text, parts) => {
    expect(parseEntry(text)).toEqual(parts);
  });
});

describe("YAML 1.1 as PyYAML types it", () => {
  test.each([
    ["1e3", "1e3"],
    ["1.0e3", "1.0e3"],
    ["5e-1", "5e-1"],
    ["142,7", "142,7"],
    ["1.0e+3", 1000],
    ["1_000", 1000],
    ["012", 10],
    ["0x1F", 31],
    ["0b101", 5],
    ["-0o7", "-0o7"],
    ["1:30", 90],
    ["12:30:45", 45045],
    ["yes", true],
    ["on", true],
    ["Off", false],
    ["y", "y"],
    ["~", null],
    ["412.7", 412.7],
    ["-.5", "-.5"],
    [".5", 0.5],
    ["-.inf", Number.NEGATIVE_INFINITY],
    [".nan", Number.NaN],
    ["2026-06-12", "2026-06-12"],
    ["2026-06-12T10:00:00Z", "2026-06-12T10:00:00Z"],
    ["2026-06-12 10:00 UTC", "2026-06-12 10:00 UTC"],
    ["!!str 5", "5"],
  ])("%s", (text, value) => {
    expect(fields(`key: ${text}`)).toEqual({ key: value });
  });

  test("keys are text, and the later of two counts", () => {
    expect(fields("n: 1\n5: five\ny: 2\nn: 3")).toEqual({ n: 3, "5": "five", y: 2 });
  });
});

describe("what is not taken", () => {
  test.each([
    ["an alias", "a: &x [1]\nb: *x"],
    ["an unknown tag", "a: !python/object:os.system {}"],
    ["a binary tag", "a: !!binary aGk="],
    ["broken YAML", "description: precache: kenyan stack"],
    ["a list", "- 1\n- 2"],
    ["a scalar", "just words"],
    ["too much", `a: ${"x".repeat(FRONTMATTER_BYTES)}`],
  ])("%s is refused before a write and degrades on a read", (_, yaml) => {
    const text = `---\n${yaml}\n---\nbody`;
    expect(() => parseEntry(text)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(readEntry(text)).toEqual({ frontmatter: {}, body: text, parseError: true });
  });

  test("an error never repeats the words of the file", () => {
    for (const yaml of ["secret: precache: words", "a: *secret", "a: !secret 1"]) {
      expect(() => fields(yaml)).not.toThrow(/secret/);
    }
  });

  test("an expansion bomb is refused without expanding", () => {
    const bomb = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"];
    for (let i = 1; i < 12; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(",")}]`,
      );
    const start = performance.now();
    expect(() => fields(bomb.join("\n"))).toThrow();
    expect(performance.now() - start).toBeLessThan(500);
  });

  test("no key reaches a prototype", () => {
    const parsed = fields(
      "__proto__: {polluted: yes}\nconstructor: {prototype: {polluted: yes}}\na: {__proto__: {b: 1}}",
    );
    expect(Object.keys(parsed)).toEqual(["constructor", "a"]);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
    expect(mergeFrontmatter(JSON.parse('{"__proto__": {"polluted": 1}}'), {})).toEqual({});
  });

  test.each([
    ["NaN", { a: [{ b: Number.NaN }] }, "frontmatter.a[0].b"],
    ["infinity", { a: Number.POSITIVE_INFINITY }, "frontmatter.a"],
    ["a control character", { a: "x\u0007" }, "frontmatter.a"],
    ["half a surrogate pair", { a: "\ud83d" }, "frontmatter.a"],
    ["a function", { a: () => 1 }, "frontmatter.a"],
    ["undefined inside a list", { a: [undefined] }, "frontmatter.a[0]"],
    ["__proto__", JSON.parse('{"__proto__": 1}'), "__proto__"],
    ["too much", { a: "x".repeat(FRONTMATTER_BYTES) }, "bytes"],
  ])("%s cannot be written, and the error names the place", (_, frontmatter, place) => {
    expect(() => assertWritable(frontmatter)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(place) }),
    );
  });

  test("endless nesting cannot be written", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => assertWritable(loop)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("writing", () => {
  const tricky = {
    score: 412.7,
    tiny: 1e-7,
    huge: 1e21,
    negative: -0.5,
    count: 3,
    yes: "yes",
    exponent: "1e3",
    float: "1.0e+3",
    octal: "012",
    time: "1:30",
    date: "2026-06-12",
    moment: "2026-06-12 13:45 UTC",
    colon: "precache: kenyan stack",
    hash: "a # b",
    dashes: "---\nnot the end",
    lines: "one\ntwo\n",
    blank: "",
    none: null,
    flag: false,
    list: ["a", "@b", { c: 1 }],
    unicode: "é 漢字 😀",
    n: 1,
    "=": "<<",
  };

  test("every value comes back as it was, the body with one line end before it", () => {
    const text = entryText({ frontmatter: tricky, body: "hello" });
    expect(parseEntry(text)).toEqual({ frontmatter: tricky, body: "\nhello\n" });
    expect(Object.keys(parseEntry(text).frontmatter)).toEqual(Object.keys(tricky));
  });

  test.each(["one\ntwo\n", "\n", "\t\n\n", `${"long ".repeat(60)}\n---\n`])(
    "%j survives as the last value",
    (value) => {
      expect(parseEntry(entryText({ frontmatter: { value }, body: "" })).frontmatter).toEqual({ value });
    },
  );

  test("the layout is that of the protocol", () => {
    expect(entryText({ frontmatter: { type: "agent", refs: ["a.md"] }, body: "hi" })).toBe(
      "---\ntype: agent\nrefs:\n  - a.md\n---\n\nhi\n",
    );
    expect(entryText({ frontmatter: { a: 1 }, body: "\nhi\n" })).toBe("---\na: 1\n---\n\nhi\n");
    expect(entryText({ frontmatter: { a: 1 }, body: "" })).toBe("---\na: 1\n---\n");
  });

  test("the server's keys win and follow the client's", () => {
    const merged = mergeFrontmatter({ agent: "forged", type: "plan" }, { agent: "ada", via: "raw" });
    expect(Object.entries(merged)).toEqual([
      ["agent", "ada"],
      ["type", "plan"],
      ["via", "raw"],
    ]);
  });

  test("q looks at one key and value a line", () => {
    expect(frontmatterLines({ method: "fp8", tps: 412.7, refs: ["a.md"] })).toBe(
      'method: fp8\ntps: 412.7\nrefs: ["a.md"]',
    );
  });
});
