import type * as Sqs from '@aws-sdk/client-sqs';
import { ServiceError } from '../errors.ts';
import type { Handlers } from '../protocols/operations.ts';
import type { World } from '../world.ts';
import { eachOf } from './batch.ts';
import { invalidValue, missing, numberIn } from './errors.ts';
import {
  attributesMd5,
  checkContent,
  md5,
  messageOf,
  receiptHandle,
  sizeOf,
  toValue,
  type Message,
} from './message.ts';
import { numberOf, requireQueue, type Queue } from './queue.ts';
import type { Queues } from './queues.ts';

/** The limit for all messages of a batch together, in bytes. */
const MOST_BYTES = 1_048_576;

type Sending = { readonly MessageBody: string } & Pick<
  Sqs.SendMessageRequest,
  'DelaySeconds' | 'MessageAttributes' | 'MessageSystemAttributes' | 'MessageDeduplicationId'
>;

export function messageHandlers(world: World, queues: Queues) {
  const send = (queue: Queue, entry: Sending) => {
    const { MessageBody: body, MessageAttributes = {}, MessageSystemAttributes = {} } = entry;
    if (entry.MessageDeduplicationId) {
      throw invalidValue('The request includes a parameter that is not valid for this queue type.');
    }
    const attributes = checkContent(body, MessageAttributes, numberOf(queue, 'MaximumMessageSize'));
    const delay = { from: 0, to: 900, standard: numberOf(queue, 'DelaySeconds') };
    const message = queues.send(queue.name, {
      body,
      attributes,
      traceHeader: MessageSystemAttributes['AWSTraceHeader']?.StringValue,
      delayMs: 1000 * numberIn('DelaySeconds', entry.DelaySeconds, delay),
    });
    return {
      MessageId: message.messageId,
      MD5OfMessageBody: md5(body),
      MD5OfMessageAttributes: attributesMd5(attributes),
    };
  };

  const remove = (queue: Queue, { ReceiptHandle }: { ReceiptHandle?: string | undefined }) => {
    // A handle that is not the newest one deletes nothing, and SQS answers as if it had.
    const message = messageOf(world, queue.name, ReceiptHandle);
    if (message) queues.delete(message);
    return {};
  };

  const changeVisibility = (
    queue: Queue,
    entry: { ReceiptHandle?: string | undefined; VisibilityTimeout?: number | undefined },
  ) => {
    const { ReceiptHandle, VisibilityTimeout } = entry;
    if (VisibilityTimeout === undefined) throw missing('VisibilityTimeout');
    const timeout = numberIn('VisibilityTimeout', VisibilityTimeout, { from: 0, to: 43_200, standard: 0 });
    const message = messageOf(world, queue.name, ReceiptHandle);
    if (!message) {
      throw invalidValue(
        'Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.',
      );
    }
    queues.put({ ...message, visibleAt: Date.now() + 1000 * timeout });
    return {};
  };

  return {
    SendMessage(input) {
      return send(requireQueue(world, input.QueueUrl), input);
    },

    SendMessageBatch({ QueueUrl, Entries }) {
      const queue = requireQueue(world, QueueUrl);
      const bytes = Entries.reduce((sum, { MessageBody }) => sum + sizeOf(MessageBody, {}), 0);
      if (bytes > MOST_BYTES) {
        throw new ServiceError(
          'BatchRequestTooLong',
          `Batch requests cannot be longer than ${MOST_BYTES} bytes. You have sent ${bytes} bytes.`,
        );
      }
      return eachOf(Entries, (entry) => send(queue, entry));
    },

    async ReceiveMessage(input, gone) {
      const queue = requireQueue(world, input.QueueUrl);
      const { MaxNumberOfMessages, WaitTimeSeconds, VisibilityTimeout } = input;
      const wait = { from: 0, to: 20, standard: numberOf(queue, 'ReceiveMessageWaitTimeSeconds') };
      const visibility = { from: 0, to: 43_200, standard: numberOf(queue, 'VisibilityTimeout') };
      const received = await queues.receive(queue.name, {
        max: numberIn('MaxNumberOfMessages', MaxNumberOfMessages, { from: 1, to: 10, standard: 1 }),
        waitMs: 1000 * numberIn('WaitTimeSeconds', WaitTimeSeconds, wait),
        visibilityMs: 1000 * numberIn('VisibilityTimeout', VisibilityTimeout, visibility),
        gone,
      });
      // A receive without messages has no member `Messages`, as on AWS.
      return received.length > 0 ? { Messages: received.map((message) => shown(world, message, input)) } : {};
    },

    DeleteMessage({ QueueUrl, ReceiptHandle }) {
      return remove(requireQueue(world, QueueUrl), { ReceiptHandle });
    },

    DeleteMessageBatch({ QueueUrl, Entries }) {
      const queue = requireQueue(world, QueueUrl);
      return eachOf(Entries, (entry) => remove(queue, entry));
    },

    ChangeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout }) {
      return changeVisibility(requireQueue(world, QueueUrl), { ReceiptHandle, VisibilityTimeout });
    },

    ChangeMessageVisibilityBatch({ QueueUrl, Entries }) {
      const queue = requireQueue(world, QueueUrl);
      return eachOf(Entries, (entry) => changeVisibility(queue, entry));
    },
  } satisfies Partial<Handlers<typeof Sqs>>;
}

type Wanted = Pick<
  Sqs.ReceiveMessageRequest,
  'AttributeNames' | 'MessageSystemAttributeNames' | 'MessageAttributeNames'
>;

/** A received message, with the attributes that the request asks for. */
function shown(world: World, message: Message, wanted: Wanted): Sqs.Message {
  const { MessageAttributeNames = [], AttributeNames = [], MessageSystemAttributeNames = [] } = wanted;
  const systemNames: readonly string[] = [...AttributeNames, ...MessageSystemAttributeNames];
  const system = Object.entries(systemAttributes(world, message)).filter(
    ([name, value]) => value !== undefined && systemNames.some((asked) => asked === 'All' || asked === name),
  );
  const own = Object.entries(message.attributes).filter(([name]) =>
    MessageAttributeNames.some((asked) => isNamed(name, asked)),
  );
  return {
    MessageId: message.messageId,
    ReceiptHandle: receiptHandle(message),
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(own.length > 0 && {
      MD5OfMessageAttributes: attributesMd5(Object.fromEntries(own)),
      MessageAttributes: Object.fromEntries(own.map(([name, value]) => [name, toValue(value)])),
    }),
  };
}

/** `All` and `.*` ask for all attributes, and `prefix.*` for those whose names begin so. */
function isNamed(name: string, asked: string): boolean {
  if (asked === 'All' || asked === name) return true;
  return asked.endsWith('.*') && name.startsWith(asked.slice(0, -2));
}

function systemAttributes({ settings }: World, message: Message): Record<string, string | undefined> {
  return {
    SenderId: settings.accountId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    AWSTraceHeader: message.traceHeader,
    DeadLetterQueueSourceArn: message.deadLetterSource,
  };
}
