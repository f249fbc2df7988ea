/** How much is killed, and what chance decides of it. */

/** `KILLS=many`: every stand at every kill, and many random moments. A few of both otherwise. */
export const many = process.env['KILLS'] === 'many';

/** Goes into the titles of tests: a red run is repeated with `SEED=…`. */
export const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
