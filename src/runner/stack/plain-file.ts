import { constants, open } from "node:fs/promises";

// Windows knows neither flag.
const READ_PLAIN = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export interface PlainFile {
  content: Buffer;
  /** Whether its owner may execute it. */
  executable: boolean;
}

/**
 * Reads a file that another program may exchange at any time: a link is not followed, a pipe not waited for, nothing
 * larger than `mostBytes` read. Undefined for all of these; errors of the file system pass through.
 */
export async function readPlainFile(path: string, mostBytes: number): Promise<PlainFile | undefined> {
  const handle = await open(path, READ_PLAIN).catch((error: unknown) => {
    if (isFileError(error, "ELOOP", "EMLINK", "ENXIO")) return undefined;
    throw error;
  });
  try {
    const stat = await handle?.stat();
    if (!handle || !stat?.isFile() || stat.size > mostBytes) return undefined;
    const content = await handle.readFile();
    // Windows has no executable bit: there, a script that names its interpreter is one.
    const executable =
      process.platform === "win32" ? content.subarray(0, 2).toString() === "#!" : (stat.mode & 0o100) !== 0;
    return content.length > mostBytes ? undefined : { content, executable };
  } finally {
    await handle?.close();
  }
}

/** Whether the file system refused with one of these codes. */
export const isFileError = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code);
