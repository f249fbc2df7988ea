import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type QueueAttributeName,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { silenceNodeWarning } from '../lib/aws-sdk.ts';
import { isRecord } from '../lib/guards.ts';
import { UserError } from '../lib/user-error.ts';

/** A message that was received, and is invisible to others for some time. */
export interface QueuedMessage {
  readonly body: string;
  readonly receiptHandle: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** When it was sent, in milliseconds since 1970. */
  readonly sentAt: number;
}

/** SQS gives and deletes up to ten messages at a time. */
const BATCH = 10;

/** How long SQS may wait for a message before it answers that there is none, in seconds. This is the longest. */
const LONG_POLL = 20;

/** How often a deletion is sent before the message is left to be received again. */
const DELETE_ATTEMPTS = 3;

/**
 * The queue with a URL. Calls go to the host of the URL, because SQS answers there, and so does the local AWS.
 *
 * @throws UserError if it is no URL
 */
export function openQueue(url: string, config: SQSClientConfig = {}): EventQueue {
  if (!/^https?:\/\/./.test(url) || !URL.canParse(url))
    throw new UserError('The URL of the queue must begin with https:// or http://.');
  silenceNodeWarning();
  return new EventQueue(new SQSClient({ ...config, endpoint: new URL(url).origin }), url);
}

/** A standard SQS queue, which may deliver a message twice and in any order, and its dead-letter queue. */
export class EventQueue {
  #deadLetterUrl: Promise<string | undefined> | undefined;

  constructor(
    readonly sqs: SQSClient,
    readonly url: string,
  ) {}

  /**
   * Waits up to 20 seconds for messages.
   *
   * @param stop - ends the wait
   * @throws the error of SQS
   */
  async receive(stop: AbortSignal): Promise<QueuedMessage[]> {
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.url,
        MaxNumberOfMessages: BATCH,
        WaitTimeSeconds: LONG_POLL,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
      }),
      { abortSignal: stop },
    );
    return Messages.map(({ Body = '', ReceiptHandle = '', Attributes = {} }) => ({
      body: Body,
      receiptHandle: ReceiptHandle,
      receives: Number(Attributes.ApproximateReceiveCount ?? 1),
      sentAt: Number(Attributes.SentTimestamp ?? Date.now()),
    }));
  }

  /**
   * Deletes up to ten messages. Sends those again that SQS reports as failed. What still fails is delivered again, which does no
   * harm.
   */
  async delete(messages: readonly QueuedMessage[]): Promise<void> {
    let left = [...messages];
    for (let attempt = 0; attempt < DELETE_ATTEMPTS && left.length > 0; attempt++) {
      const Entries = left.map(({ receiptHandle }, index) => ({
        Id: String(index),
        ReceiptHandle: receiptHandle,
      }));
      const { Failed = [] } = await this.sqs.send(
        new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }),
      );
      const failed = new Set(Failed.map(({ Id }) => Id));
      left = left.filter((_, index) => failed.has(String(index)));
    }
  }

  /** Makes a message invisible for so many seconds from now. */
  async postpone({ receiptHandle }: QueuedMessage, seconds: number): Promise<void> {
    const request = { QueueUrl: this.url, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
    await this.sqs.send(new ChangeMessageVisibilityCommand(request));
  }

  /**
   * Copies a message into the dead-letter queue, for a person to look at. The caller deletes it here.
   *
   * @returns false if the queue has none
   */
  async copyToDeadLetters({ body }: QueuedMessage): Promise<boolean> {
    const url = await this.deadLetterUrl();
    if (url === undefined) return false;
    await this.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
    return true;
  }

  /** @returns undefined if the queue has no redrive policy */
  deadLetterUrl(): Promise<string | undefined> {
    this.#deadLetterUrl ??= this.#findDeadLetterUrl();
    this.#deadLetterUrl.catch(() => (this.#deadLetterUrl = undefined));
    return this.#deadLetterUrl;
  }

  /** How many messages wait in the queue, and how many are being worked on, as SQS estimates it. */
  async depth(url = this.url): Promise<{ waiting: number; inFlight: number }> {
    const found = await this.#attributes(url, [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
    ]);
    return {
      waiting: Number(found['ApproximateNumberOfMessages'] ?? 0),
      inFlight: Number(found['ApproximateNumberOfMessagesNotVisible'] ?? 0),
    };
  }

  async #findDeadLetterUrl(): Promise<string | undefined> {
    const { RedrivePolicy = '{}' } = await this.#attributes(this.url, ['RedrivePolicy']);
    const policy: unknown = JSON.parse(RedrivePolicy);
    const arn = isRecord(policy) ? policy['deadLetterTargetArn'] : undefined;
    if (typeof arn !== 'string') return undefined;
    // arn:aws:sqs:region:account:name
    const [account, name] = arn.split(':').slice(4);
    const { QueueUrl } = await this.sqs.send(
      new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }),
    );
    return QueueUrl;
  }

  async #attributes(url: string, names: QueueAttributeName[]): Promise<Partial<Record<string, string>>> {
    const { Attributes = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: names }),
    );
    return Attributes;
  }
}
