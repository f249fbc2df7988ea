import type * as Sqs from '@aws-sdk/client-sqs';
import { ServiceError } from '../errors.ts';
import { pageOf, type Order } from '../paging.ts';
import type { Handlers } from '../protocols/operations.ts';
import type { World } from '../world.ts';
import { invalidValue, noSuchQueue, numberIn } from './errors.ts';
import { messagesOf } from './message.ts';
import {
  checkAttributes,
  createQueue,
  isQueueName,
  queueArn,
  queues,
  queueUrl,
  requireQueue,
  type Queue,
} from './queue.ts';
import { isExpired, type Queues } from './queues.ts';

const byName: Order<Queue> = { by: ({ name }) => name, id: ({ name }) => name, ascending: true };

export function queueHandlers(world: World, stored: Queues) {
  return {
    CreateQueue({ QueueName, Attributes = {} }) {
      checkName(QueueName);
      checkAttributes(world, Attributes);
      const existing = queues(world).get(QueueName);
      if (existing) refuseOther(existing, Attributes);
      else createQueue(world, QueueName, Attributes);
      return { QueueUrl: queueUrl(world, QueueName) };
    },

    GetQueueUrl({ QueueName }) {
      checkName(QueueName);
      if (!queues(world).get(QueueName)) throw noSuchQueue();
      return { QueueUrl: queueUrl(world, QueueName) };
    },

    ListQueues({ QueueNamePrefix = '', MaxResults, NextToken }) {
      const size = numberIn('MaxResults', MaxResults, { from: 1, to: 1000, standard: 1000 });
      const found = queues(world)
        .values()
        .filter(({ name }) => name.startsWith(QueueNamePrefix));
      const { items, nextToken } = pageOf(found, byName, { size, token: NextToken });
      return { QueueUrls: items.map(({ name }) => queueUrl(world, name)), NextToken: nextToken };
    },

    GetQueueAttributes({ QueueUrl, AttributeNames = [] }) {
      const queue = requireQueue(world, QueueUrl);
      const all: Record<string, string> = { ...queue.attributes, ...computedAttributes(world, queue) };
      const isWanted = ([name]: [string, string]) =>
        AttributeNames.some((wanted) => wanted === 'All' || wanted === name);
      return { Attributes: Object.fromEntries(Object.entries(all).filter(isWanted)) };
    },

    SetQueueAttributes({ QueueUrl, Attributes }) {
      const queue = requireQueue(world, QueueUrl);
      checkAttributes(world, Attributes);
      const merged = Object.entries({ ...queue.attributes, ...Attributes });
      // An empty text removes an attribute, such as the redrive policy.
      const attributes = Object.fromEntries(merged.filter(([, value]) => value !== ''));
      queues(world).put(queue.name, { ...queue, modifiedAt: Date.now(), attributes });
      return {};
    },

    PurgeQueue({ QueueUrl }) {
      stored.purge(requireQueue(world, QueueUrl).name);
      return {};
    },

    DeleteQueue({ QueueUrl }) {
      const { name } = requireQueue(world, QueueUrl);
      queues(world).delete(name);
      stored.purge(name);
      return {};
    },
  } satisfies Partial<Handlers<typeof Sqs>>;
}

function checkName(name: string): void {
  if (name.endsWith('.fifo')) throw invalidValue('The local AWS has standard queues only, no FIFO queues.');
  if (isQueueName(name)) return;
  throw invalidValue('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
}

function refuseOther({ attributes }: Queue, wanted: Readonly<Record<string, string>>): void {
  const other = Object.keys(wanted).find((name) => attributes[name] !== wanted[name]);
  if (other === undefined) return;
  throw new ServiceError(
    'QueueNameExists',
    `A queue already exists with the same name and a different value for attribute ${other}`,
  );
}

/** SQS counts approximately; these counts are exact. */
function computedAttributes(world: World, queue: Queue): Record<string, string> {
  const now = Date.now();
  const counts = { visible: 0, hidden: 0, delayed: 0 };
  for (const message of messagesOf(world, queue.name)) {
    if (isExpired(queue, message)) continue;
    if (message.visibleAt <= now) counts.visible++;
    else if (message.receiveCount === 0) counts.delayed++;
    else counts.hidden++;
  }
  return {
    QueueArn: queueArn(world, queue.name),
    CreatedTimestamp: seconds(queue.createdAt),
    LastModifiedTimestamp: seconds(queue.modifiedAt),
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.hidden),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
  };
}

const seconds = (time: number) => String(Math.floor(time / 1000));
