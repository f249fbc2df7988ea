import type { IndexRange } from '../../activities/fleet/plan-files.ts';

export const isWithin = (index: number, ranges: readonly IndexRange[]): boolean =>
  ranges.some(([from, to]) => index >= from && index < to);

/**
 * Divides ranges into the indexes that are also in `others` and those that are not. For example [0, 10] and [4, 6] give [4, 6]
 * inside, and [0, 4] and [6, 10] outside.
 *
 * @param others - in ascending order
 */
export function divided(
  ranges: readonly IndexRange[],
  others: readonly IndexRange[],
): Record<'inside' | 'outside', IndexRange[]> {
  const gaps = [...others, LAST].map(([first], number): IndexRange => [others[number - 1]?.[1] ?? 0, first]);
  return { inside: common(ranges, others), outside: common(ranges, gaps) };
}

const LAST: IndexRange = [Infinity, Infinity];

const common = (ranges: readonly IndexRange[], others: readonly IndexRange[]): IndexRange[] =>
  ranges.flatMap(([from, to]) =>
    others.flatMap(([first, end]): IndexRange[] => {
      const [start, stop] = [Math.max(from, first), Math.min(to, end)];
      return start < stop ? [[start, stop]] : [];
    }),
  );
