import type { Elements } from 'dcmjs';

/** The first value of a numeric attribute; 0 where there is none. */
export function numberOf(dict: Elements, tag: string): number {
  const value = Number(dict[tag]?.Value?.[0]);
  return Number.isFinite(value) ? value : 0;
}
