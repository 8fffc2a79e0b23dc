/** As `Promise.all` over `work`, at most `most` at a time; results in the order of `items`. The first failure ends it: nothing new is begun. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
  const waiting = items.entries();
  let hasFailed = false;
  const drain = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (hasFailed) return;
      try {
        results.set(index, await work(item));
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, drain));
  return [...results].sort(([one], [other]) => one - other).map(([, result]) => result);
}
