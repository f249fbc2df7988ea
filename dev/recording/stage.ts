/** Prepares what the pictures show: runs that closed in different ways, and a schedule that has fired. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createAwsClients } from '../../src/worker/aws-clients.ts';
import type { FlowClient } from '../../src/client.ts';
import { UserError } from '../../src/lib/user-error.ts';
import { copyInput, copyPair, fhirImportInput, onboardInput } from '../sample-jobs.ts';
import { writeSamples } from '../samples/index.ts';

export const IMPORT = 'radiology-import';
export const SCHEDULE = 'nightly';

export class Stage {
  readonly #flows: FlowClient;
  readonly #s3Folder: string;
  readonly #samples;

  constructor(flows: FlowClient, s3Folder: string) {
    this.#flows = flows;
    this.#s3Folder = s3Folder;
    this.#samples = writeSamples({ s3Folder });
  }

  /** Starts an import in which HealthImaging rejects one of the files. */
  startImport() {
    const input = onboardInput(this.#samples, 'radiology');
    return this.#flows.start('onboardDatastoreAndImport', input, { workflowId: IMPORT });
  }

  /** The data store of HealthLake, for the imports of FHIR records. */
  async createRecords(): Promise<string> {
    const input = { DatastoreName: 'records', DatastoreTypeVersion: 'R4' } as const;
    const options = { workflowId: 'records-store' };
    const { datastoreId } = await this.#flows.execute('createFhirDatastoreAndWaitActive', input, options);
    return datastoreId;
  }

  /** Starts a run that completes, one that fails, one that is partial, and one that stays open for some seconds. */
  async startOthers(radiologyId: string, recordsId: string): Promise<void> {
    const flows = this.#flows;
    await flows.execute('startImportAndWaitCompleted', fhirImportInput(this.#samples, recordsId), {
      workflowId: 'records-import',
    });
    const { imaging } = createAwsClients(process.env, 5_000);
    const pair = await copyPair(imaging, radiologyId, this.#samples);
    if (pair === undefined) throw new UserError('The import made no two image sets of the first study.');
    await flows.execute('copyImageSet', copyInput(radiologyId, pair), { workflowId: 'merge-series' });
    const unknown = { ...copyInput(radiologyId, pair), sourceImageSetId: '0'.repeat(32) };
    const failing = await flows.start('copyImageSet', unknown, { workflowId: 'merge-unknown' });
    await failing.result().catch(() => undefined);
    await flows.start(
      'provisionDatastore',
      { datastoreName: 'cardiology' },
      { workflowId: 'cardiology-store' },
    );
  }

  /** Backfills three past nights. */
  async fireSchedule(recordsId: string): Promise<void> {
    const nights = ['02', '03', '04'];
    for (const day of nights.map((night) => String(Number(night) - 1).padStart(2, '0'))) {
      const folder = join(this.#s3Folder, 'incoming/2026/01', day);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'Patient.ndjson'), `{"resourceType":"Patient","id":"patient-${day}"}\n`);
    }
    const { schedules } = this.#flows;
    await schedules.ensure(SCHEDULE, {
      flow: 'startImportAndWaitCompleted',
      input: {
        ...fhirImportInput(this.#samples, recordsId),
        InputS3Uri: 's3://incoming/{yyyy}/{MM}/{dd}/',
        OutputS3Uri: 's3://results/{yyyy}/{MM}/{dd}/',
      },
      cron: '0 2 * * *',
      timeZone: 'Europe/Berlin',
      offset: '-1 day',
    });
    await schedules.backfill(SCHEDULE, { from: new Date('2026-01-02'), to: new Date('2026-01-05') });
    for (;;) {
      const { recent, running, waiting } = await schedules.describe(SCHEDULE);
      if (recent.length === nights.length && running.length === 0 && waiting === 0) return;
      await pause(500);
    }
  }
}
