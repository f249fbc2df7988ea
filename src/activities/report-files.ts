import type { S3Client } from '@aws-sdk/client-s3';
import {
  REPORTS,
  parseReportLine,
  type ImportingService,
  type ReportEntry,
  type ReportKind,
} from './report-lines.ts';
import { listObjects, readManyLines, type LinesToRead } from './s3.ts';

/** One report of an import: a folder of ndjson files. */
export interface Report<Kind extends ReportKind> {
  service: ImportingService;
  kind: Kind;
  /** The URI of the report's folder. */
  uri: string;
}

/** @param folder - the URI of the job's own folder */
export function reportOf<Kind extends ReportKind>(
  service: ImportingService,
  kind: Kind,
  folder: string,
): Report<Kind> {
  return { service, kind, uri: folder + REPORTS[service].folders[kind] };
}

/** @param uri - the URI of the report's folder in the result of a run; its name shows which service has written it */
export function reportAt<Kind extends ReportKind>(kind: Kind, uri: string): Report<Kind> {
  return { service: uri.includes('-FHIR_IMPORT-') ? 'healthlake' : 'medical-imaging', kind, uri };
}

/**
 * Reads a report file by file, in the order of their names.
 *
 * @param after - the URI of a file: only files after it are read
 * @returns for each file its URI and its entries, grouped by line
 * @throws the S3 exception of a file that cannot be read
 */
export async function* readReport<Kind extends ReportKind>(
  s3: S3Client,
  report: Report<Kind>,
  abortSignal: AbortSignal,
  after?: string,
): AsyncGenerator<{ uri: string; lines: AsyncIterable<ReportEntry[Kind][]> }> {
  const entries = REPORTS[report.service].entries[report.kind];
  for await (const { uri, lines } of readManyLines(
    s3,
    filesOf(s3, report, abortSignal, after),
    abortSignal,
  )) {
    const file = uri.slice(report.uri.length);
    yield { uri, lines: map(lines, (line) => entries(parseReportLine(line), file)) };
  }
}

/** All entries of a report. */
export async function* entriesOf<Kind extends ReportKind>(
  s3: S3Client,
  report: Report<Kind>,
  abortSignal: AbortSignal,
): AsyncGenerator<ReportEntry[Kind]> {
  for await (const { lines } of readReport(s3, report, abortSignal)) {
    for await (const entries of lines) yield* entries;
  }
}

async function* filesOf(
  s3: S3Client,
  { service, kind, uri }: Report<ReportKind>,
  abortSignal: AbortSignal,
  after: string | undefined,
): AsyncGenerator<LinesToRead> {
  const only = REPORTS[service].files?.[kind];
  if (only === undefined) {
    for await (const { uri: file, Size: size } of listObjects(s3, uri, abortSignal, after))
      yield { uri: file, size };
  } else if (after === undefined) yield { uri: uri + only };
}

async function* map<In, Out>(items: AsyncIterable<In>, change: (item: In) => Out): AsyncGenerator<Out> {
  for await (const item of items) yield change(item);
}
