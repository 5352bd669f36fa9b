import { describe, expect, it } from "vitest";
import { withFloats } from "../../../src/runner/official/official-floats.ts";
import {
  float,
  officialJson,
  officialLine,
  parseOfficialJson,
} from "../../../src/runner/official/official-json.ts";

describe("parseOfficialJson", () => {
  it("reads bare Infinity and NaN, and leaves them alone inside strings", () => {
    const text = '{"rate": Infinity, "low": -Infinity, "x": NaN, "text": "Infinity, \\" NaN", "list": [NaN]}';
    expect(parseOfficialJson(text)).toEqual({
      rate: Number.POSITIVE_INFINITY,
      low: Number.NEGATIVE_INFINITY,
      x: null,
      text: 'Infinity, " NaN',
      list: [null],
    });
  });

  it("reads strings of megabytes with escapes and line separators", () => {
    const text = 'a\\\n\u2028"'.repeat(500_000);
    expect(parseOfficialJson(JSON.stringify({ text }))).toEqual({ text });
  });

  it("rejects what is no JSON of Python either", () => {
    expect(() => parseOfficialJson("{a: 1}")).toThrow(SyntaxError);
  });
});

describe("officialJson", () => {
  it("lays files out as Python does", () => {
    expect(officialJson({ b: [1, "é"], a: { d: null, c: true }, e: [] })).toBe(
      '{\n  "a": {\n    "c": true,\n    "d": null\n  },\n  "b": [\n    1,\n    "\\u00e9"\n  ],\n  "e": []\n}',
    );
    expect(officialLine({ b: 1, a: [1, 2], r: Number.POSITIVE_INFINITY })).toBe(
      '{"a": [1, 2], "b": 1, "r": Infinity}\n',
    );
  });

  it("writes letters beyond ASCII as escapes, but for the rows of decoded texts", () => {
    expect(officialLine(["é\u007f😀\n"])).toBe('["\\u00e9\\u007f\\ud83d\\ude00\\n"]\n');
    expect(officialLine(["é😀"], { unicode: true })).toBe('["é😀"]\n');
  });

  it("writes floats as Python prints them", () => {
    const values = [0, -0, 100, 2.5, 0.0001, 0.00001, 1e-7, 1e15, 1e16, 1.5e300, 1 / 3];
    expect(officialLine(values.map(float))).toBe(
      "[0.0, -0.0, 100.0, 2.5, 0.0001, 1e-05, 1e-07, 1000000000000000.0, 1e+16, 1.5e+300, 0.3333333333333333]\n",
    );
    expect(officialLine(withFloats({ completed: 2, tps: 2, ttfts: [1], mean_itl_ms: 0, errors: [""] }))).toBe(
      '{"completed": 2, "errors": [""], "mean_itl_ms": 0.0, "tps": 2.0, "ttfts": [1.0]}\n',
    );
  });
});
