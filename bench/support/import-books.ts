/** What a local AWS says about imports: its log of calls, its jobs, and the results that they have written. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { LocalAwsControl } from '../../local-aws/control.ts';
import type { Call } from '../../local-aws/calls.ts';
import { imagingClient } from './dicom.ts';

export interface Books {
  /** Calls of HealthImaging. */
  readonly calls: readonly Call[];
  /** The jobs of each folder, by its URI. */
  readonly jobs: ReadonlyMap<string, readonly JobInBooks[]>;
}

export interface JobInBooks {
  readonly jobId: string;
  /** How many files the job has imported, by its manifest. */
  readonly imported: number;
}

const HEALTHIMAGING = 'medical-imaging';

/** @param data - the data folder of the local AWS */
export async function booksOf(endpoint: string, data: string, datastoreId: string): Promise<Books> {
  const control = new LocalAwsControl(endpoint);
  const calls = (await control.calls()).filter(({ service }) => service === HEALTHIMAGING);
  await control.settings({ limits: 'off' });
  const started = calls.filter(({ operation, outcome }) => operation === START && outcome === 'ok');
  const imaging = imagingClient(endpoint);
  const jobs = new Map<string, JobInBooks[]>();
  const limit = pLimit(20);
  const ids = [...new Set(started.flatMap(({ ids }) => ids['jobId'] ?? []))];
  await Promise.all(
    ids.map((jobId) =>
      limit(async () => {
        const { jobProperties } = await imaging.getDICOMImportJob({ datastoreId, jobId });
        const folder = jobProperties?.inputS3Uri ?? '';
        const output = join(data, 's3', (jobProperties?.outputS3Uri ?? '').slice('s3://'.length));
        const { jobSummary } = JSON.parse(await readFile(join(output, 'job-output-manifest.json'), 'utf8'));
        jobs.set(folder, [
          ...(jobs.get(folder) ?? []),
          { jobId, imported: jobSummary.numberOfImportedFiles },
        ]);
      }),
    ),
  );
  imaging.destroy();
  return { calls, jobs };
}

export const START = 'StartDICOMImportJob';

/** Calls that were throttled, and all besides the starts that were accepted, for each folder. */
export function costOf({ calls }: Books, folders: number) {
  const throttled = calls.filter(({ outcome }) => outcome === 'ThrottlingException').length;
  const starts = calls.filter(({ operation, outcome }) => operation === START && outcome === 'ok').length;
  return { throttled: throttled / calls.length, besidesStarts: (calls.length - starts) / folders };
}

/** Folders without a job, and jobs too many for their folder. */
export function faultsIn({ jobs }: Books, folders: readonly string[]) {
  const of = folders.map((folder) => jobs.get(folder)?.length ?? 0);
  return {
    lost: of.filter((count) => count === 0).length,
    doubled: of.reduce((sum, count) => sum + Math.max(count - 1, 0), 0),
  };
}
