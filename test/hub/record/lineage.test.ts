import { expect, test } from "vitest";
import { type Descent, lineageOf } from "../../../src/hub/record/lineage.ts";
import { digestOf } from "../support.ts";

let minute = 0;
const one = (author: string, more: Partial<Descent> = {}): Descent => ({
  filename: `20260612-00${String(minute++).padStart(2, "0")}00-000_${author}.md`,
  author,
  stackDigest: null,
  parents: [],
  reproduces: null,
  stands: true,
  ...more,
});

test("depth counts the steps to the farthest root, over filenames and digests", () => {
  const root = one("ada", { stackDigest: digestOf("1") });
  const child = one("bob", { stackDigest: digestOf("2"), parents: [digestOf("1")] });
  const grandchild = one("cy", { stackDigest: digestOf("3"), parents: [root.filename, child.filename] });
  const stranger = one("dan", { parents: [digestOf("9"), "20250101-000000-000_x.md"] });
  const lineage = lineageOf([grandchild, stranger, child, root]);
  expect([root, child, grandchild, stranger].map(({ filename }) => lineage.depth(filename))).toEqual([
    0, 1, 2, 0,
  ]);
});

test("a verbatim reproduction stands where the original stands", () => {
  const root = one("ada", { stackDigest: digestOf("1") });
  const child = one("bob", { stackDigest: digestOf("2"), parents: [root.filename] });
  const again = one("cy", {
    stackDigest: digestOf("2"),
    parents: [child.filename],
    reproduces: child.filename,
  });
  expect(lineageOf([root, child, again]).depth(again.filename)).toBe(1);
});

test("cycles and self-parents end", () => {
  const a = one("ada", { stackDigest: digestOf("1"), parents: [digestOf("2"), digestOf("1")] });
  const b = one("bob", { stackDigest: digestOf("2"), parents: [digestOf("1")] });
  const loop = one("cy");
  const self = { ...loop, parents: [loop.filename], reproduces: loop.filename };
  const lineage = lineageOf([a, b, self]);
  expect([a, b, self].map(({ filename }) => lineage.depth(filename))).toEqual([0, 1, 0]);
});

test("a chain of ten thousand is counted without recursion", () => {
  const chain: Descent[] = [];
  for (let index = 0; index < 10_000; index++) {
    const parents = chain.slice(-1).map(({ filename }) => filename);
    chain.push({ ...one("ada"), filename: `${String(index).padStart(8, "0")}-000000-000_ada.md`, parents });
  }
  expect(lineageOf(chain).depth(chain.at(-1)?.filename ?? "")).toBe(9999);
});

test("reproductions are standing results of others with the same stack", () => {
  const stackDigest = digestOf("1");
  const mine = one("ada", { stackDigest });
  const others = [
    one("ada", { stackDigest }),
    one("bob", { stackDigest }),
    one("cy", { stackDigest }),
    one("dan", { stackDigest, stands: false }),
    one("eve", { stackDigest: digestOf("2") }),
  ];
  const lineage = lineageOf([mine, ...others]);
  expect(lineage.reproductions(mine)).toBe(2);
  expect(lineage.reproductions(one("zed"))).toBe(0);
});
