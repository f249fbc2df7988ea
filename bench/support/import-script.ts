/**
 * Imports many folders as people write it today, with `p-limit` and the AWS SDK: at most 90 at the same time, each asked about every
 * ten seconds. A folder that is done is noted in a file, so that the script can be started again.
 *
 * Arguments: the endpoint, the data store, the number of folders, how many times as fast as on AWS, and the file.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import { imagingClient } from './dicom.ts';
import { numberedFolder, OUTPUT, ROLE } from './fleet-input.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const [endpoint = '', datastoreId = '', count = '0', speed = '1', doneFile = ''] = process.argv.slice(2);
const imaging = imagingClient(endpoint, { retryMode: 'adaptive', maxAttempts: 10 });
const done = new Set(existsSync(doneFile) ? readFileSync(doneFile, 'utf8').split('\n') : []);
const limit = pLimit(90);

async function importFolder(inputS3Uri: string): Promise<void> {
  const job = { datastoreId, dataAccessRoleArn: ROLE, inputS3Uri, outputS3Uri: OUTPUT };
  const { jobId } = await imaging.startDICOMImportJob(job);
  for (let status = 'SUBMITTED'; status === 'SUBMITTED' || status === 'IN_PROGRESS';) {
    await pause(10_000 / Number(speed));
    const { jobProperties } = await imaging.getDICOMImportJob({ datastoreId, jobId });
    status = jobProperties?.jobStatus ?? '';
  }
  appendFileSync(doneFile, `${inputS3Uri}\n`);
}

const folders = Array.from({ length: Number(count) }, (_, index) => numberedFolder(index));
const missing = folders.filter((folder) => !done.has(folder));
await Promise.allSettled(missing.map((folder) => limit(importFolder, folder)));
