/** The number of kills, and their random choices. */

/** With `KILLS=many`, every kill hits every step, and there are many random kills. Otherwise a few of both. */
export const many = process.env['KILLS'] === 'many';

/** The seed is in the titles of the tests, so that a failed test can be repeated with `SEED=…`. */
export const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);

/** A pseudo-random generator of numbers from 0 to 1 (mulberry32). */
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
