import { type ActivityOptions, ActivityCancellationType } from '@temporalio/workflow';
import type { RunFacts } from '../../activities/check-input.ts';
import { DEFAULT_RULES } from '../../pacing/rules.ts';
import { checkInput } from './activities.ts';
import { assertRoomInHistory } from './bounds.ts';
import { isUnanswered, isUnattended } from './failures.ts';
import { ProgressBoard } from './progress.ts';

/** An activity as a proxy has it. */
interface ProxiedActivity<Input, Output> {
  executeWithOptions(options: ActivityOptions, args: [Input]): Promise<Output>;
}

type CallOptions = ActivityOptions & { summary: string };

/**
 * Temporal does not retry an attempt that timed out, but tells the workflow, which knows what that means: a change may have
 * taken effect, and a read has to be counted.
 */
const TIMEOUTS = ['TemporalTimeout:StartToClose', 'TemporalTimeout:Heartbeat'];

/** How a run calls activities: with which time-outs, and what happens when they run out. */
export class Calls {
  readonly board = new ProgressBoard();
  #facts: RunFacts | undefined;

  constructor(readonly name: string) {}

  /** What was recorded as the run began. */
  get facts(): RunFacts {
    if (!this.#facts) throw new Error('The facts are there only once the input has been checked.');
    return this.#facts;
  }

  async checkInput(input: unknown): Promise<void> {
    const facts = await checkInput.executeWithOptions({ summary: '+checkInput' }, [this.name, input]);
    // A record of an earlier version lacks the rules that came later.
    this.#facts = { ...facts, rules: { ...DEFAULT_RULES, ...facts.rules } };
  }

  /**
   * One call that changes nothing. Temporal retries it by the table in `activities/aws-errors.ts`.
   *
   * @param summary - begins with the document's step id, or with `+` for a call that the document does not have
   * @param budget - how long to try while workers live, in milliseconds
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
   * A read of many files in S3, of a long list, or of a large blob. An attempt may go on for as long as it heartbeats; the
   * next one can go on where it stopped.
   *
   * @param budget - how long to try in all, in milliseconds
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
   * One attempt of a call that changes something, for {@link once}. Temporal retries it while AWS refuses it for now, such as
   * by throttling. It does not retry it after a lost reply.
   *
   * It is not cancelled in flight, because the run could no longer tell whether AWS has applied it.
   *
   * @param budget - how long it may wait for a worker, and be retried, in milliseconds
   * @throws ActivityFailure with the AWS exception as its cause, or a time-out where nobody has answered
   */
  change<Input, Output>(
    summary: string,
    activity: ProxiedActivity<Input, Output>,
    input: Input,
    budget: number,
  ): Promise<Output> {
    return this.#call(activity, input, {
      summary,
      // When this one runs out, nothing was sent.
      scheduleToStartTimeout: budget,
      scheduleToCloseTimeout: budget + this.facts.startToClose,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { nonRetryableErrorTypes: TIMEOUTS },
    });
  }

  /** Makes a call, and schedules it again where no worker was there for it. A call that stops every worker must end, too. */
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
        // The delay between attempts comes with each failure; these hold for failures without one.
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
