import { type ActivityOptions, ActivityCancellationType } from '@temporalio/workflow';
import type { RunFacts } from '../../activities/check-input.ts';
import { DEFAULT_RULES } from '../../pacing/rules.ts';
import { checkInput } from './activities.ts';
import { assertRoomInHistory } from './bounds.ts';
import { isUnanswered, isUnattended } from './failures.ts';
import { ProgressBoard } from './progress.ts';

export interface ProxiedActivity<Input, Output> {
  executeWithOptions(options: ActivityOptions, args: [Input]): Promise<Output>;
}

type CallOptions = ActivityOptions & { summary: string };

/**
 * Temporal does not retry an attempt that timed out, but fails the activity, so that the run decides: AWS may have applied a
 * change, and a read counts against its budget.
 */
const TIMEOUTS = ['TemporalTimeout:StartToClose', 'TemporalTimeout:Heartbeat'];

/** How a run calls activities: their timeouts, and what a timeout means. */
export class Calls {
  readonly board = new ProgressBoard();
  #facts: RunFacts | undefined;

  constructor(readonly name: string) {}

  /** What `checkInput` has recorded at the start of the run. */
  get facts(): RunFacts {
    if (!this.#facts) throw new Error('flow.facts is read before checkInput has returned.');
    return this.#facts;
  }

  async checkInput(input: unknown): Promise<void> {
    const facts = await checkInput.executeWithOptions({ summary: '+checkInput' }, [this.name, input]);
    // A run that began on an earlier version has no value recorded for rules that were added later.
    this.#facts = { ...facts, rules: { ...DEFAULT_RULES, ...facts.rules } };
  }

  /**
   * A call that changes nothing. Temporal retries it by the table in `activities/aws-errors.ts`.
   *
   * @param summary - begins with the document's step id, or with `+` for a call that the document does not have
   * @param budget - how long to retry, without the time in which no worker polls, in milliseconds
   * @throws ActivityFailure with the AWS exception as its cause
   */
  async read<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget = this.facts.readBudget,
  ): Promise<Output> {
    const { startToClose } = this.facts;
    const options = {
      summary,
      scheduleToStartTimeout: budget,
      scheduleToCloseTimeout: budget + startToClose,
      cancellationType: ActivityCancellationType.TRY_CANCEL,
      retry: { nonRetryableErrorTypes: TIMEOUTS },
    };
    for (let spent = startToClose; ; spent += startToClose) {
      try {
        return await this.#attended(activity, input, options);
      } catch (error) {
        if (!isUnanswered(error) || spent >= budget) throw error;
      }
    }
  }

  /**
   * A read of many files in S3, of a long list, or of a large blob. It heartbeats, so that a dead worker is noticed early, and
   * the next attempt can continue where the last one stopped.
   *
   * @param budget - how long all attempts may take together, in milliseconds
   */
  readLong<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget = this.facts.rules.long.scheduleToClose,
  ): Promise<Output> {
    return this.#attended(activity, input, {
      summary,
      startToCloseTimeout: this.facts.rules.long.startToClose,
      scheduleToCloseTimeout: budget,
      heartbeatTimeout: this.facts.startToClose,
      cancellationType: ActivityCancellationType.TRY_CANCEL,
    });
  }

  /**
   * One attempt of a call that changes something, for {@link once}. Temporal retries it while AWS refuses it for now, for
   * example by throttling, but not after a lost reply.
   *
   * It is not cancelled in flight, because the run could no longer tell whether AWS has applied it.
   *
   * @param budget - how long it may wait for a worker, and how long Temporal may retry it, in milliseconds
   * @throws ActivityFailure with the AWS exception or a timeout as its cause
   */
  change<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget: number,
  ): Promise<Output> {
    return this.#call(activity, input, {
      summary,
      // If this timeout fires, no worker has picked up the activity, so nothing was sent.
      scheduleToStartTimeout: budget,
      scheduleToCloseTimeout: budget + this.facts.startToClose,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { nonRetryableErrorTypes: TIMEOUTS },
    });
  }

  /**
   * One attempt of a call that changes many things, one after the other. If it gets no answer, nobody knows which of them AWS has
   * changed, so Temporal does not retry it. The activity answers for each change, even if AWS has not, and fails only before the
   * first one, for example because S3 cannot be reached: then Temporal tries it again. It heartbeats, and returns early if the run
   * is cancelled.
   *
   * @param lasts - how long it takes, without the calls that it makes, in milliseconds
   */
  changeMany<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    lasts: number,
  ): Promise<Output> {
    return this.#call(activity, input, {
      summary,
      startToCloseTimeout: lasts + 10 * this.facts.startToClose,
      heartbeatTimeout: this.facts.startToClose,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { nonRetryableErrorTypes: TIMEOUTS },
    });
  }

  /**
   * Schedules a call again if no worker has picked it up. The number of rounds is limited, because a call that crashes every
   * worker would otherwise never end.
   */
  async #attended<Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    options: CallOptions,
  ): Promise<Output> {
    for (let rounds = 1; ; rounds++) {
      try {
        return await this.#call(activity, input, options);
      } catch (error) {
        if (!isUnattended(error) || rounds === this.facts.rules.unattendedRounds) throw error;
      }
    }
  }

  #call<Input, Output>(
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    { retry, ...options }: CallOptions,
  ): Promise<Output> {
    this.board.enter(options.summary.split(' ')[0] ?? '');
    assertRoomInHistory(this.facts.rules);
    return activity.executeWithOptions(
      {
        startToCloseTimeout: this.facts.startToClose,
        // Failures of AWS calls set the delay to the next attempt themselves. This is for other failures.
        retry: {
          initialInterval: '1 second',
          backoffCoefficient: 2,
          maximumInterval: '30 seconds',
          ...retry,
        },
        ...options,
      },
      [input],
    );
  }
}
