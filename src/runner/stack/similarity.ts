import type { Tree } from "../../tree.ts";
import { sha256 } from "../../tree.ts";

/**
 * How much two stacks have in common, 0 to 1: the share of their non-blank lines that both hold, weighed by length
 * (Jaccard). Finds a copy that nobody declared; renamed files and reordered code do not hide it.
 */
export async function similarity(a: Tree, b: Tree): Promise<number> {
  if (a.digest === b.digest) return 1;
  const [left, right] = await Promise.all([lines(a), lines(b)]);
  let common = 0;
  let all = 0;
  for (const [line, weight] of left) {
    all += weight;
    if (right.has(line)) common += weight;
  }
  for (const [line, weight] of right) if (!left.has(line)) all += weight;
  return all === 0 ? 0 : common / all;
}

async function lines(tree: Tree): Promise<Map<string, number>> {
  const weights = new Map<string, number>();
  for (const { path } of tree.entries) {
    const content = Buffer.from(await tree.read(path));
    const parts = content.includes(0) ? [sha256(content)] : content.toString("utf8").split("\n");
    for (const part of parts) {
      const line = part.trim();
      if (line.length > 3) weights.set(line, line.length);
    }
  }
  return weights;
}
