import { type Logger, pino } from "pino";

/**
 * JSON lines on stderr; stdout belongs to the protocol. A secret that was registered once is removed from every
 * line, wherever in it it stands.
 */
const secrets = new Set<string>();

export function registerSecret(value: string | undefined): void {
  if (value !== undefined && value.length >= 6) secrets.add(value);
}

/** Replaces every registered secret in a text. Serves all sinks: log lines, server output, tool answers. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, "[secret]");
  return clean;
}

export type Log = Logger;

export function createLog(level: string, file?: string): Log {
  const sink = pino.destination({ dest: file ?? 2, sync: true, mkdir: true });
  return pino(
    { level, base: { pid: process.pid } },
    { write: (line: string) => void sink.write(redact(line)) },
  );
}
