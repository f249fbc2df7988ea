/** Reads the report of an import's failed files or warnings from S3, where the result of the run says that it is. */
import type { S3Client } from '@aws-sdk/client-s3';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ReportedJob } from '../activities/fleet/record.ts';
import type { ReportEntry, ReportKind } from '../activities/report-lines.ts';
import { isRecord, recordOf } from '../lib/guards.ts';

/**
 * @param result - the result of the run, which may reject with the failure of the run
 * @returns undefined if the run has no such report
 */
export async function readReport<Kind extends ReportKind>(
  kind: Kind,
  result: Promise<unknown>,
  s3: S3Client,
): Promise<AsyncGenerator<ReportEntry[Kind]> | undefined> {
  const ended = await result.catch((error: unknown) => {
    if (error instanceof WorkflowFailedError) return resultInFailure(error);
    throw error;
  });
  const uri = reportUriIn(ended, kind);
  if (uri === undefined) return undefined;
  // Loaded on demand, so that a program that only starts runs does not load the AWS SDK.
  const { entriesOf, reportAt } = await import('../activities/report-files.ts');
  // A fleet has joined the failures of all its jobs in one file, in our own words.
  if (uri.endsWith('.ndjson')) return jsonLines<ReportEntry[Kind]>(s3, uri);
  return entriesOf(s3, reportAt(kind, uri), new AbortController().signal);
}

/** The failure of an import carries the result in its details. */
function resultInFailure({ cause }: WorkflowFailedError): unknown {
  const [details] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  return isRecord(details) ? details['result'] : undefined;
}

/** The S3 URI of a report in a result. The result of a recurring import contains the result of the import it started. */
function reportUriIn(result: unknown, kind: ReportKind): string | undefined {
  if (!isRecord(result)) return undefined;
  if (isRecord(result['import'])) return reportUriIn(result['import']['result'], kind);
  const report = result[kind];
  return isRecord(report) && typeof report['uri'] === 'string' ? report['uri'] : undefined;
}

/** The lines of a fleet's `report.ndjson`; `undefined` if the result names none. A recurring import contains that of its fleet. */
export async function readFleetReport(
  result: Promise<unknown>,
  s3: S3Client,
): Promise<AsyncGenerator<ReportedJob> | undefined> {
  const ended = recordOf(await result);
  const { report } = isRecord(ended['import']) ? recordOf(ended['import']['result']) : ended;
  const { uri } = recordOf(report);
  return typeof uri === 'string' ? jsonLines<ReportedJob>(s3, uri) : undefined;
}

async function* jsonLines<Line>(s3: S3Client, uri: string): AsyncGenerator<Line> {
  const { readUriLines } = await import('../activities/s3.ts');
  for await (const line of readUriLines(s3, uri, new AbortController().signal)) yield JSON.parse(line);
}
