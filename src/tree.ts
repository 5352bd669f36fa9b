import { createHash } from "node:crypto";
import { z } from "zod";

/**
 * A directory of files, known by its content: a stack, or the evidence of a run. Both floors above use it, the
 * runner to read directories, the hub to store them, so that neither needs the other.
 */
export const treeEntrySchema = z.strictObject({
  /** Relative, `/`-separated, no `.` or `..` component. */
  path: z.string(),
  executable: z.boolean(),
  size: z.number().int().nonnegative(),
  /** Lowercase hex of the file's content. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type TreeEntry = z.infer<typeof treeEntrySchema>;

export interface Tree {
  /** Sorted by path. */
  readonly entries: readonly TreeEntry[];
  /** `sha256:` and 64 hex digits: {@link treeDigest} over the entries. */
  readonly digest: string;
  /** The bytes of one file; throws NOT_FOUND for a path that is not among the entries. */
  read(path: string): Promise<Uint8Array>;
}

export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/**
 * The identity of a tree: SHA-256 over one line per file, `mode SP sha256 SP path LF`, in byte order of the paths,
 * with mode `644` or `755`. Independent of listing order, time stamps and operating system.
 */
export function treeDigest(entries: readonly TreeEntry[]): string {
  const lines = [...entries]
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
    .map((entry) => `${entry.executable ? "755" : "644"} ${entry.sha256} ${entry.path}\n`);
  return `sha256:${sha256(lines.join(""))}`;
}
