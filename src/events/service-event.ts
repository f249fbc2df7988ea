import type { AwsEvent } from '../lib/aws-event.ts';
import { isRecord } from '../lib/guards.ts';

/** An EventBridge event of HealthImaging or HealthLake about one job, image set or data store. */
export interface ServiceEvent {
  readonly signal: AwsEvent;
  readonly about: 'job' | 'imageSet' | 'datastore';
  /** Of the job, image set or data store. */
  readonly id: string;
  readonly datastoreId: string;
  /** Only in HealthImaging's events of jobs. */
  readonly jobName: string | undefined;
  readonly job: 'DICOM import' | 'FHIR import' | 'FHIR export' | undefined;
}

/** Ids of both services: image sets, data stores and jobs (`medical-imaging` and `healthlake` API models). */
const ID = /^[0-9a-z]{1,64}$/;

/**
 * Reads the body of a queue's message: an event as EventBridge sends it to a target.
 *
 * @returns `foreign` for an event of another service, which a rule may also send to the queue; `malformed` for anything else
 * @see https://docs.aws.amazon.com/healthimaging/latest/devguide/event-notifications.html
 * @see https://docs.aws.amazon.com/healthlake/latest/devguide/monitoring-eventbridge.html
 */
export function readServiceEvent(body: string): ServiceEvent | 'foreign' | 'malformed' {
  const event = parse(body);
  if (!isRecord(event)) return 'malformed';
  const { id, source, 'detail-type': detailType, time, detail } = event;
  if (!isText(id) || !isText(source) || !isText(detailType) || !isText(time)) return 'malformed';
  if (source !== 'aws.medical-imaging' && source !== 'aws.healthlake') return 'foreign';
  if (!isRecord(detail)) return 'malformed';
  // HealthImaging's events spell it `imagesetId`.
  const { datastoreId, jobId, imagesetId, jobName } = detail;
  const given = Object.entries({ datastoreId, jobId, imagesetId }).filter(([, value]) => value !== undefined);
  const ids: Record<string, string> = {};
  for (const [name, value] of given) {
    if (!isText(value) || !ID.test(value)) return 'malformed';
    ids[name] = value;
  }
  const { datastoreId: datastore } = ids;
  if (datastore === undefined) return 'malformed';
  const about =
    ids['jobId'] !== undefined ? 'job' : ids['imagesetId'] !== undefined ? 'imageSet' : 'datastore';
  return {
    signal: { id, source, detailType, time, ids },
    about,
    id: ids['jobId'] ?? ids['imagesetId'] ?? datastore,
    datastoreId: datastore,
    jobName: isText(jobName) ? jobName : undefined,
    job: about === 'job' ? jobKind(source, detailType) : undefined,
  };
}

function jobKind(source: string, detailType: string): ServiceEvent['job'] {
  if (source === 'aws.medical-imaging') return 'DICOM import';
  return detailType.startsWith('Export') ? 'FHIR export' : 'FHIR import';
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
