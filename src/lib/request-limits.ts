/** How many requests of an operation a service accepts from one account in one region. */
export interface RequestLimit {
  readonly perSecond: number;
  /** How many it accepts at once after a pause. */
  readonly burst: number;
}

/** One a minute. */
const MINUTELY = { perSecond: 1 / 60, burst: 1 };

/**
 * The limits of both services, by the SDK's method name; `*` is for all other operations (HealthImaging "Throttling limits",
 * HealthLake "Endpoints and quotas"). AWS raises them on request. HealthLake documents no bursts: here they are the rate of a
 * second.
 */
export const REQUEST_LIMITS = {
  createDatastore: { perSecond: 0.085, burst: 1 },
  deleteDatastore: { perSecond: 0.085, burst: 1 },
  listDatastores: { perSecond: 5, burst: 10 },
  startDICOMImportJob: { perSecond: 1, burst: 2 },
  getDICOMImportJob: { perSecond: 25, burst: 50 },
  searchImageSets: { perSecond: 25, burst: 50 },
  getImageSet: { perSecond: 25, burst: 50 },
  listImageSetVersions: { perSecond: 25, burst: 50 },
  getImageSetMetadata: { perSecond: 50, burst: 100 },
  getImageFrame: { perSecond: 1_000, burst: 2_000 },
  updateImageSetMetadata: { perSecond: 0.25, burst: 1 },
  copyImageSet: { perSecond: 0.25, burst: 1 },
  deleteImageSet: { perSecond: 0.25, burst: 1 },
  createFHIRDatastore: MINUTELY,
  deleteFHIRDatastore: MINUTELY,
  startFHIRImportJob: { perSecond: 25, burst: 25 },
  startFHIRExportJob: { perSecond: 1, burst: 1 },
  // For example operations on tags, other reads, and requests to S3.
  '*': { perSecond: 10, burst: 20 },
} as const satisfies Readonly<Record<string, RequestLimit>>;

/** @param operation - the SDK's method name, such as `copyImageSet` */
export const requestLimit = (operation: string): RequestLimit =>
  Object.entries(REQUEST_LIMITS).find(([name]) => name === operation)?.[1] ?? REQUEST_LIMITS['*'];
