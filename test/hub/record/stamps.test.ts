import { describe, expect, test } from "vitest";
import {
  apiTime,
  authorOfFilename,
  entryFilename,
  frontmatterTime,
  msOf,
  nextStamp,
  parseTime,
  stampOf,
} from "../../../src/hub/record/stamps.ts";
import { NOON } from "../support.ts";

const STAMP = "20260612-134507-042";

test("a time has the four forms of the protocol", () => {
  expect(stampOf(NOON)).toBe(STAMP);
  expect(msOf(STAMP)).toBe(NOON);
  expect(apiTime(STAMP)).toBe("2026-06-12T13:45:07.042Z");
  expect(frontmatterTime(STAMP)).toBe("2026-06-12 13:45 UTC");
  expect(entryFilename(STAMP, "byte-bandit")).toBe("20260612-134507-042_byte-bandit.md");
});

test("the next stamp carries over", () => {
  expect(nextStamp("20261231-235959-999")).toBe("20270101-000000-000");
});

test.each([
  ["20260612-134507-042_byte-bandit.md", "byte-bandit"],
  ["20260612-134507_human-user_0123abcd.md", "human-user_0123abcd"],
  ["notes_by_me.md", "notes_by_me"],
  ["byte-bandit.md", "byte-bandit"],
])("%s is by %s", (filename, author) => {
  expect(authorOfFilename(filename)).toBe(author);
});

describe("since and until", () => {
  test.each([
    ["20260612", "20260612-000000-000"],
    ["20260612-134507", "20260612-134507-000"],
    [STAMP, STAMP],
    ["2026-06-12", "20260612-000000-000"],
    ["2026-06-12T13:45:07.042Z", STAMP],
    ["2026-06-12T13:45:07.0429", STAMP],
    ["2026-06-12 13:45:07.042", STAMP],
    ["2026-06-12T15:45:07.042+02:00", STAMP],
    ["2026-06-12T13:45", "20260612-134500-000"],
  ])("%s is %s", (text, stamp) => {
    expect(parseTime(text, "since")).toBe(stamp);
  });

  test.each([
    "yesterday",
    "",
    "2026-02-30",
    "2026-13-01",
    "2026-06-12T25:00Z",
    "20260612-1345",
    "1718200000",
  ])("%j is no time, and the error says what is", (text) => {
    expect(() => parseTime(text, "since")).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        hint: expect.stringContaining("20260612-134507-042"),
      }),
    );
  });
});
