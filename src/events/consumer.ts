import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { isTerminalEvent, type AwsEvent } from '../lib/aws-event.ts';
import { isRecord } from '../lib/guards.ts';
import { isGrpcError } from '../temporal/grpc.ts';
import { Counters, type Outcome } from './counters.ts';
import type { EventQueue, QueuedMessage } from './event-queue.ts';
import type { RunFinder } from './run-finder.ts';
import { readServiceEvent, type ServiceEvent } from './service-event.ts';

/** For how long a run that is not found is looked for. Visibility usually lags by less than two seconds. */
const FOUND_WITHIN_MS = 60_000;

/** When a message comes again whose run was not found, by how often it was received, in seconds. Together about a minute. */
const COMES_AGAIN_AFTER = [5, 10, 20, 30];

/** How many event ids are remembered, to recognize an event that is delivered twice. */
const REMEMBERED = 10_000;

/** The pauses between attempts to reach a server that does not answer, in milliseconds: doubled from the first to the last. */
const RECONNECT = { first: 1_000, longest: 30_000 };

/** How long after an event a run is asked how it has seen the end, and how often runs are asked, in milliseconds. */
const ASK = { after: 3_000, every: 1_000 };

/** Prints a line about a problem for the person who operates the consumer. */
export type Notice = (line: string) => void;

export interface ConsumerOptions {
  readonly temporal: Client;
  readonly queue: EventQueue;
  readonly finder: RunFinder;
  readonly notice: Notice;
}

/**
 * Receives EventBridge events from an SQS queue, and signals the runs that wait for what they are about.
 *
 * A signal is only a hint: a run that gets none reads on its own, later. So a message that cannot be used is dropped and
 * counted. A message is deleted only when its signal was taken or nothing can take it, so a consumer that is killed loses none;
 * a second signal of the same event does no harm. Any number of consumers may receive from one queue.
 */
export class EventConsumer {
  readonly counters = new Counters();
  readonly #seen = new LRUCache<string, true>({ max: REMEMBERED });
  readonly #questions = new Set<Promise<void>>();
  #nextQuestion = 0;

  constructor(readonly options: ConsumerOptions) {}

  /**
   * Receives until it is stopped. Then it finishes the messages that it has received.
   *
   * @throws the error of SQS if the first attempt to receive fails, because then the queue or the access to it is wrong
   */
  async run(stop: AbortSignal): Promise<void> {
    const { queue, notice } = this.options;
    let hasReceived = false;
    for (let failures = 0; !stop.aborted;) {
      try {
        const messages = await queue.receive(stop);
        hasReceived = true;
        failures = 0;
        await this.#handleAll(messages, stop);
      } catch (error) {
        if (stop.aborted) break;
        if (!hasReceived) throw error;
        if (failures === 0) notice(`SQS does not answer (${nameOf(error)}); trying again`);
        await pause(failures++, stop);
      }
    }
    await Promise.all(this.#questions);
  }

  async #handleAll(messages: readonly QueuedMessage[], stop: AbortSignal): Promise<void> {
    this.counters.receive(messages.length);
    const done: QueuedMessage[] = [];
    let failure: unknown;
    await Promise.all(
      messages.map(async (message) => {
        const outcome = await this.#handle(message).catch((error: unknown): Outcome => {
          failure ??= error;
          return 'failed';
        });
        this.counters.count(outcome);
        if (outcome !== 'later' && outcome !== 'failed') done.push(message);
      }),
    );
    await this.options.queue.delete(done);
    // Each receive counts towards the dead-letter queue, so none is made while no signal can be sent.
    if (failure !== undefined) await this.#untilTemporalAnswers(failure, stop);
  }

  async #handle(message: QueuedMessage): Promise<Outcome> {
    const event = readServiceEvent(message.body);
    if (event === 'malformed') return this.#setAside(message);
    if (event === 'foreign') return event;
    if (event.signal.detailType === 'Image Set Created') return 'not awaited';
    const { id } = event.signal;
    if (this.#seen.has(id)) return 'duplicate';
    this.#seen.set(id, true);
    let isDone = false;
    try {
      const outcome = await this.#passOn(event, message);
      isDone = outcome !== 'later';
      return outcome;
    } finally {
      if (!isDone) this.#seen.delete(id);
    }
  }

  async #passOn(event: ServiceEvent, message: QueuedMessage): Promise<Outcome> {
    const found = await this.options.finder.find(event);
    if (found.kind === 'unsearchable') return found.kind;
    if (found.kind === 'none yet') return this.#lookAgain(message);
    const outcomes = await Promise.all(found.workflowIds.map((id) => this.#signal(id, event)));
    return outcomes.find((outcome) => outcome === 'signalled') ?? outcomes[0] ?? 'unknown run';
  }

  async #setAside(message: QueuedMessage): Promise<Outcome> {
    if (!(await this.options.queue.copyToDeadLetters(message)))
      this.options.notice(
        'a message that is no event was dropped, because the queue has no dead-letter queue',
      );
    return 'malformed';
  }

  async #lookAgain(message: QueuedMessage): Promise<Outcome> {
    const delay = COMES_AGAIN_AFTER[message.receives - 1];
    if (delay === undefined || Date.now() - message.sentAt > FOUND_WITHIN_MS) return 'unknown run';
    await this.options.queue.postpone(message, delay);
    return 'later';
  }

  async #signal(workflowId: string, event: ServiceEvent): Promise<Outcome> {
    // Without a run id, so that the signal reaches the current run of a workflow that has continued as new.
    const run = this.options.temporal.workflow.getHandle(workflowId);
    try {
      await run.signal<[AwsEvent]>('awsEvent', event.signal);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'run closed';
      if (isFull(error)) return 'run full';
      throw error;
    }
    if (event.about === 'job' && isTerminalEvent(event.signal.detailType)) this.#ask(workflowId, event);
    return 'signalled';
  }

  /** Asks a run, a few seconds later, how it has seen the end of its job. Not every run, because a query costs the worker time. */
  #ask(workflowId: string, event: ServiceEvent): void {
    if (Date.now() < this.#nextQuestion) return;
    this.#nextQuestion = Date.now() + ASK.every;
    const question = sleep(ASK.after)
      .then(() => this.options.temporal.workflow.getHandle(workflowId).query<unknown>('progress'))
      .then((progress) => this.#take(progress, event))
      // The answer is only for the statistics: without a worker there is none.
      .catch(() => undefined)
      .finally(() => this.#questions.delete(question));
    this.#questions.add(question);
  }

  #take(progress: unknown, { id, signal }: ServiceEvent): void {
    if (!isRecord(progress) || !isRecord(progress['ids']) || !isRecord(progress['endSeen'])) return;
    const { by, at } = progress['endSeen'];
    if (progress['ids']['jobId'] !== id || typeof at !== 'string') return;
    this.counters.end(by === 'event' ? 'event' : 'polling', Date.parse(at) - Date.parse(signal.time));
  }

  async #untilTemporalAnswers(failure: unknown, stop: AbortSignal): Promise<void> {
    const { temporal, notice } = this.options;
    notice(`an event could not be passed on (${nameOf(failure)}); trying again`);
    for (let failures = 0; !stop.aborted; failures++) {
      await pause(failures, stop);
      const isThere = await temporal.workflowService.getSystemInfo({}).then(
        () => true,
        () => false,
      );
      if (isThere) return;
    }
  }
}

/** Temporal refuses a signal of which nothing is wrong as an invalid argument only if the run has taken too many. */
const isFull = (error: unknown): boolean =>
  error instanceof Error && isGrpcError(error.cause ?? error, 'INVALID_ARGUMENT');

async function pause(failures: number, stop: AbortSignal): Promise<void> {
  const delay = Math.min(RECONNECT.first * 2 ** failures, RECONNECT.longest);
  await sleep(delay, undefined, { signal: stop }).catch(() => undefined);
}

/** The message of an error may quote a payload. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown error');
