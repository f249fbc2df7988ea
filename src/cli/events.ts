/** `events`: receives EventBridge events from an SQS queue and signals the runs that wait, until a signal stops it. */
import { EventConsumer } from '../events/consumer.ts';
import { reportLine } from '../events/counters.ts';
import { openQueue, type EventQueue } from '../events/event-queue.ts';
import { RunFinder } from '../events/run-finder.ts';
import { UserError } from '../lib/user-error.ts';
import { lookUpSearchAttributes } from '../temporal/namespace-attributes.ts';
import { createAwsClients, describeEndpoints } from '../worker/aws-clients.ts';
import { reasonOf } from './doctor/examination.ts';
import { withSession, type Session } from './session.ts';

/** How often the counters are printed, in milliseconds. */
const REPORT_EVERY = 60_000;
/** The time-out of a call to HealthLake, in milliseconds. */
const TIMEOUT = 30_000;

/**
 * Receives events until SIGINT or SIGTERM, prints what became of them every minute, and finishes the messages at hand before it
 * ends.
 *
 * @throws UserError if the queue or Temporal cannot be reached when it starts
 */
export async function consumeEvents(args: { json: boolean | undefined; 'queue-url': string | undefined }) {
  const url = args['queue-url'] ?? process.env['EVENT_QUEUE_URL'];
  if (!url) throw new UserError('Name the queue: --queue-url URL, or EVENT_QUEUE_URL.');
  const queue = openQueue(url);
  await withSession(args, (session) => consume(session, queue));
}

async function consume({ flows: { temporal }, terminal }: Session, queue: EventQueue): Promise<void> {
  const aws = createAwsClients(process.env, TIMEOUT);
  await describeEndpoints(aws, process.env);
  const { namespace } = temporal.options;
  const states = await lookUpSearchAttributes(temporal.connection, namespace);
  const attributes = new Set([...states].filter(([, state]) => state === 'Keyword').map(([name]) => name));
  const consumer = new EventConsumer({
    temporal,
    queue,
    finder: new RunFinder(temporal, aws.healthlake, { attributes }),
    notice: (line) => terminal.note(line),
  });
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const report = () => {
    const counts = consumer.counters.report();
    terminal.record(counts);
    terminal.say(reportLine(counts));
  };
  const timer = setInterval(report, REPORT_EVERY);
  try {
    terminal.note(`Receiving events from ${queue.url} for namespace ${namespace}. Ctrl-C ends it.`);
    await consumer.run(stop.signal);
    report();
  } catch (error) {
    throw new UserError(`The queue ${queue.url} cannot be read: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearInterval(timer);
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}
