import { createHash } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { ServiceError } from '../errors.ts';
import type { World } from '../world.ts';
import { invalidValue, missing } from './errors.ts';

/** A message attribute, with its bytes in base64. */
export interface Attribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly base64?: string | undefined;
}

export type Attributes = Readonly<Record<string, Attribute>>;

export interface Message {
  readonly messageId: string;
  /** The name of the queue. */
  readonly queue: string;
  readonly body: string;
  readonly attributes: Attributes;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** The time from which on it can be received: later than now for a message that is delayed or was received. */
  readonly visibleAt: number;
  readonly receiveCount: number;
  readonly firstReceivedAt?: number | undefined;
  readonly traceHeader?: string | undefined;
  /** The ARN of the queue from which the redrive policy moved it. */
  readonly deadLetterSource?: string | undefined;
}

export const messages = ({ store }: Pick<World, 'store'>) => store.table<Message>('sqsMessage');

/** The messages of a queue, those too that cannot be received now. */
export const messagesOf = (world: Pick<World, 'store'>, queue: string): Iterable<Message> =>
  messages(world)
    .index('queue', (message) => [message.queue])
    .get(queue);

/**
 * The receipt handle of the newest receive. Each receive gives a message another handle, and only the newest one can delete it.
 */
export const receiptHandle = ({ messageId, receiveCount }: Message) =>
  Buffer.from(`${messageId}:${receiveCount}`).toString('base64');

/**
 * The message of a receipt handle; nothing if it has been deleted, or has been received again since.
 *
 * @throws ServiceError if SQS could not have given the handle
 */
export function messageOf(world: World, queue: string, handle: string | undefined): Message | undefined {
  if (!handle) throw missing('ReceiptHandle');
  const [, messageId] = /^([0-9a-f-]{36}):\d+$/.exec(Buffer.from(handle, 'base64').toString()) ?? [];
  if (messageId === undefined) {
    throw new ServiceError(
      'ReceiptHandleIsInvalid',
      'The input receipt handle is not a valid receipt handle.',
    );
  }
  const message = messages(world).get(messageId);
  return message?.queue === queue && receiptHandle(message) === handle ? message : undefined;
}

export const md5 = (content: string | Uint8Array) => createHash('md5').update(content).digest('hex');

/** The characters that SQS refuses in a body, those that XML 1.0 does not allow (SendMessage, API reference). */
// oxlint-disable-next-line no-control-regex
const REFUSED = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** @throws ServiceError for a body or attributes that SQS does not accept, or that together exceed `maxBytes` */
export function checkContent(
  body: string,
  attributes: Readonly<Record<string, MessageAttributeValue>>,
  maxBytes: number,
): Attributes {
  if (!body) throw missing('MessageBody');
  if (REFUSED.test(body)) {
    throw new ServiceError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.',
    );
  }
  if (Object.keys(attributes).length > 10) {
    throw invalidValue('Number of message attributes exceeds the allowed maximum [10].');
  }
  const checked = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, toAttribute(name, value)]),
  );
  if (sizeOf(body, checked) > maxBytes) {
    throw invalidValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`,
    );
  }
  return checked;
}

/** The size of a message as SQS counts it: its body, and the names, types and values of its attributes. */
export const sizeOf = (body: string, attributes: Attributes): number =>
  Object.entries(attributes).reduce(
    (sum, [name, attribute]) =>
      sum + Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + bytesOf(attribute).length,
    Buffer.byteLength(body),
  );

function toAttribute(name: string, value: MessageAttributeValue): Attribute {
  const { DataType = '', StringValue, BinaryValue } = value;
  if (value.StringListValues?.length || value.BinaryListValues?.length) {
    throw new ServiceError('UnsupportedOperation', 'Message attribute list values are not supported.');
  }
  if (!/^[\w.-]{1,256}$/.test(name) || !/^(String|Number|Binary)(\..+)?$/.test(DataType)) {
    throw invalidValue(`The message attribute '${name}' has an invalid name or message attribute type.`);
  }
  const isBinary = DataType.startsWith('Binary');
  if (isBinary ? !BinaryValue?.length : !StringValue) {
    throw invalidValue(
      `Message attribute '${name}' with type '${DataType}' must use field '${isBinary ? 'Binary' : 'String'}'.`,
    );
  }
  if (DataType.startsWith('Number') && !/^[+-]?\d*\.?\d+(e[+-]?\d+)?$/i.test(StringValue ?? '')) {
    throw invalidValue(`Could not cast message attribute '${name}' value to number.`);
  }
  return isBinary
    ? { DataType, base64: Buffer.from(BinaryValue ?? []).toString('base64') }
    : { DataType, StringValue };
}

export const toValue = ({ DataType, StringValue, base64 }: Attribute): MessageAttributeValue => ({
  DataType,
  ...(base64 === undefined ? { StringValue } : { BinaryValue: Buffer.from(base64, 'base64') }),
});

const bytesOf = ({ StringValue = '', base64 }: Attribute) =>
  base64 === undefined ? Buffer.from(StringValue) : Buffer.from(base64, 'base64');

/** The checksum of attributes (SQS developer guide, "Calculating the MD5 message digest for message attributes"). */
export function attributesMd5(attributes: Attributes): string | undefined {
  const names = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  if (names.length === 0) return undefined;
  const parts = names.flatMap(([name, attribute]) => [
    ...withLength(Buffer.from(name)),
    ...withLength(Buffer.from(attribute.DataType)),
    Buffer.of(attribute.base64 === undefined ? 1 : 2),
    ...withLength(bytesOf(attribute)),
  ]);
  return md5(Buffer.concat(parts));
}

function withLength(bytes: Buffer): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}
