/**
 * Encoders of one tensor's weights into the types a GGUF file stores, with the rounding of llama.cpp's reference
 * quantisers (ggml-quants.c), every step in single precision. All multi-byte values are little-endian.
 */
export const DTYPES = ["F32", "F16", "Q8_0", "Q4_0"] as const;
export type Dtype = (typeof DTYPES)[number];

interface Encoding {
  /** Number of the type in a GGUF tensor header. */
  readonly ggmlType: number;
  /** Number of the type in `general.file_type`. */
  readonly fileType: number;
  /** Weights in a block, which share one scale; rows must be a multiple of it. */
  readonly blockSize: number;
  /** Bytes of a block. */
  readonly blockBytes: number;
  encode(weights: Float32Array): Uint8Array;
}

const BLOCK = 32;

export const ENCODINGS: Record<Dtype, Encoding> = {
  F32: { ggmlType: 0, fileType: 0, blockSize: 1, blockBytes: 4, encode: encodeF32 },
  F16: { ggmlType: 1, fileType: 1, blockSize: 1, blockBytes: 2, encode: encodeF16 },
  Q8_0: { ggmlType: 8, fileType: 7, blockSize: BLOCK, blockBytes: 2 + BLOCK, encode: encodeQ8 },
  Q4_0: { ggmlType: 2, fileType: 2, blockSize: BLOCK, blockBytes: 2 + BLOCK / 2, encode: encodeQ4 },
};

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function encodeF32(weights: Float32Array): Uint8Array {
  const bytes = new Uint8Array(weights.length * 4);
  bytes.set(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  if (!littleEndian) Buffer.from(bytes.buffer).swap32();
  return bytes;
}

function encodeF16(weights: Float32Array): Uint8Array {
  const bits = new Uint32Array(weights.buffer, weights.byteOffset, weights.length);
  const halves = new Uint16Array(weights.length);
  for (let index = 0; index < bits.length; index++) halves[index] = toHalf(bits[index] ?? 0);
  const bytes = new Uint8Array(halves.buffer);
  if (!littleEndian) Buffer.from(bytes.buffer).swap16();
  return bytes;
}

/** Bits of the nearest half-precision number, ties to even; of infinity for what is too large. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x47800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude < 0x38800000) {
    // Below the smallest normal half: the spacing is 2^-24 throughout, so scale and round to an integer.
    const shift = 126 - (magnitude >>> 23);
    if (shift > 24) return sign;
    const mantissa = (magnitude & 0x7fffff) | 0x800000;
    return sign | roundedShift(mantissa, shift);
  }
  return sign | roundedShift(magnitude - 0x38000000, 13);
}

/** `value / 2^shift`, ties to even; a carry into the exponent is what the format wants. */
function roundedShift(value: number, shift: number): number {
  const quotient = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return quotient + (rest > half || (rest === half && (quotient & 1) === 1) ? 1 : 0);
}

const oneFloat = new Float32Array(1);
const oneFloatBits = new Uint32Array(oneFloat.buffer);

function writeHalf(bytes: Uint8Array, offset: number, value: number): void {
  oneFloat[0] = value;
  const half = toHalf(oneFloatBits[0] ?? 0);
  bytes[offset] = half & 0xff;
  bytes[offset + 1] = half >>> 8;
}

/** Blocks of 32: a half-precision scale (largest magnitude / 127), then 32 signed bytes, ties away from zero. */
function encodeQ8(weights: Float32Array): Uint8Array {
  const blocks = weights.length / BLOCK;
  const bytes = new Uint8Array(blocks * (2 + BLOCK));
  for (let block = 0; block < blocks; block++) {
    const start = block * BLOCK;
    const offset = block * (2 + BLOCK);
    let largest = 0;
    for (let j = 0; j < BLOCK; j++) largest = Math.max(largest, Math.abs(weights[start + j] ?? 0));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    writeHalf(bytes, offset, scale);
    for (let j = 0; j < BLOCK; j++) {
      const scaled = Math.fround((weights[start + j] ?? 0) * inverse);
      bytes[offset + 2 + j] = scaled < 0 ? -Math.floor(0.5 - scaled) : Math.floor(scaled + 0.5);
    }
  }
  return bytes;
}

/**
 * Blocks of 32: a half-precision scale (the weight of largest magnitude / -8), then 16 bytes of two 4-bit numbers
 * each, weight `j` low and `j + 16` high.
 */
function encodeQ4(weights: Float32Array): Uint8Array {
  const blocks = weights.length / BLOCK;
  const bytes = new Uint8Array(blocks * (2 + BLOCK / 2));
  for (let block = 0; block < blocks; block++) {
    const start = block * BLOCK;
    const offset = block * (2 + BLOCK / 2);
    let largest = 0;
    let extreme = 0;
    for (let j = 0; j < BLOCK; j++) {
      const weight = weights[start + j] ?? 0;
      if (Math.abs(weight) > largest) {
        largest = Math.abs(weight);
        extreme = weight;
      }
    }
    const scale = Math.fround(extreme / -8);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    writeHalf(bytes, offset, scale);
    for (let j = 0; j < BLOCK / 2; j++) {
      const low = nibble(weights[start + j] ?? 0, inverse);
      const high = nibble(weights[start + j + BLOCK / 2] ?? 0, inverse);
      bytes[offset + 2 + j] = low | (high << 4);
    }
  }
  return bytes;
}

function nibble(weight: number, inverse: number): number {
  return Math.min(15, Math.trunc(Math.fround(Math.fround(weight * inverse) + 8.5)));
}
