import { readFileSync } from "node:fs";
import type { LogPage, LogQuery } from "../runner.ts";
import { logSegments, type Segment } from "./capped-log.ts";

const LINE_CHARACTERS = 2000;
const PAGE_BYTES = 256 * 1024;
/** A line without an end is handed out in pieces of this size, or a log of one endless line would never be seen. */
const LINE_BYTES = 64 * 1024;
const MAX_LINES = 1000;
const NEWLINE = 10;

interface Line {
  text: string;
  /** Position in the stream behind the line. */
  end: number;
}

/**
 * One page of a log: from `cursor` on, or the last lines. A cursor into a part that was dropped goes on behind the
 * gap, and a line of ours says how much is missing.
 */
export function readLogPage(path: string, query: LogQuery, ended: boolean): LogPage {
  const limit = Math.min(Math.max(1, query.limit ?? 50), MAX_LINES);
  const segments = logSegments(path);
  const last = segments.at(-1);
  const sizeBytes = last ? last.start + last.size : 0;
  const from = query.cursor ?? 0;
  const wanted = query.grep?.toLowerCase();
  const matches = (line: Line) => wanted === undefined || line.text.toLowerCase().includes(wanted);
  const lines = linesFrom(segments, from, ended);

  if (query.cursor === undefined) {
    const kept: Line[] = [];
    let end = 0;
    for (const line of lines) {
      end = line.end;
      if (matches(line)) kept.push(line);
      if (kept.length > limit) kept.shift();
    }
    return page(within(kept.reverse()).reverse(), end, sizeBytes, ended);
  }
  const kept: Line[] = [];
  let end = Math.min(from, sizeBytes);
  let bytes = 0;
  for (const line of lines) {
    if (kept.length >= limit || bytes > PAGE_BYTES) break;
    end = line.end;
    if (!matches(line)) continue;
    kept.push(line);
    bytes += line.text.length;
  }
  return page(kept, end, sizeBytes, ended);
}

/** The end of what a program printed since `position`, for finding out why it failed. */
export function readLogLines(path: string, position: number): string[] {
  return [...linesFrom(logSegments(path), position, true)].map((line) => line.text);
}

const page = (lines: readonly Line[], cursor: number, sizeBytes: number, ended: boolean): LogPage => ({
  lines: lines.map((line) => line.text),
  cursor,
  finished: ended && cursor >= sizeBytes,
  sizeBytes,
});

function within(lines: readonly Line[]): Line[] {
  let bytes = 0;
  return lines.filter((line) => {
    bytes += line.text.length;
    return bytes <= PAGE_BYTES;
  });
}

function* linesFrom(segments: readonly Segment[], from: number, ended: boolean): Generator<Line> {
  let position = from;
  let rest: Uint8Array = new Uint8Array();
  for (const segment of segments) {
    if (segment.start + segment.size <= position) continue;
    if (segment.start > position) {
      yield* pending(rest, position);
      rest = new Uint8Array();
      yield { text: `[${segment.start - position} bytes of output were not kept]`, end: segment.start };
      position = segment.start;
    }
    const content = read(segment).subarray(position - segment.start);
    position = segment.start + segment.size;
    rest = yield* complete(Buffer.concat([rest, content]), position);
  }
  if (ended) yield* pending(rest, position);
}

const pending = (rest: Uint8Array, end: number): Line[] => (rest.length === 0 ? [] : [line(rest, end)]);

/** The lines that end inside `bytes`, whose last byte lies before `end`; returns what is left. */
function* complete(bytes: Uint8Array, end: number): Generator<Line, Uint8Array> {
  const start = end - bytes.length;
  let from = 0;
  while (from < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, from);
    const length = (newline === -1 ? bytes.length : newline) - from;
    if (newline === -1 && length <= LINE_BYTES) break;
    const to = from + Math.min(length, LINE_BYTES);
    const next = to === newline ? to + 1 : to;
    yield line(bytes.subarray(from, to), start + next);
    from = next;
  }
  return bytes.subarray(from);
}

function line(bytes: Uint8Array, end: number): Line {
  const text = Buffer.from(bytes).toString("utf8").replace(/\r$/, "");
  return { text: text.length > LINE_CHARACTERS ? `${text.slice(0, LINE_CHARACTERS)} […]` : text, end };
}

function read(segment: Segment): Uint8Array {
  try {
    return readFileSync(segment.path).subarray(0, segment.size);
  } catch {
    return new Uint8Array();
  }
}
