/** Runs work for each item, at most `max` at the same time, in the order of the items. Rejects with the first error. */
export async function runConcurrently<T>(
  items: readonly T[],
  max: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const runner = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(max, items.length) }, runner));
}
