import { requestLimit } from '../src/lib/request-limits.ts';
import { ServiceError } from './errors.ts';
import type { Settings } from './settings.ts';

/**
 * The quotas that hold only if the setting `limits` is on, as the services document them. (HealthImaging "Endpoints and quotas",
 * HealthLake "Endpoints and quotas".) The others are settings of their own.
 */
const QUOTAS = {
  datastores: { most: 100, of: 'data stores' },
  fhirDatastores: { most: 10, of: 'data stores' },
  copies: { most: 100, of: 'copies at once in a data store' },
  updates: { most: 100, of: 'updates at once in a data store' },
  deletions: { most: 100, of: 'deletions at once in a data store' },
  copiedFrames: { most: 1000, of: 'image frames in a copy' },
} as const;

/** A token bucket: it fills at the rate of the operation, and each call takes a token. */
interface Bucket {
  readonly tokens: number;
  /** The time at which it had so many, in milliseconds since 1970. */
  readonly at: number;
}

/** The limits by which the services of an account live. They are off unless the setting `limits` says otherwise. */
export class Limits {
  readonly #settings: Settings;
  /** By service and operation. In memory only: after a restart all are full. */
  readonly #buckets = new Map<string, Bucket>();
  /** The image sets for which a change may be under way, by data store and kind of change. */
  readonly #changing = new Map<string, Set<string>>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** How many times as fast as on AWS the rates are; undefined if limits are off. */
  get #speed(): number | undefined {
    const { limits } = this.#settings;
    if (limits === 'off') return undefined;
    return limits === 'documented' ? 1 : Number(limits.slice('scaled:'.length));
  }

  /** @throws ServiceError ThrottlingException if the operation was called more often than its rate and its burst allow */
  checkRate(service: string, operation: string): void {
    const speed = this.#speed;
    if (speed === undefined) return;
    const { perSecond, burst } = requestLimit(operation.charAt(0).toLowerCase() + operation.slice(1));
    const key = `${service}/${operation}`;
    const now = Date.now();
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + (Math.max(now - at, 0) / 1000) * perSecond * speed);
    const isRefused = filled < 1;
    this.#buckets.set(key, { tokens: isRefused ? filled : filled - 1, at: now });
    if (isRefused) throw new ServiceError('ThrottlingException', 'Rate exceeded');
  }

  /**
   * @param count - how many there would be with one more
   * @throws ServiceError ServiceQuotaExceededException if the quota is smaller
   */
  checkQuota(quota: keyof typeof QUOTAS, count: number): void {
    const { most, of } = QUOTAS[quota];
    if (this.#speed === undefined || count <= most) return;
    throw new ServiceError('ServiceQuotaExceededException', `The quota of ${most} ${of} is exceeded.`);
  }

  /**
   * Counts a change of an image set that is about to begin.
   *
   * @param isUnderWay - whether the change of another image set has not ended
   * @throws ServiceError ServiceQuotaExceededException if as many as the quota allows are under way
   */
  checkChange(
    quota: 'copies' | 'updates' | 'deletions',
    { datastoreId, imageSetId }: { readonly datastoreId: string; readonly imageSetId: string },
    isUnderWay: (imageSetId: string) => boolean,
  ): void {
    if (this.#speed === undefined) return;
    const key = `${datastoreId}/${quota}`;
    const underWay = new Set([...(this.#changing.get(key) ?? [])].filter(isUnderWay));
    this.#changing.set(key, underWay);
    this.checkQuota(quota, underWay.size + 1);
    underWay.add(imageSetId);
  }
}
