import { createHash } from "node:crypto";

/**
 * Seeded weights that are the same bits on every machine: SFC32 over 32-bit integers and one multiplication a weight.
 * No logarithm or sine, whose last digit differs between platforms.
 */

/** Fills `out` with draws of a uniform distribution of mean 0 and standard deviation `std`. */
export function fillRandom(out: Float32Array, seed: string, std: number): void {
  const words = createHash("sha256").update(seed).digest();
  let a = words.readInt32LE(0);
  let b = words.readInt32LE(4);
  let c = words.readInt32LE(8);
  let counter = words.readInt32LE(12);
  const unit = (std * Math.sqrt(3)) / 2 ** 31;
  for (let index = 0; index < out.length; index++) {
    const bits = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + bits) | 0;
    out[index] = bits * unit;
  }
}
