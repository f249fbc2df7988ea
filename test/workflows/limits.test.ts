/** The sixteen flows, fifty runs at once, with a local AWS that throttles and has quotas as AWS does. */
import { localAws, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { activeFhirDatastore } from '../local-aws/fhir-harness.ts';
import { activeDatastore, imageSetsBySeries, importAll, readMetadata } from '../local-aws/imaging-harness.ts';
import {
  begin,
  expectAllWell,
  fhirImport,
  KINDS,
  prepare,
  putSamples,
  type Kind,
  type Scene,
} from '../durability/runs.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { roleArn } from '../support/inputs.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
withCluster(
  () => localAws({ fhirImportMs: 'never', fhirImportQueueLength: 3 }),
  (started, itsCluster) => {
    aws = started;
    cluster = itsCluster;
  },
);

/** HealthLake has no more than ten data stores in an account, so these flows run once. */
const isOfHealthLake = (kind: Kind) => /fhir|provisionDatastoreAnd|^start/i.test(kind);

/** Runs whose number makes fifty: more imports into one data store than run and wait in its queue. */
const QUEUED_IMPORTS = 12;

async function firstFrame(datastoreId: string, imageSetId: string): Promise<string> {
  const metadata = JSON.stringify(await readMetadata(aws, { datastoreId, imageSetId }));
  return /"ImageFrames":\[\{"ID":"(\w+)"/.exec(metadata)?.[1] ?? '';
}

test('all complete, although many of their calls are throttled', async () => {
  const scene: Scene = { aws, data: aws.data, flows: cluster.flows };
  await putSamples(scene);
  const kinds = KINDS.flatMap((kind) => (isOfHealthLake(kind) ? [kind] : [kind, kind, kind, kind]));
  const prepared = await Promise.all(kinds.map((kind) => prepare(scene, kind)));
  const DatastoreId = await activeFhirDatastore(aws);
  const datastoreId = await activeDatastore(aws);
  const input = { dataAccessRoleArn: roleArn, inputS3Uri: 's3://dicom/one/', outputS3Uri: 's3://dicom/out/' };
  await importAll(aws, { datastoreId, ...input });
  const [imageSetId = ''] = Object.values(await imageSetsBySeries(aws, datastoreId));
  const imageFrameId = await firstFrame(datastoreId, imageSetId);
  await aws.control.settings({ limits: 'scaled:20' });

  const { flows } = cluster;
  const imports = Array.from({ length: QUEUED_IMPORTS }, (_, i) =>
    flows.execute('startImportAndWaitCompleted', { DatastoreId, JobName: `import-${i}`, ...fhirImport }),
  );
  const reads = [
    flows.execute('findImageSetByPatient', { datastoreId, dicomPatientId: 'P1' }),
    flows.execute('inspectImageSet', { datastoreId, imageSetId, imageFrameId }),
    flows.execute('auditCompletedImports', { datastoreId }),
  ];
  const begun = await Promise.all(prepared.map((each) => begin(scene, each)));
  expect(begun.length + imports.length + reads.length).toBeGreaterThanOrEqual(50);
  // No import ends before HealthLake has refused one for which its queue has no room.
  await aws.control.waitForCall({ operation: 'StartFHIRImportJob', outcome: 'ThrottlingException' });
  await aws.control.settings({ fhirImportMs: 50 });
  await aws.control.settleAll();
  await expectAllWell(scene, begun);
  for (const result of await Promise.all(imports)) expect(result).toMatchObject({ outcome: 'complete' });
  await Promise.all(reads);

  const throttled = (await aws.control.calls()).filter(({ outcome }) => outcome === 'ThrottlingException');
  expect(throttled.map(({ operation }) => operation)).toContain('CreateFHIRDatastore');
}, 120_000);
