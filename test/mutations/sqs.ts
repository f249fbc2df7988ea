/** What the SQS of the local AWS does on purpose. */
import type { Behaviour } from './behaviour.ts';

const sqs = 'local-aws/sqs';
const tests = ['test/local-aws/sqs.test'];

export const SQS: readonly Behaviour[] = [
  {
    what: 'a received message is hidden from other receives',
    file: `${sqs}/queues.ts`,
    code: 'visibleAt: now + visibilityMs',
    without: 'visibleAt: now',
    tests,
    named: 'are hidden once received',
  },
  {
    what: 'a message that has a new place in the line has no other',
    file: `${sqs}/line.ts`,
    code: 'if (this.#places.get(first.id) !== first) continue;',
    without: '',
    tests,
    named: 'messages',
  },
  {
    what: 'a message that was received too often goes to the dead-letter queue',
    file: `${sqs}/queues.ts`,
    code: 'message.receiveCount < redrive.maxReceiveCount',
    without: 'message.body',
    tests,
    named: 'dead-letter queue',
  },
  {
    what: 'only the newest receipt handle deletes a message',
    file: `${sqs}/message.ts`,
    code: ' && receiptHandle(message) === handle',
    without: '',
    tests,
    named: 'newest receive only',
  },
  {
    what: 'a receive that waits gets a message which is sent meanwhile',
    file: `${sqs}/line.ts`,
    code: 'this.#order.push(place);\n    this.wake();',
    without: 'this.#order.push(place);',
    tests,
    named: 'gets the message that is sent meanwhile',
  },
  {
    what: 'no message goes to a client that is gone',
    file: `${sqs}/queues.ts`,
    code: 'if (gone?.aborted) return [];',
    without: '',
    tests,
    named: 'when its client is gone',
  },
  {
    what: 'a reset answers the receives that wait',
    file: 'local-aws/instance.ts',
    code: '    this.world.faults.reset();\n    this.endPolls();',
    without: '    this.world.faults.reset();',
    tests,
    named: 'at a reset',
  },
  {
    what: 'an entry of a batch fails alone',
    file: `${sqs}/batch.ts`,
    code: 'if (!(error instanceof ServiceError)) throw error;',
    without: 'if (!(error instanceof ServiceError) || error.wire) throw error;',
    tests,
    named: 'fail one by one',
  },
  {
    what: 'an error of SQS has its code of the query protocol in a header',
    file: 'local-aws/protocols/aws-json.ts',
    code: '...(queryCodes && {',
    without: '...(queryCodes === null && {',
    tests,
    named: 'on the wire',
  },
  {
    what: 'SQS refuses an input without a required member',
    file: 'local-aws/protocols/aws-json.ts',
    code: 'if (mismatch) refuse(mismatch);',
    without: '',
    tests,
    named: 'refuses are refused',
  },
];
