/**
 * Fits lists into a budget of characters: items are taken one from each list in turn, so that no list starves
 * another, until the next one would not fit. What is left out is counted under `left_out`; `totals` says how many a
 * list has where not all of them were fetched.
 */
export function fitInto<Fixed extends object, Lists extends Record<string, readonly unknown[]>>(
  fixed: Fixed,
  lists: Lists,
  characters: number,
  totals: Partial<Record<keyof Lists, number>> = {},
): Fixed & Lists & { left_out?: Record<string, number> } {
  const taken: Record<string, unknown[]> = {};
  for (const name of Object.keys(lists)) taken[name] = [];
  let room =
    characters - JSON.stringify({ ...fixed, ...taken, left_out: {} }).length - 20 * Object.keys(lists).length;
  const open = new Set(Object.keys(lists));
  while (open.size > 0) {
    for (const name of [...open]) {
      const item = lists[name]?.[taken[name]?.length ?? 0];
      const size = item === undefined ? 0 : JSON.stringify(item).length + 1;
      if (item === undefined || size > room) {
        open.delete(name);
        continue;
      }
      taken[name]?.push(item);
      room -= size;
    }
  }
  const leftOut = Object.entries(lists)
    .map(([name, items]) => [name, (totals[name] ?? items.length) - (taken[name]?.length ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return Object.assign(
    {},
    fixed,
    lists,
    taken,
    leftOut.length > 0 ? { left_out: Object.fromEntries(leftOut) } : {},
  );
}
