/** The indexes of jobs from `from` to `to - 1`: [0, 3] means jobs 0, 1 and 2. */
export type Range = readonly [from: number, to: number];

export const isWithin = (index: number, ranges: readonly Range[]): boolean =>
  ranges.some(([from, to]) => index >= from && index < to);

/**
 * Divides ranges into the indexes that are also in `others` and those that are not. For example [0, 10] and [4, 6] give [4, 6]
 * inside, and [0, 4] and [6, 10] outside.
 *
 * @param others - in ascending order
 */
export function divided(
  ranges: readonly Range[],
  others: readonly Range[],
): Record<'inside' | 'outside', Range[]> {
  const gaps = [...others, LAST].map(([first], number): Range => [others[number - 1]?.[1] ?? 0, first]);
  return { inside: common(ranges, others), outside: common(ranges, gaps) };
}

const LAST: Range = [Infinity, Infinity];

const common = (ranges: readonly Range[], others: readonly Range[]): Range[] =>
  ranges.flatMap(([from, to]) =>
    others.flatMap(([first, end]): Range[] => {
      const [start, stop] = [Math.max(from, first), Math.min(to, end)];
      return start < stop ? [[start, stop]] : [];
    }),
  );
