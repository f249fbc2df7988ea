/**
 * Works on the items of a source, several at the same time. After a failure nothing further begins, and those that are under way
 * are awaited, so that none of them goes on unseen.
 *
 * @param most - how many at the same time
 * @throws the error of the item that has failed first
 */
export async function inParallel<Item>(
  most: number,
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const source = items[Symbol.asyncIterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    try {
      for (let next = await source.next(); !next.done; next = await source.next()) {
        await work(next.value);
        if (failures.length > 0) return;
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: most }, worker));
  await source.return?.();
  if (failures.length > 0) throw failures[0];
}
