import * as Sqs from '@aws-sdk/client-sqs';
import { AwsJson } from '../protocols/aws-json.ts';
import type { Service } from '../protocols/http.ts';
import { runHandler } from '../protocols/operations.ts';
import { refuseWrongType, type Mismatch } from '../protocols/shape.ts';
import type { World } from '../world.ts';
import { missing, noSuchQueue, UNMODELLED_CODES } from './errors.ts';
import { messageHandlers } from './message-handlers.ts';
import { queueHandlers } from './queue-handlers.ts';
import type { Queues } from './queues.ts';

export type SqsOperation = keyof ReturnType<typeof queueHandlers> | keyof ReturnType<typeof messageHandlers>;

function refuse(mismatch: Mismatch): never {
  const { member, problem } = mismatch;
  if (problem === 'wrong type') return refuseWrongType(mismatch);
  throw member === 'QueueUrl' ? noSuchQueue() : missing(member);
}

/** Amazon SQS: standard queues. */
export function sqs(world: World, queues: Queues): Service {
  const handlers = { ...queueHandlers(world, queues), ...messageHandlers(world, queues) };
  const client = new Sqs.SQSClient({ region: world.settings.region });
  return {
    name: 'sqs',
    protocol: new AwsJson(Sqs, client, {
      target: 'AmazonSQS',
      namespace: 'com.amazonaws.sqs',
      messageMember: 'message',
      errorStatus: () => 'modelled',
      queryCodes: UNMODELLED_CODES,
      operations: Object.keys(handlers),
      refuse,
    }),
    resume: () => {},
    run: (operation, input, gone) => runHandler(handlers, operation, input, gone),
  };
}
