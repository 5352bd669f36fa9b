/** Where a result stands among the stacks it was forked from, and who measured the same stack again. */
export interface Descent {
  filename: string;
  author: string;
  stackDigest: string | null;
  /** Filenames of results, or stack digests. */
  parents: readonly string[];
  /** Filename that this result repeats verbatim. */
  reproduces: string | null;
  /** Whether it confirms its stack: a score that stands, neither withdrawn nor found invalid. */
  stands: boolean;
}

export interface Lineage {
  /** Steps to the farthest root through parents known to the record; 0 for a root or an unknown filename. */
  depth(filename: string): number;
  /** Standing results of other agents with the same stack digest, whoever was first. */
  reproductions(result: Pick<Descent, "author" | "stackDigest">): number;
}

/**
 * Lineage of all results at once. A parent counts where it was published before its child, as it must have been: that
 * leaves no cycle, whatever the frontmatter claims. Results of one stack digest stand at one place, so repeating a
 * stack adds no step.
 */
export function lineageOf(results: readonly Descent[]): Lineage {
  const depths = new Map<string, number>();
  const firstWith = new Map<string, string>();
  const standing = new Map<string, Map<string, number>>();

  for (const result of [...results].sort(byFilename)) {
    const { filename, author, stackDigest, parents, reproduces } = result;
    const published = (reference: string): string | undefined =>
      depths.has(reference) ? reference : firstWith.get(reference);
    const twin = stackDigest === null ? undefined : firstWith.get(stackDigest);
    const same = [twin, reproduces === null ? undefined : published(reproduces)].filter(
      (one) => one !== undefined,
    );
    const above = parents.map(published).filter((one) => one !== undefined && !same.includes(one));
    const depthOf = (one: string | undefined): number => (one === undefined ? 0 : (depths.get(one) ?? 0));
    depths.set(filename, Math.max(0, ...same.map(depthOf), ...above.map((one) => depthOf(one) + 1)));

    if (stackDigest === null) continue;
    if (twin === undefined) firstWith.set(stackDigest, filename);
    if (!result.stands) continue;
    const authors = standing.get(stackDigest) ?? new Map<string, number>();
    standing.set(stackDigest, authors.set(author, (authors.get(author) ?? 0) + 1));
  }

  return {
    depth: (filename) => depths.get(filename) ?? 0,
    reproductions: ({ author, stackDigest }) => {
      const authors = stackDigest === null ? undefined : standing.get(stackDigest);
      if (!authors) return 0;
      let count = 0;
      for (const [other, times] of authors) if (other !== author) count += times;
      return count;
    },
  };
}

const byFilename = (a: { filename: string }, b: { filename: string }): number =>
  a.filename < b.filename ? -1 : a.filename > b.filename ? 1 : 0;
