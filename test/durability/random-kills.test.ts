/** Kills at moments that nobody has chosen, of every flow that changes something. `npm run test:durability` asks for many. */
import { setTimeout as pause } from 'node:timers/promises';
import { polling, roleArn } from '../support/inputs.ts';
import { VICTIMS, startPlatform, type Platform } from './platform.ts';
import { copyPairs, counts, fhirDatastore, putSamples, runsOf, versions } from './runs.ts';

const kills = Number(process.env['KILLS'] ?? 3);
const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
const KILLS_A_ROUND = 5;

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await putSamples(platform);
});
afterAll(() => platform.stop());

test(
  `${kills} kills, SEED=${seed}: every run ends well, and AWS has seen one of each thing that they make`,
  async () => {
    const random = randomOf(seed);
    for (let left = kills; left > 0; left -= KILLS_A_ROUND) {
      const pairs = await copyPairs(platform, 2);
      const stores = [
        await fhirDatastore(platform),
        await fhirDatastore(platform),
        await fhirDatastore(platform),
      ];
      const before = await counts(platform);
      await platform.aws.control.settings({
        datastoreCreateMs: 1_500,
        dicomImportMs: 1_500,
        copyMs: 3_000,
        updateMs: 3_000,
        fhirDatastoreCreateMs: 1_500,
        fhirDatastoreDeleteMs: 1_500,
        fhirImportMs: 1_500,
        fhirExportMs: 1_500,
      });

      const runs = await startOneOfEach(pairs, stores);
      const results = Promise.all(runs.map((run) => run.result()));
      for (let kill = Math.min(left, KILLS_A_ROUND); kill > 0; kill--) {
        await pause(random() * 1_500);
        await platform.killAndRestart(VICTIMS[Math.floor(random() * VICTIMS.length)] ?? 'worker');
      }
      await results;

      const after = await counts(platform);
      const made = Object.entries(after).map(([what, count]) => [
        what,
        count - before[what as keyof typeof before],
      ]);
      expect(Object.fromEntries(made)).toEqual({
        datastores: 2,
        dicomImport: 2,
        fhirImport: 3,
        fhirExport: 2,
      });
      expect(await versions(platform, pairs)).toEqual(['2', '2']);
    }
  },
  90_000 + kills * 15_000,
);

/** A run of each flow that changes something in AWS. */
async function startOneOfEach(
  [copied, updated]: Awaited<ReturnType<typeof copyPairs>>,
  [imported = '', exported = '', deleted = '']: string[],
) {
  const { flows } = platform;
  const { onboard, copy, fhirImport } = runsOf(platform);
  const { datastoreId = '', destinationImageSetId = '', sourceImageSetId = '' } = updated ?? {};
  const dicom = {
    dataAccessRoleArn: roleArn,
    inputS3Uri: 's3://dicom/in/',
    outputS3Uri: 's3://dicom/out/',
    polling,
  };
  const fhir = {
    OutputS3Uri: 's3://fhir/out/',
    OutputKmsKeyId: 'alias/key',
    DataAccessRoleArn: roleArn,
    polling,
  };
  const fhirStore = { DatastoreName: `fhir-${datastoreId}`, DatastoreTypeVersion: 'R4' as const };
  const attributes = { SchemaVersion: 1.1, Patient: { DICOM: { PatientName: 'A^B' } } };
  return Promise.all([
    onboard(),
    copy(copied),
    flows.start('updateImageSetMetadata', {
      datastoreId,
      imageSetId: destinationImageSetId,
      polling,
      updatableAttributes: attributes,
    }),
    flows.start('tagImageSet', { datastoreId, imageSetId: sourceImageSetId, tags: { a: 'b' }, polling }),
    flows.start('provisionDatastore', { datastoreName: `provisioned-${datastoreId}`, polling }),
    flows.start('importDicomAndSearch', { datastoreId, ...dicom }),
    flows.start('createFhirDatastoreAndWaitActive', { ...fhirStore, polling }),
    flows.start('deleteFhirDatastoreAndConfirm', { DatastoreId: deleted, polling }),
    flows.start('provisionDatastoreAndExport', { ...fhirStore, ...fhir }),
    flows.start('provisionDatastoreAndImport', { ...fhirStore, ...fhir, InputS3Uri: 's3://fhir/in/' }),
    flows.start('startExportPollAndList', { DatastoreId: exported, ...fhir }),
    flows.start('startImportPollAndList', { DatastoreId: exported, ...fhir, InputS3Uri: 's3://fhir/in/' }),
    fhirImport(imported),
  ]);
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
