/**
 * The GGUF container, version 3: header, metadata, one record a tensor, then the tensors' bytes, each at a multiple
 * of 32. Written front to back, one tensor in memory at a time.
 */
import { type Dtype, ENCODINGS } from "./quantize.ts";

const MAGIC = 0x46554747;
const VERSION = 3;
const ALIGNMENT = 32;

export type MetadataValue =
  | { type: "u32"; value: number }
  | { type: "f32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "strings"; value: readonly string[] }
  | { type: "f32s"; value: readonly number[] }
  | { type: "i32s"; value: readonly number[] }
  | { type: "bools"; value: readonly boolean[] };

/** Type numbers of the format. */
const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

export interface Tensor {
  readonly name: string;
  /** Fastest-varying dimension first, as the format has it: a matrix is `[columns, rows]`. */
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** Fills an array of as many weights as the shape holds. */
  fill(weights: Float32Array): void;
}

export interface GgufFile {
  readonly metadata: readonly (readonly [key: string, value: MetadataValue])[];
  readonly tensors: readonly Tensor[];
}

const elements = (tensor: Tensor): number => tensor.shape.reduce((product, size) => product * size, 1);
const padded = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

function byteSize(tensor: Tensor): number {
  const { blockSize, blockBytes } = ENCODINGS[tensor.dtype];
  return (elements(tensor) / blockSize) * blockBytes;
}

/** The file's bytes in order, in pieces: the header, then tensor by tensor. */
export function* ggufChunks(file: GgufFile): Generator<Uint8Array> {
  yield header(file);
  for (const tensor of file.tensors) {
    const weights = new Float32Array(elements(tensor));
    tensor.fill(weights);
    const bytes = ENCODINGS[tensor.dtype].encode(weights);
    yield bytes;
    if (bytes.length % ALIGNMENT !== 0) yield new Uint8Array(padded(bytes.length) - bytes.length);
  }
}

export function ggufSize(file: GgufFile): number {
  return header(file).length + file.tensors.reduce((sum, tensor) => sum + padded(byteSize(tensor)), 0);
}

function header(file: GgufFile): Uint8Array {
  const parts: Buffer[] = [
    u32(MAGIC),
    u32(VERSION),
    u64(file.tensors.length),
    u64(file.metadata.length),
    ...file.metadata.flatMap(([key, value]) => [string(key), metadata(value)]),
  ];
  let offset = 0;
  for (const tensor of file.tensors) {
    parts.push(string(tensor.name), u32(tensor.shape.length), ...tensor.shape.map(u64));
    parts.push(u32(ENCODINGS[tensor.dtype].ggmlType), u64(offset));
    offset += padded(byteSize(tensor));
  }
  const bytes = Buffer.concat(parts);
  return Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)]);
}

function metadata(entry: MetadataValue): Buffer {
  switch (entry.type) {
    case "u32":
      return Buffer.concat([u32(TYPE.u32), u32(entry.value)]);
    case "f32":
      return Buffer.concat([u32(TYPE.f32), f32(entry.value)]);
    case "bool":
      return Buffer.concat([u32(TYPE.bool), bool(entry.value)]);
    case "string":
      return Buffer.concat([u32(TYPE.string), string(entry.value)]);
    case "strings":
      return array(TYPE.string, entry.value.map(string));
    case "f32s":
      return array(TYPE.f32, entry.value.map(f32));
    case "i32s":
      return array(TYPE.i32, entry.value.map(i32));
    case "bools":
      return array(TYPE.bool, entry.value.map(bool));
  }
}

const array = (type: number, items: Buffer[]): Buffer =>
  Buffer.concat([u32(TYPE.array), u32(type), u64(items.length), ...items]);

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

const bool = (value: boolean): Buffer => Buffer.from([value ? 1 : 0]);

function string(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([u64(bytes.length), bytes]);
}
