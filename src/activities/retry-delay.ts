/** Requests a second, by the SDK's method name; `*` stands for every other operation. */
export type RequestRates = Readonly<Record<string, number>>;

/**
 * How many requests a second AWS accepts of one account and region, for each operation that changes something or is
 * called often (HealthImaging "Throttling limits", HealthLake "Endpoints and quotas"). AWS raises them on request.
 */
export const REQUEST_RATES: RequestRates = {
  createDatastore: 0.085,
  deleteDatastore: 0.085,
  listDatastores: 5,
  startDICOMImportJob: 1,
  getDICOMImportJob: 25,
  searchImageSets: 25,
  getImageSet: 25,
  listImageSetVersions: 25,
  getImageSetMetadata: 50,
  getImageFrame: 1_000,
  updateImageSetMetadata: 0.25,
  copyImageSet: 0.25,
  deleteImageSet: 0.25,
  createFHIRDatastore: 1 / 60,
  deleteFHIRDatastore: 1 / 60,
  startFHIRImportJob: 25,
  startFHIRExportJob: 1,
  // Every other operation, such as those on tags, and requests to S3.
  '*': 10,
};

/** The interval between two attempts may grow to this, or to a share of the time that has passed, whichever is longer. */
const LONGEST_INTERVAL = 60_000;
const LONGEST_SHARE = 0.05;

/**
 * How long to wait before a request that AWS has refused for now is sent again: exponential backoff with full jitter.
 *
 * The first interval is the time in which AWS accepts one request of this operation, and it doubles with each attempt.
 * The delay is drawn evenly from the whole interval: a thousand runs that were throttled in the same second would
 * otherwise all come back in the same second. The longest interval grows with the time that has passed, since whoever
 * has waited for hours stands in a long queue, and asking every minute would only fill the account's quota of requests.
 *
 * @param operation - the SDK's method name
 * @param attempt - which attempt has just failed, the milliseconds since the first one was scheduled, and the account's
 *   rates
 * @returns milliseconds; at least 1, since Temporal takes 0 for "not set"
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
