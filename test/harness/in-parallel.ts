/** Calls at a time: enough to keep a gateway busy, few enough that one of them finds room. */
const CALLS_MAX = 16;

/** What `act` gives for each item, in their order; some are under way at the same time. */
export async function inParallel<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const work = async () => {
    for (const [index, item] of rest) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: CALLS_MAX }, work));
  return results;
}
