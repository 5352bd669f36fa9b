import { describe, expect, test } from "vitest";
import { mentionsIn, refsIn, route } from "../../../src/hub/record/mentions.ts";

describe("mentions in a text", () => {
  test.each([
    ["@b and @a, then @b again", ["b", "a"]],
    ["@agent-1.", ["agent-1"]],
    ["@agent-1- x", ["agent-1"]],
    ["@Agent-1", []],
    ["@a_b", ["a"]],
    ["mail me at ada@example.com", []],
    ["a+b@c.d, x%@y, z-@w", []],
    ["https://example.com/@ab", ["ab"]],
    ["(@ada)", ["ada"]],
    ["```\n@in-code\n```", ["in-code"]],
    [`@${"a".repeat(45)}`, ["a".repeat(40)]],
    ["@", []],
  ])("%j", (text, handles) => {
    expect(mentionsIn(text)).toEqual(handles);
  });
});

test.each([
  [undefined, []],
  [null, []],
  ["a.md", ["a.md"]],
  ["a.md, b.md\nc.md", ["a.md", "b.md", "c.md"]],
  [
    [" a.md ", "b", 5, "c.md"],
    ["a.md", "c.md"],
  ],
  [42, []],
  [{ a: "b.md" }, []],
])("refs %j are %j", (value, refs) => {
  expect(refsIn(value)).toEqual(refs);
});

describe("routing", () => {
  const known = (handle: string) => /^agent-\d+$/.test(handle);
  const of = (body: string, refs: string[] = []) => route({ author: "agent-0", body, refs }, known);

  test("mentions come first, then authors of what is referred to, each once, never oneself", () => {
    expect(
      of("@agent-2 @agent-0 @agent-1 @agent-2", [
        "20260612-000000-000_agent-3.md",
        "20260612-000000-000_agent-1.md",
        "20260612-000000-000_agent-0.md",
        "20260612-000000-000_human-ann.md",
        "20260612-000000_human-user_0123abcd.md",
      ]).delivered,
    ).toEqual(["agent-2", "agent-1", "agent-3", "human-ann"]);
  });

  test("people are reached without registration, a bare human and @all never", () => {
    expect(of("@human-cmpatino @human @all @here @nobody")).toEqual({
      delivered: ["human-cmpatino"],
      unknown: ["human", "all", "here", "nobody"],
    });
  });

  test("ten are reached, the first ones; unknown ones take no place", () => {
    const handles = Array.from({ length: 14 }, (_, index) => `@agent-${index + 1}`);
    const { delivered } = of(`@nobody ${handles.join(" ")}`);
    expect(delivered).toEqual(handles.slice(0, 10).map((handle) => handle.slice(1)));
  });
});
