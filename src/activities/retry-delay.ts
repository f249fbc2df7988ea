import { REQUEST_LIMITS } from '../lib/request-limits.ts';

/** Requests per second, by the SDK's method name; `*` is for all other operations. */
export type RequestRates = Readonly<Record<string, number>>;

/** How many requests per second AWS accepts from one account in one region. */
export const REQUEST_RATES: RequestRates = Object.fromEntries(
  Object.entries(REQUEST_LIMITS).map(([operation, { perSecond }]) => [operation, perSecond]),
);

/** The upper limit of the interval between two attempts: this, or a share of the time since the first attempt if that is longer. */
const LONGEST_INTERVAL = 60_000;
const LONGEST_SHARE = 0.05;

/**
 * The delay before the next attempt: exponential backoff with full jitter.
 *
 * The first interval is the time in which AWS accepts one request of this operation, and it doubles with each attempt.
 * The delay is a random part of the interval, so that a thousand runs that were throttled in the same second do not all
 * retry in the same second. The upper limit of the interval grows with the time since the first attempt: if a request has
 * been throttled for hours, very many others wait, too, and retries every minute would only use up the request quota.
 *
 * @param operation - the SDK's method name
 * @param attempt - the number of the attempt that has failed, the milliseconds since the first one was scheduled, and the
 *   account's request rates
 * @returns milliseconds; at least 1, because Temporal takes 0 for "not set"
 */
export function retryDelay(
  operation: string,
  { number, age, rates = REQUEST_RATES }: { number: number; age: number; rates?: RequestRates },
  random: () => number = Math.random,
): number {
  const rate = rates[operation] ?? rates['*'] ?? 1;
  const longest = Math.max(LONGEST_INTERVAL, LONGEST_SHARE * age);
  return Math.ceil(random() * Math.min((1_000 / rate) * 2 ** (number - 1), longest)) || 1;
}
