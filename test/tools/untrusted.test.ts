import { describe, expect, test } from "vitest";
import { clean, cleanUntrusted, excerpt } from "../../src/tools/support/untrusted.ts";

describe("text by others", () => {
  test.each([
    ["tag characters", `a\u{e0041}\u{e007f}b`, "ab"],
    ["bidirectional overrides", "a\u202eb\u2066c\u2069d", "abcd"],
    ["zero-width characters", "a\u200bb\u200dc\ufeffd", "abcd"],
    ["variation selectors and fillers", "a\ufe0fb\u3164c\u115fd", "abcd"],
    ["terminal escapes", "\u001b[31mred\u001b[0m \u001b]0;title\u0007x", "red x"],
    ["control characters but tab and newline", "a\u0000\u0007\tb\nc\u009bd", "a\tb\ncd"],
    ["halves that join once the middle is gone", "\u001b\u200b[31mred", "red"],
    [
      "an unfinished sequence, but not the text after it",
      "\u001b]0;title and all the rest",
      "0;title and all the rest",
    ],
    ["carriage returns", "a\r\nb\rc", "a\nb\nc"],
    ["stray surrogates", "a\ud800b", "a\ufffdb"],
  ])("loses %s", (_, dirty, cleaned) => {
    expect(clean(dirty)).toBe(cleaned);
  });

  test("keeps clean text of any script as it is, and cleaning twice changes nothing", () => {
    const texts = [
      "plain, punctuated: text!",
      "日本語 العربية עברית Ελληνικά हिन्दी 한국어",
      "tabs\tand\nlines",
      "🚀 emoji",
    ];
    for (const text of texts) expect(clean(text)).toBe(text);
    const dirty = "x\u200b\u001b\u202e[31m\u{e0041}y";
    expect(clean(clean(dirty))).toBe(clean(dirty));
  });

  test("is cleaned in every untrusted field however deep, and nowhere else", () => {
    const answer = {
      summary: "a\u200bb",
      rows: [{ untrusted_method: "m\u200b", sub: { untrusted_list: ["l\u202e", { k: "v\u200b" }] } }],
    };
    expect(cleanUntrusted(answer)).toEqual({
      summary: "a\u200bb",
      rows: [{ untrusted_method: "m", sub: { untrusted_list: ["l", { k: "v" }] } }],
    });
  });

  test("makes a one-line excerpt of bounded length", () => {
    expect(excerpt("first\n\nsecond   third", 80)).toBe("first second third");
    expect(excerpt("x".repeat(100), 10)).toHaveLength(10);
  });
});
