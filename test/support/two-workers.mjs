/**
 * A worker for workflow tasks and one for activities in one process, each with its own cache of data keys. The one for activities
 * fails to decrypt each payload the first time, as in an outage of KMS while it does not yet know the data keys of the other.
 */
import { Worker } from '@temporalio/worker';
import { workerOptions } from '../../dist/src/worker/worker-options.js';
import { workflowCode } from '../../dist/src/worker/workflow-code.js';

/** @returns a codec that differs from the given one in that it decrypts no payload before the second attempt */
function failingAtFirst(codec) {
  const seen = new Set();
  return {
    encode: (payloads) => codec.encode(payloads),
    decode: async (payloads) => {
      const texts = payloads.map(({ data }) => Buffer.from(data).toString('base64'));
      const unseen = texts.filter((text) => !seen.has(text));
      if (unseen.length === 0) return codec.decode(payloads);
      for (const text of unseen) seen.add(text);
      throw Object.assign(new Error('KMS cannot be reached.'), { name: 'TimeoutError' });
    },
  };
}

const forWorkflows = await workerOptions(process.env);
const forActivities = await workerOptions(process.env);
const { dataConverter } = forActivities;
const payloadCodecs = dataConverter.payloadCodecs.map(failingAtFirst);
const workers = [
  await Worker.create({ ...forWorkflows, ...workflowCode(undefined, true), enableNonLocalActivities: false }),
  await Worker.create({ ...forActivities, dataConverter: { ...dataConverter, payloadCodecs } }),
];
await Promise.all(workers.map((worker) => worker.run()));
