import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { pythonRandom } from "../../../src/runner/stats/python-random.ts";

describe("pythonRandom", () => {
  it("gives Python's first 32-bit outputs for seed 1", () => {
    const random = pythonRandom(1);
    expect([random.nextUint32(), random.nextUint32(), random.nextUint32()]).toEqual([
      577090037, 2444712010, 3639700191,
    ]);
  });

  it("gives Python's first float for seed 1", () => {
    expect(pythonRandom(1).random()).toBe(0.13436424411240122);
  });

  it("gives Python's first float for seeds of other sizes", () => {
    expect(pythonRandom(0).random()).toBe(0.8444218515250481);
    expect(pythonRandom(2 ** 40 + 5).random()).toBe(0.5043802970418443);
  });

  it("shuffles 128 items into the official order", () => {
    const order = pythonRandom(1).shuffle(Array.from({ length: 128 }, (_, i) => i));
    expect(order.slice(0, 10)).toEqual([14, 46, 71, 36, 95, 113, 84, 17, 4, 51]);
    expect(createHash("sha256").update(order.join(",")).digest("hex")).toBe(
      "4252ecad96324c5714ab4d76c2dab6d4eeb4424c3be80d6a626ad65c38bfd51e",
    );
  });

  it("leaves its argument as it is and shuffles short lists", () => {
    const items = Object.freeze(["a"]);
    expect(pythonRandom(1).shuffle(items)).toEqual(["a"]);
    expect(pythonRandom(1).shuffle([])).toEqual([]);
  });
});
