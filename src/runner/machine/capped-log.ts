import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * What a program of a stack prints, kept within bounds: the first MiB in `NAME`, the last four in segments
 * `NAME.OFFSET`, where OFFSET is the segment's first byte in the whole stream. A position in the stream means the
 * same for as long as the log exists; what lay between is gone.
 */
export const SEGMENT_BYTES = 1024 * 1024;
const TAIL_SEGMENTS = 4;

export interface CappedLog {
  write(chunk: Uint8Array): void;
  /** Bytes of the stream so far. */
  readonly position: number;
  /** Why words were dropped, such as a full disk; undefined as long as none were. */
  readonly fault: Error | undefined;
  close(): void;
}

export interface Segment {
  path: string;
  start: number;
  size: number;
}

/** Goes on where an earlier writer stopped. */
export function openCappedLog(path: string): CappedLog {
  mkdirSync(dirname(path), { recursive: true });
  const last = logSegments(path).at(-1) ?? { path, start: 0, size: 0 };
  let { start, size } = last;
  let file = openSync(last.path, "a");
  let fault: Error | undefined;

  const nextSegment = (): void => {
    const next = openSync(`${path}.${start + size}`, "a");
    closeSync(file);
    file = next;
    start += size;
    size = 0;
    const tail = logSegments(path).slice(1);
    for (const old of tail.slice(0, Math.max(0, tail.length - TAIL_SEGMENTS)))
      rmSync(old.path, { force: true });
  };

  const write = (chunk: Uint8Array): void => {
    for (let from = 0; from < chunk.length; ) {
      if (size >= SEGMENT_BYTES) nextSegment();
      const written = writeSync(file, chunk, from, Math.min(chunk.length - from, SEGMENT_BYTES - size));
      size += written;
      from += written;
    }
  };

  return {
    // Called for each chunk that a stream emits: nobody there could catch an error, and a full disk is none of ours.
    write: (chunk) => {
      try {
        write(chunk);
      } catch (error) {
        fault ??= error instanceof Error ? error : new Error(String(error));
      }
    },
    get fault() {
      return fault;
    },
    get position() {
      return start + size;
    },
    close: () => closeSync(file),
  };
}

/** The parts of a log that are still there, in order. */
export function logSegments(path: string): Segment[] {
  const dir = dirname(path);
  const name = basename(path);
  const starts = listed(dir).flatMap((file) => {
    if (file === name) return [{ path, start: 0 }];
    const offset = file.startsWith(`${name}.`) ? Number(file.slice(name.length + 1)) : Number.NaN;
    return Number.isSafeInteger(offset) ? [{ path: join(dir, file), start: offset }] : [];
  });
  return starts
    .sort((a, b) => a.start - b.start)
    .flatMap((segment) => {
      const size = statSync(segment.path, { throwIfNoEntry: false })?.size;
      return size === undefined ? [] : [{ ...segment, size }];
    });
}

function listed(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
