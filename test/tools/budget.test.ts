import { expect, test } from "vitest";
import { fitInto } from "../../src/tools/support/budget.ts";

const items = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ text: `item ${index}`.padEnd(40) }));

test("what fits is all there, and nothing is said to be left out", () => {
  const fitted = fitInto({ summary: "s" }, { a: items(3), b: items(2) }, 4000);
  expect(fitted).toEqual({ summary: "s", a: items(3), b: items(2) });
});

test("an answer stays within its budget, counts what it left out, and starves no list", () => {
  for (const budget of [500, 1200, 3000]) {
    const fitted = fitInto({ summary: "s" }, { a: items(50), b: items(50), c: [] }, budget);
    expect(JSON.stringify(fitted).length).toBeLessThanOrEqual(budget);
    expect(Math.abs(fitted.a.length - fitted.b.length)).toBeLessThanOrEqual(1);
    expect(fitted.left_out).toEqual({ a: 50 - fitted.a.length, b: 50 - fitted.b.length });
  }
});

test("an item too large for the budget does not block the other lists", () => {
  const fitted = fitInto({ summary: "s" }, { a: [{ text: "x".repeat(5000) }], b: items(2) }, 800);
  expect(fitted.a).toEqual([]);
  expect(fitted.b).toHaveLength(2);
  expect(fitted.left_out).toEqual({ a: 1 });
});
