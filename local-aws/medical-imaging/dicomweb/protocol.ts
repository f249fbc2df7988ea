import type { ServiceError } from '../../errors.ts';
import type { HttpReply, HttpRequest, Protocol } from '../../protocols/http.ts';

/** The DICOMweb operations of HealthImaging, by AWS's names, and the CORS preflight that a browser sends before it calls them. */
export const dicomWebOperations = [
  'SearchDICOMStudies',
  'SearchDICOMSeries',
  'SearchDICOMInstances',
  'SearchDICOMStudyInstances',
  'SearchDICOMAllSeries',
  'SearchDICOMAllInstances',
  'GetDICOMSeriesMetadata',
  'GetDICOMInstanceMetadata',
  'GetDICOMInstance',
  'GetDICOMInstanceFrames',
  'GetDICOMBulkdata',
  'StoreDICOM',
  'StoreDICOMStudy',
  'PreflightDICOMweb',
] as const;

export type DicomWebOperation = (typeof dicomWebOperations)[number];

/** The parameters of a request. UIDs and lists are empty texts if the path does not contain them. */
export interface DicomWebRequest {
  readonly datastoreId: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly instanceUid: string;
  /** Frame numbers: `1,3,2`. */
  readonly frames: string;
  readonly bulkdataId: string;
  readonly imageSetId?: string | undefined;
  readonly query: URLSearchParams;
  /** The value of the Accept header. */
  readonly accept: string;
}

const labels = ['datastoreId', 'studyUid', 'seriesUid', 'instanceUid', 'frames', 'bulkdataId'] as const;

const series = 'studies/{studyUid}/series/{seriesUid}';
const instance = `${series}/instances/{instanceUid}`;

const routes: readonly (readonly [method: string, path: string, operation: DicomWebOperation])[] = [
  ['GET', 'studies', 'SearchDICOMStudies'],
  ['GET', 'series', 'SearchDICOMAllSeries'],
  ['GET', 'instances', 'SearchDICOMAllInstances'],
  ['GET', 'studies/{studyUid}/series', 'SearchDICOMSeries'],
  ['GET', 'studies/{studyUid}/instances', 'SearchDICOMStudyInstances'],
  ['GET', `${series}/instances`, 'SearchDICOMInstances'],
  ['GET', `${series}/metadata`, 'GetDICOMSeriesMetadata'],
  ['GET', instance, 'GetDICOMInstance'],
  ['GET', `${instance}/metadata`, 'GetDICOMInstanceMetadata'],
  ['GET', `${instance}/frames/{frames}`, 'GetDICOMInstanceFrames'],
  ['GET', `${instance}/bulkdata/{bulkdataId}`, 'GetDICOMBulkdata'],
  ['POST', 'studies', 'StoreDICOM'],
  ['POST', 'studies/{studyUid}', 'StoreDICOMStudy'],
];

const compiled = routes.map(([method, path, operation]) => ({
  method,
  operation,
  pattern: new RegExp(
    `^/datastore/(?<datastoreId>[^/]+)/${path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`,
  ),
}));

const ours = /^\/datastore\/[^/]+\/(studies|series|instances)(\/|$)/;

/**
 * DICOMweb as HealthImaging has it (developer guide, `using-dicomweb`). AWS has a separate host for it; the local AWS serves it
 * on its only port. CORS headers let pages of any origin read the answers, because a local viewer is served from another port.
 *
 * @param errors - encodes errors as HealthImaging's other operations do, because AWS does not document those of DICOMweb
 */
export const dicomWebProtocol = (errors: Protocol): Protocol => ({
  operations: dicomWebOperations,
  claims: ({ method, path }) => (ours.test(path) ? `${method} ${path}` : undefined),

  operationOf: ({ method, path }) =>
    method === 'OPTIONS' && ours.test(path)
      ? 'PreflightDICOMweb'
      : compiled.find((route) => route.method === method && route.pattern.test(path))?.operation,

  decode: (_operation, request) => Promise.resolve(decoded(request)),
  encode: (_operation, reply) => Promise.resolve(readable(reply as HttpReply)),
  encodeError: (error: ServiceError) => readable(errors.encodeError(error)),
});

function decoded({ path, query, headers }: HttpRequest): DicomWebRequest {
  const groups = compiled.map(({ pattern }) => pattern.exec(path)?.groups).find(Boolean) ?? {};
  const parts = Object.fromEntries(labels.map((label) => [label, decodeURIComponent(groups[label] ?? '')]));
  return {
    ...(parts as Record<(typeof labels)[number], string>),
    imageSetId: query.get('imageSetId') ?? undefined,
    query,
    accept: headers.accept ?? '*/*',
  };
}

const readable = (reply: HttpReply): HttpReply => ({
  ...reply,
  headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*', ...reply.headers },
});
