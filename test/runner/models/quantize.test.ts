import { describe, expect, test } from "vitest";
import { ENCODINGS } from "../../../src/runner/models/quantize.ts";

const halves = (...values: number[]): number[] => [
  ...new Uint16Array(ENCODINGS.F16.encode(Float32Array.from(values)).buffer),
];
const block = (fill: (index: number) => number): Float32Array =>
  Float32Array.from({ length: 32 }, (_, i) => fill(i));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("F32 is the weights' own bits, little-endian", () => {
  expect(hex(ENCODINGS.F32.encode(Float32Array.of(1, -2.5)))).toBe("0000803f000020c0");
});

describe("F16", () => {
  test("rounds to nearest, ties to even", () => {
    expect(halves(0, -0, 1, -2, 0.1, 65504)).toEqual([0x0000, 0x8000, 0x3c00, 0xc000, 0x2e66, 0x7bff]);
    expect(halves(1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20)).toEqual([0x3c00, 0x3c02, 0x3c01]);
  });

  test("keeps numbers below the smallest normal one", () => {
    expect(halves(2 ** -14, 2 ** -24, 2 ** -25, 2 ** -25 * 1.5, 3 * 2 ** -25)).toEqual([0x0400, 1, 0, 1, 2]);
    expect(halves(2 ** -14 - 2 ** -26)).toEqual([0x0400]);
  });

  test("turns what is too large into infinity and leaves a NaN one", () => {
    expect(halves(65519, 65520, -1e9, Number.NaN)).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7e00]);
  });
});

describe("Q8_0", () => {
  test("scales a block by its largest magnitude, ties away from zero", () => {
    const weights = block((index) => [127, -127, 2.5, -2.5, 0.5, -0.5, 0.49, 64][index] ?? 0);
    expect(hex(ENCODINGS.Q8_0.encode(weights))).toBe(`003c7f8103fd01ff0040${"00".repeat(24)}`);
  });

  test("gives zeros a scale of zero", () => {
    expect(hex(ENCODINGS.Q8_0.encode(block(() => 0)))).toBe("00".repeat(34));
  });
});

describe("Q4_0", () => {
  test("gives the weight of largest magnitude, by its sign, the end of the range that reaches further", () => {
    const positive = block((index) => (index === 0 ? 8 : index === 16 ? -8 : 0));
    // Scale -1: 8 becomes 0, -8 is capped at 15, 0 becomes 8.
    expect(hex(ENCODINGS.Q4_0.encode(positive))).toBe(`00bcf0${"88".repeat(15)}`);
    const negative = block((index) => -(positive[index] ?? 0));
    expect(hex(ENCODINGS.Q4_0.encode(negative))).toBe(`003cf0${"88".repeat(15)}`);
  });

  test("stores weight j low and j + 16 high in byte j", () => {
    const weights = block((index) => (index === 31 ? -8 : index < 16 ? index - 8 : 0));
    const bytes = ENCODINGS.Q4_0.encode(weights);
    expect([...bytes.subarray(2)].map((byte) => byte & 15)).toEqual(Array.from({ length: 16 }, (_, j) => j));
    expect([...bytes.subarray(2)].map((byte) => byte >> 4)).toEqual([...Array<number>(15).fill(8), 0]);
  });

  test("gives zeros a scale of zero", () => {
    expect(hex(ENCODINGS.Q4_0.encode(block(() => 0)))).toMatch(/^00[08]0(88){16}$/);
  });
});
