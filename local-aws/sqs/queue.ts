import { isRecord } from '../../src/lib/guards.ts';
import { ServiceError } from '../errors.ts';
import type { World } from '../world.ts';
import { invalidValue, noSuchQueue } from './errors.ts';

/** A standard queue. */
export interface Queue {
  readonly name: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** Those that were set, and the defaults of the others. */
  readonly attributes: Readonly<Record<string, string>>;
}

export const queues = ({ store }: Pick<World, 'store'>) => store.table<Queue>('sqsQueue');

export const queueArn = ({ settings }: World, name: string) =>
  `arn:aws:sqs:${settings.region}:${settings.accountId}:${name}`;

export const queueUrl = ({ endpoint, settings }: World, name: string) =>
  `${endpoint}/${settings.accountId}/${name}`;

/** The queue of a URL. Its host does not count, because a container may reach the local AWS by another name. */
export function requireQueue(world: World, url: string | undefined): Queue {
  const [, account, name = ''] = /\/([^/]+)\/([^/]+)$/.exec(url ?? '') ?? [];
  const queue = account === world.settings.accountId ? queues(world).get(name) : undefined;
  if (!queue) throw noSuchQueue();
  return queue;
}

/** The attributes that are numbers, in seconds or bytes, with their defaults (SetQueueAttributes, API reference). */
const NUMBERS = {
  VisibilityTimeout: { standard: 30, from: 0, to: 43_200 },
  DelaySeconds: { standard: 0, from: 0, to: 900 },
  MessageRetentionPeriod: { standard: 345_600, from: 60, to: 1_209_600 },
  MaximumMessageSize: { standard: 1_048_576, from: 1024, to: 1_048_576 },
  ReceiveMessageWaitTimeSeconds: { standard: 0, from: 0, to: 20 },
} as const;

type NumberName = keyof typeof NUMBERS;

/** The attributes that are kept as they are. None of them has an effect here, except `RedrivePolicy`. */
const TEXTS = [
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'Policy',
  'SqsManagedSseEnabled',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
];

const STANDARD_ATTRIBUTES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(NUMBERS).map(([name, { standard }]) => [name, String(standard)])),
  SqsManagedSseEnabled: 'true',
};

export const isQueueName = (name: string) => /^[\w-]{1,80}$/.test(name);

export function createQueue(
  world: World,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const now = Date.now();
  queues(world).put(name, {
    name,
    createdAt: now,
    modifiedAt: now,
    attributes: { ...STANDARD_ATTRIBUTES, ...attributes },
  });
}

export const numberOf = ({ attributes }: Queue, name: NumberName): number => Number(attributes[name]);

/** Where messages go that were received too often: the name of that queue, and how many receives a message has. */
export interface Redrive {
  readonly to: string;
  readonly maxReceiveCount: number;
}

export function redriveOf({ attributes }: Queue): Redrive | undefined {
  const policy: unknown = attributes['RedrivePolicy'] ? JSON.parse(attributes['RedrivePolicy']) : undefined;
  if (!isRecord(policy)) return undefined;
  const to = String(policy['deadLetterTargetArn']).split(':').at(-1) ?? '';
  return { to, maxReceiveCount: Number(policy['maxReceiveCount']) };
}

/**
 * Checks the attributes of CreateQueue and SetQueueAttributes.
 *
 * @throws ServiceError that names the first attribute which is unknown or has a wrong value
 */
export function checkAttributes(world: World, attributes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (isNumber(name)) {
      const { from, to } = NUMBERS[name];
      if (!/^\d+$/.test(value) || Number(value) < from || Number(value) > to) throw wrongValue(name);
    } else if (!TEXTS.includes(name)) {
      throw new ServiceError('InvalidAttributeName', `Unknown Attribute ${name}.`);
    }
  }
  if (attributes['RedrivePolicy']) checkRedrive(world, attributes['RedrivePolicy']);
}

const isNumber = (name: string): name is NumberName => Object.hasOwn(NUMBERS, name);

const wrongValue = (name: string) =>
  new ServiceError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);

function checkRedrive(world: World, text: string): void {
  const policy = parsed(text);
  if (!isRecord(policy)) throw wrongValue('RedrivePolicy');
  const { deadLetterTargetArn: arn, maxReceiveCount } = policy;
  const count = Number(maxReceiveCount);
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw invalidValue(
      `Value ${text} for parameter RedrivePolicy is invalid. Reason: maxReceiveCount must be between 1 and 1000.`,
    );
  }
  const name = String(arn).split(':').at(-1) ?? '';
  if (queueArn(world, name) !== arn || !queues(world).get(name)) {
    throw invalidValue(
      `Value ${text} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
