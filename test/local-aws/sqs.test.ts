import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Message, SQS } from '@aws-sdk/client-sqs';
import { startLocalAws } from '../../local-aws/server.ts';
import { python } from '../support/python.ts';
import { clientsOf, localAws, temporaryFolder, type LocalAwsUnderTest } from './harness.ts';

let aws: LocalAwsUnderTest;
beforeAll(async () => (aws = await localAws()));
afterAll(() => aws.close());

let made = 0;
/** The URL of a new queue. */
async function newQueue(Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl = '' } = await aws.sqs.createQueue({ QueueName: `queue-${made++}`, Attributes });
  return QueueUrl;
}

const send = (QueueUrl: string, ...bodies: string[]) =>
  aws.sqs.sendMessageBatch({
    QueueUrl,
    Entries: bodies.map((MessageBody, i) => ({ Id: String(i), MessageBody })),
  });

async function receive(QueueUrl: string, input: object = {}): Promise<Message[]> {
  const { Messages = [] } = await aws.sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, ...input });
  return Messages;
}

const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => Body);

const countsOf = async (QueueUrl: string) => {
  const { Attributes = {} } = await aws.sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['All'] });
  const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: hidden } = Attributes;
  return { visible, hidden, delayed: Attributes['ApproximateNumberOfMessagesDelayed'] };
};

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    ({ name }: Error) => name,
  );

describe('queues', () => {
  test('are made once, found by name, changed, listed and deleted', async () => {
    const input = { QueueName: 'made', Attributes: { VisibilityTimeout: '5' } };
    const { QueueUrl } = await aws.sqs.createQueue(input);
    expect(QueueUrl).toBe(`${aws.endpoint}/123456789012/made`);
    expect(await aws.sqs.createQueue(input)).toMatchObject({ QueueUrl });
    expect(await failure(aws.sqs.createQueue({ ...input, Attributes: { VisibilityTimeout: '6' } }))).toBe(
      'QueueNameExists',
    );
    expect(await aws.sqs.getQueueUrl({ QueueName: 'made' })).toMatchObject({ QueueUrl });
    await aws.sqs.setQueueAttributes({ QueueUrl, Attributes: { DelaySeconds: '7' } });
    const { Attributes } = await aws.sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['All'] });
    expect(Attributes).toMatchObject({
      QueueArn: 'arn:aws:sqs:us-east-1:123456789012:made',
      VisibilityTimeout: '5',
      DelaySeconds: '7',
      MessageRetentionPeriod: '345600',
    });
    expect((await aws.sqs.listQueues({ QueueNamePrefix: 'ma' })).QueueUrls).toEqual([QueueUrl]);
    await aws.sqs.deleteQueue({ QueueUrl });
    expect(await failure(aws.sqs.getQueueUrl({ QueueName: 'made' }))).toBe('QueueDoesNotExist');
  });

  test('are found by their URL whatever its host, because a container has another name for this machine', async () => {
    const QueueUrl = (await newQueue()).replace('127.0.0.1', 'local-aws');
    await send(QueueUrl, 'a');
    expect(bodies(await receive(QueueUrl))).toEqual(['a']);
  });

  test('refuse names, attributes and values that SQS refuses', async () => {
    const make = (QueueName: string, Attributes = {}) =>
      failure(aws.sqs.createQueue({ QueueName, Attributes }));
    expect(await make('a b')).toBe('InvalidParameterValue');
    expect(await make('a.fifo')).toBe('InvalidParameterValue');
    expect(await make('a', { Colour: 'red' })).toBe('InvalidAttributeName');
    expect(await make('a', { VisibilityTimeout: '43201' })).toBe('InvalidAttributeValue');
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:123456789012:none',
      maxReceiveCount: 1,
    });
    expect(await make('a', { RedrivePolicy })).toBe('InvalidParameterValue');
  });
});

describe('messages', () => {
  test('come back as they were sent, with the attributes that are asked for', async () => {
    const QueueUrl = await newQueue();
    const MessageAttributes = {
      colour: { DataType: 'String', StringValue: 'blau ü' },
      size: { DataType: 'Number', StringValue: '12.5' },
      bytes: { DataType: 'Binary', BinaryValue: Buffer.of(0, 255) },
    };
    const before = Date.now();
    const sent = await aws.sqs.sendMessage({ QueueUrl, MessageBody: 'Ä <b>', MessageAttributes });
    const [message] = await receive(QueueUrl, {
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    expect(message).toMatchObject({ MessageId: sent.MessageId, Body: 'Ä <b>' });
    expect(message?.MessageAttributes?.['colour']).toEqual(MessageAttributes.colour);
    expect(Buffer.from(message?.MessageAttributes?.['bytes']?.BinaryValue ?? [])).toEqual(Buffer.of(0, 255));
    expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
    expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: '1' });
    expect(Number(message?.Attributes?.SentTimestamp)).toBeGreaterThanOrEqual(before);
  });

  test('have the checksum of attributes that the developer guide describes', async () => {
    const QueueUrl = await newQueue();
    const lengthed = (text: string) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(text));
      return Buffer.concat([length, Buffer.from(text)]);
    };
    const encoded = Buffer.concat([lengthed('a'), lengthed('String'), Buffer.of(1), lengthed('value')]);
    const { MD5OfMessageAttributes } = await aws.sqs.sendMessage({
      QueueUrl,
      MessageBody: 'x',
      MessageAttributes: { a: { DataType: 'String', StringValue: 'value' } },
    });
    expect(MD5OfMessageAttributes).toBe(createHash('md5').update(encoded).digest('hex'));
  });

  test('show no attribute that is not asked for', async () => {
    const QueueUrl = await newQueue();
    const one = { DataType: 'String', StringValue: '1' };
    await aws.sqs.sendMessage({
      QueueUrl,
      MessageBody: 'x',
      MessageAttributes: { 'of.a': one, 'of.b': one, other: one },
    });
    const asked = { VisibilityTimeout: 0, AttributeNames: ['SentTimestamp'] };
    const [some] = await receive(QueueUrl, { ...asked, MessageAttributeNames: ['of.*'] });
    expect(Object.keys(some?.MessageAttributes ?? {}).toSorted()).toEqual(['of.a', 'of.b']);
    expect(Object.keys(some?.Attributes ?? {})).toEqual(['SentTimestamp']);
    const [none] = await receive(QueueUrl);
    expect(none).not.toHaveProperty('Attributes');
    expect(none).not.toHaveProperty('MessageAttributes');
  });

  test('are hidden once received, until they are deleted or given back', async () => {
    const QueueUrl = await newQueue();
    await send(QueueUrl, 'a', 'b', 'c');
    const [a, b, c] = await receive(QueueUrl);
    expect(bodies([a, b, c] as Message[])).toEqual(['a', 'b', 'c']);
    expect(await receive(QueueUrl)).toEqual([]);
    expect(await countsOf(QueueUrl)).toEqual({ visible: '0', hidden: '3', delayed: '0' });
    await aws.sqs.deleteMessage({ QueueUrl, ReceiptHandle: a?.ReceiptHandle });
    await aws.sqs.changeMessageVisibility({
      QueueUrl,
      ReceiptHandle: b?.ReceiptHandle,
      VisibilityTimeout: 0,
    });
    const [again] = await receive(QueueUrl, { MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(again).toMatchObject({ Body: 'b', Attributes: { ApproximateReceiveCount: '2' } });
    expect(await countsOf(QueueUrl)).toEqual({ visible: '0', hidden: '2', delayed: '0' });
  });

  test('are visible again after their timeout', async () => {
    const QueueUrl = await newQueue();
    await send(QueueUrl, 'a');
    await receive(QueueUrl, { VisibilityTimeout: 1 });
    expect(bodies(await receive(QueueUrl, { WaitTimeSeconds: 20 }))).toEqual(['a']);
  });

  test('are deleted by the handle of their newest receive only', async () => {
    const QueueUrl = await newQueue();
    await send(QueueUrl, 'a');
    const [first] = await receive(QueueUrl, { VisibilityTimeout: 0 });
    const [second] = await receive(QueueUrl, { VisibilityTimeout: 0 });
    await aws.sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
    expect(await countsOf(QueueUrl)).toMatchObject({ visible: '1' });
    await aws.sqs.deleteMessage({ QueueUrl, ReceiptHandle: second?.ReceiptHandle });
    await aws.sqs.deleteMessage({ QueueUrl, ReceiptHandle: second?.ReceiptHandle });
    expect(await countsOf(QueueUrl)).toMatchObject({ visible: '0', hidden: '0' });
    expect(await failure(aws.sqs.deleteMessage({ QueueUrl, ReceiptHandle: 'x' }))).toBe(
      'ReceiptHandleIsInvalid',
    );
  });

  test('of a batch fail one by one', async () => {
    const QueueUrl = await newQueue();
    const sent = await aws.sqs.sendMessageBatch({
      QueueUrl,
      Entries: [
        { Id: 'good', MessageBody: 'a' },
        { Id: 'bad', MessageBody: 'b\u0000' },
        { Id: 'late', MessageBody: 'c', DelaySeconds: 900 },
      ],
    });
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['good', 'late']);
    expect(sent.Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidMessageContents', SenderFault: true }]);
    expect(await countsOf(QueueUrl)).toEqual({ visible: '1', hidden: '0', delayed: '1' });
    const [{ ReceiptHandle = '' } = {}] = await receive(QueueUrl);
    const Entries = [
      { Id: 'good', ReceiptHandle },
      { Id: 'bad', ReceiptHandle: 'x' },
    ];
    const changed = await aws.sqs.changeMessageVisibilityBatch({
      QueueUrl,
      Entries: Entries.map((entry) => ({ ...entry, VisibilityTimeout: 60 })),
    });
    const deleted = await aws.sqs.deleteMessageBatch({ QueueUrl, Entries });
    for (const { Successful, Failed } of [changed, deleted]) {
      expect(Successful).toEqual([{ Id: 'good' }]);
      expect(Failed).toMatchObject([{ Id: 'bad', Code: 'ReceiptHandleIsInvalid' }]);
    }
  });

  test('of a batch are refused together if their ids are', async () => {
    const QueueUrl = await newQueue();
    const batch = (...ids: string[]) =>
      failure(aws.sqs.sendMessageBatch({ QueueUrl, Entries: ids.map((Id) => ({ Id, MessageBody: 'x' })) }));
    expect(await batch()).toBe('EmptyBatchRequest');
    expect(await batch('a', 'a')).toBe('BatchEntryIdsNotDistinct');
    expect(await batch('a b')).toBe('InvalidBatchEntryId');
    expect(await batch(...Array.from({ length: 11 }, (_, i) => String(i)))).toBe(
      'TooManyEntriesInBatchRequest',
    );
  });

  test('that SQS refuses are refused by the same names', async () => {
    const QueueUrl = await newQueue({ MaximumMessageSize: '1024' });
    const ask = (input: object) => failure(aws.sqs.receiveMessage({ QueueUrl, ...input }));
    const sending = (input: object) => failure(aws.sqs.sendMessage({ QueueUrl, MessageBody: 'x', ...input }));
    expect(await sending({ MessageBody: 'x'.repeat(1025) })).toBe('InvalidParameterValue');
    expect(await sending({ MessageBody: '' })).toBe('MissingParameter');
    expect(await sending({ MessageBody: undefined })).toBe('MissingParameter');
    expect(await sending({ MessageBody: 1 })).toBe('SerializationException');
    expect(await sending({ MessageAttributes: { a: { DataType: 'Colour', StringValue: 'x' } } })).toBe(
      'InvalidParameterValue',
    );
    expect(await ask({ MaxNumberOfMessages: 11 })).toBe('InvalidParameterValue');
    expect(await ask({ WaitTimeSeconds: 21 })).toBe('InvalidParameterValue');
    expect(await ask({ QueueUrl: undefined })).toBe('QueueDoesNotExist');
  });

  test('that were received too often go to the dead-letter queue, at the next receive', async () => {
    const dead = await newQueue();
    const { Attributes = {} } = await aws.sqs.getQueueAttributes({
      QueueUrl: dead,
      AttributeNames: ['QueueArn'],
    });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes['QueueArn'], maxReceiveCount: 2 });
    const QueueUrl = await newQueue({ RedrivePolicy, VisibilityTimeout: '0' });
    await send(QueueUrl, 'a');
    const [first] = await receive(QueueUrl);
    expect(bodies(await receive(QueueUrl))).toEqual(['a']);
    expect(await countsOf(dead)).toMatchObject({ visible: '0' });
    expect(await receive(QueueUrl)).toEqual([]);
    const [message] = await receive(dead, { MessageSystemAttributeNames: ['All'] });
    expect(message).toMatchObject({
      MessageId: first?.MessageId,
      Body: 'a',
      Attributes: {
        ApproximateReceiveCount: '3',
        DeadLetterQueueSourceArn: `arn:aws:sqs:us-east-1:123456789012:queue-${made - 1}`,
      },
    });
  });
});

describe('a receive that waits', () => {
  const waiting = (operation: 'ReceiveMessage', count: number) =>
    aws.control.waitForCall({ operation, count, outcome: 'pending' });

  test('gets the message that is sent meanwhile, and one message goes to one receive', async () => {
    await aws.control.reset();
    const QueueUrl = await newQueue();
    const receives = [1, 2].map(() => receive(QueueUrl, { WaitTimeSeconds: 20 }));
    await waiting('ReceiveMessage', 2);
    await send(QueueUrl, 'a');
    expect(bodies(await Promise.race(receives))).toEqual(['a']);
    await send(QueueUrl, 'b');
    expect((await Promise.all(receives)).flatMap(bodies)).toEqual(expect.arrayContaining(['a', 'b']));
  });

  test('leaves the message to others when its client is gone', async () => {
    await aws.control.reset();
    const QueueUrl = await newQueue();
    const abort = new AbortController();
    const gone = aws.sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, { abortSignal: abort.signal });
    await waiting('ReceiveMessage', 1);
    abort.abort();
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
    await aws.control.waitForCall({ operation: 'ReceiveMessage', outcome: 'ok' });
    await send(QueueUrl, 'a');
    expect(bodies(await receive(QueueUrl))).toEqual(['a']);
    // Shorter than the wait, because a receive that does not notice that its client is gone ends too, after 20 seconds.
  }, 10_000);

  test('ends when the queue is deleted', async () => {
    await aws.control.reset();
    const QueueUrl = await newQueue();
    const ended = failure(receive(QueueUrl, { WaitTimeSeconds: 20 }));
    await waiting('ReceiveMessage', 1);
    await aws.sqs.deleteQueue({ QueueUrl });
    expect(await ended).toBe('QueueDoesNotExist');
  });

  test('ends without a message at a reset, and with the server', async () => {
    const server = await startLocalAws({ memory: true });
    const { sqs } = clientsOf(server.endpoint);
    const poll = async () => {
      const { QueueUrl } = await sqs.createQueue({ QueueName: 'polled' });
      const ended = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }).then(
        ({ Messages }) => Messages ?? 'no message',
        () => 'a broken connection',
      );
      await server.control.waitForCall({ operation: 'ReceiveMessage', outcome: 'pending' });
      return ended;
    };
    const first = poll();
    // If the call were still under way after the reset, the wait for a second one would not end.
    await server.control.waitForCall({ operation: 'ReceiveMessage', outcome: 'pending' });
    await server.control.reset();
    expect(await first).toBe('no message');
    const second = poll();
    await server.control.waitForCall({ operation: 'ReceiveMessage', outcome: 'pending' });
    await server.close();
    expect(await second).toBe('a broken connection');
    sqs.destroy();
  });
});

test('queues and messages survive a restart, and a receipt handle too', async () => {
  const data = await temporaryFolder();
  const during = async (work: (sqs: SQS) => Promise<void>) => {
    const server = await startLocalAws({ data });
    const { sqs } = clientsOf(server.endpoint);
    await work(sqs).finally(() => server.close());
    sqs.destroy();
  };
  let ReceiptHandle = '';
  const QueueUrl = 'http://127.0.0.1/123456789012/kept';
  await during(async (sqs) => {
    await sqs.createQueue({ QueueName: 'kept' });
    for (const MessageBody of ['a', 'b', 'c']) await sqs.sendMessage({ QueueUrl, MessageBody });
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, VisibilityTimeout: 900 });
    ReceiptHandle = Messages[0]?.ReceiptHandle ?? '';
  });
  await during(async (sqs) => {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    expect(bodies(Messages)).toEqual(['b', 'c']);
    await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
    const again = await sqs.receiveMessage({ QueueUrl });
    expect(bodies(again.Messages ?? [])).toEqual(['a']);
  });
  await rm(data, { recursive: true });
});

describe('on the wire', () => {
  const ask = async (operation: string, body: string) => {
    const headers = {
      'x-amz-target': `AmazonSQS.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
    };
    const response = await fetch(aws.endpoint, { method: 'POST', headers, body });
    return {
      status: response.status,
      code: response.headers.get('x-amzn-query-error'),
      body: (await response.json()) as object,
    };
  };

  test('a reply is JSON', async () => {
    expect(await ask('CreateQueue', '{"QueueName":"wire"}')).toEqual({
      status: 200,
      code: null,
      body: { QueueUrl: `${aws.endpoint}/123456789012/wire` },
    });
  });

  test('an error has its name in JSON, and its code of the query protocol in a header', async () => {
    expect(await ask('GetQueueUrl', '{"QueueName":"none"}')).toEqual({
      status: 400,
      code: 'AWS.SimpleQueueService.NonExistentQueue;Sender',
      body: {
        __type: 'com.amazonaws.sqs#QueueDoesNotExist',
        message: 'The specified queue does not exist.',
      },
    });
    expect(await ask('SendMessage', `{"QueueUrl":"${aws.endpoint}/123456789012/wire"}`)).toMatchObject({
      status: 400,
      code: 'MissingParameter;Sender',
    });
  });

  test('an operation that the local AWS does not have is refused by name', async () => {
    expect(await ask('TagQueue', '{}')).toMatchObject({
      status: 404,
      body: { __type: 'com.amazonaws.sqs#UnknownOperationException' },
    });
  });
});

const interpreter = python();
(interpreter === undefined ? describe.skip : describe)('for Python', () => {
  test('boto3 sends, receives and deletes, and the AWS CLI lists', async () => {
    const script = `
import boto3, sys
from awscli.clidriver import create_clidriver
sqs = boto3.resource("sqs")
queue = sqs.create_queue(QueueName="boto3")
queue.send_message(MessageBody="one", MessageAttributes={"a": {"DataType": "String", "StringValue": "1"}})
queue.send_messages(Entries=[{"Id": "2", "MessageBody": "two"}])
found = queue.receive_messages(MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=5)
assert [message.body for message in found] == ["one", "two"], found
assert found[0].message_attributes["a"]["StringValue"] == "1"
assert len(queue.delete_messages(Entries=[{"Id": m.message_id, "ReceiptHandle": m.receipt_handle} for m in found])["Successful"]) == 2
assert queue.receive_messages() == []
try:
    sqs.get_queue_by_name(QueueName="none")
except sqs.meta.client.exceptions.QueueDoesNotExist as error:
    assert error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
sys.exit(create_clidriver().main(["sqs", "list-queues", "--queue-name-prefix", "boto3", "--endpoint-url", sys.argv[1]]))
`;
    const { stdout } = await promisify(execFile)(interpreter ?? '', ['-c', script, aws.endpoint], {
      env: {
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      },
    });
    expect(JSON.parse(stdout)).toEqual({ QueueUrls: [`${aws.endpoint}/123456789012/boto3`] });
  }, 120_000);
});
