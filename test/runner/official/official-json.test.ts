import { describe, expect, it } from "vitest";
import { officialJson, officialLine, parseOfficialJson } from "../../../src/runner/official/official-json.ts";

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
      '{\n  "a": {\n    "c": true,\n    "d": null\n  },\n  "b": [\n    1,\n    "é"\n  ],\n  "e": []\n}',
    );
    expect(officialLine({ b: 1, a: [1, 2], r: Number.POSITIVE_INFINITY })).toBe(
      '{"a": [1, 2], "b": 1, "r": Infinity}\n',
    );
  });
});
