/** Blobs that are large, that come slowly, and that do not come to their end: from a scripted HealthImaging to a real S3 protocol. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { instant, localAws, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { datastoreId, destinationImageSetId as imageSetId, polling } from '../support/inputs.ts';
import { imageSetReply } from '../support/replies.ts';
import { startScriptedAws, type ScriptedAws } from '../support/scripted-aws.ts';

/** An attempt of a call may take so long, and a stream may stall for so long. */
const START_TO_CLOSE_MS = 2_000;

let aws: ScriptedAws;
let local: LocalAwsUnderTest;
let cluster: Cluster;

beforeAll(async () => {
  aws = await startScriptedAws();
  local = await localAws(instant);
  const settings = {
    ACTIVITY_START_TO_CLOSE: `${START_TO_CLOSE_MS}ms`,
    AWS_ENDPOINT_URL_S3: local.endpoint,
  };
  cluster = await startCluster(aws.endpoint, { settings });
});

afterAll(async () => {
  await cluster.stop();
  await local.close();
  await aws.close();
});

const imageFrameId = 'f'.repeat(32);
const input = { datastoreId, imageSetId, imageFrameId, artifactsS3Uri: 's3://artifacts/', polling };
const metadata = { Patient: {}, Study: { DICOM: { StudyInstanceUID: '1.2.3' }, Series: {} } };
const MB = 1_000_000;

/** Sends a body in so many chunks, with so many milliseconds between two. */
const inChunks = (body: Buffer, chunks: number, milliseconds = 0) => ({
  $stream: (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const size = Math.ceil(body.byteLength / chunks);
    void (async () => {
      for (let from = 0; from < body.byteLength; from += size) {
        response.write(body.subarray(from, from + size));
        await pause(milliseconds);
      }
      response.end();
    })();
  },
});

/** Sends half a body, and then breaks the connection. */
const cutOff = (body: Buffer) => ({
  $stream: (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': body.byteLength });
    response.write(body.subarray(0, body.byteLength / 2), () => response.destroy());
  },
});

/** Sends half a body, and then nothing any more. Resolves once the client has given it up. */
function stalled(body: Buffer) {
  let givenUp = () => {};
  const gone = new Promise<void>((resolve) => (givenUp = resolve));
  const reply = {
    $stream: (response: ServerResponse) => {
      response.on('close', givenUp);
      response.writeHead(200, { 'content-length': body.byteLength });
      response.write(body.subarray(0, body.byteLength / 2));
    },
  };
  return { reply, gone };
}

const free = imageSetReply(imageSetId)('1', 'ACTIVE');
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const stored = (name: string) =>
  readFile(join(local.data, 's3/artifacts', datastoreId, imageSetId, '1', name));
/** Resolves once no upload is left that nobody has completed or aborted: S3 would bill its parts for ever. */
async function noPartsLeft(): Promise<void> {
  const uploads = () => readdir(join(local.data, 's3-uploads')).catch(() => []);
  while ((await uploads()).length > 0) await pause(20);
}

const whole = { GetImageSetMetadata: [inChunks(gzipSync(JSON.stringify(metadata)), 1)] };

async function inspected(frame: Buffer) {
  const { imageFrameBlob } = await cluster.flows.execute('inspectImageSet', input);
  expect(imageFrameBlob).toMatchObject({ bytes: frame.byteLength, sha256: sha256(frame) });
  expect((await stored(`frames/${imageFrameId}`)).equals(frame)).toBe(true);
}

test('a frame of 23 MB is stored whole, in parts', async () => {
  const frame = randomBytes(23 * MB);
  aws.script({ GetImageSet: [free], ...whole, GetImageFrame: [inChunks(frame, 100)] });
  await inspected(frame);
  expect(await local.control.calls({ operation: 'UploadPart' })).toHaveLength(5);
  await noPartsLeft();
});

test('a frame that takes longer than an attempt of any other call is stored by one attempt', async () => {
  const frame = randomBytes(MB);
  aws.script({ GetImageSet: [free], ...whole, GetImageFrame: [inChunks(frame, 20, START_TO_CLOSE_MS / 8)] });
  await inspected(frame);
  expect(aws.callsOf('GetImageFrame')).toHaveLength(1);
});

test('a frame that is cut off is read again, and leaves the same object and no part of another', async () => {
  const frame = randomBytes(14 * MB);
  aws.script({ GetImageSet: [free], ...whole, GetImageFrame: [cutOff(frame), inChunks(frame, 10)] });
  await inspected(frame);
  await noPartsLeft();
  expect(aws.callsOf('GetImageFrame')).toHaveLength(2);
});

test('a frame that stalls is given up by its heartbeat, and read again', async () => {
  const frame = randomBytes(14 * MB);
  const { reply, gone } = stalled(frame);
  aws.script({ GetImageSet: [free], ...whole, GetImageFrame: [reply, inChunks(frame, 10)] });
  await inspected(frame);
  // The attempt that stalled does not stay in the worker, nor what it has sent in S3.
  await gone;
  await noPartsLeft();
  expect(aws.callsOf('GetImageFrame')).toHaveLength(2);
});

test('metadata of 12 MB that come slowly are stored, and read, by one attempt', async () => {
  const Instances = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [
      `1.2.3.${index}`,
      { DICOM: { Text: randomBytes(400).toString('hex') }, ImageFrames: [{ ID: 'f' }] },
    ]),
  );
  const Series = { '1.2': { DICOM: { Modality: 'CT' }, Instances } };
  const blob = gzipSync(JSON.stringify({ Study: { ...metadata.Study, Series } }));
  const frame = randomBytes(100);
  aws.script({
    GetImageSet: [free],
    GetImageSetMetadata: [inChunks(blob, 20, START_TO_CLOSE_MS / 8)],
    GetImageFrame: [inChunks(frame, 1)],
  });
  const result = await cluster.flows.execute('inspectImageSet', input);
  expect(blob.byteLength).toBeGreaterThan(8 * MB);
  expect(result.imageSetMetadataBlob).toMatchObject({ bytes: blob.byteLength, sha256: sha256(blob) });
  expect(result.metadata).toMatchObject({ instanceCount: 20_000, frameCount: 20_000, modalities: ['CT'] });
  expect((await stored('metadata.json.gz')).equals(blob)).toBe(true);
  expect(aws.callsOf('GetImageSetMetadata')).toHaveLength(1);
});
