/** A state that an entity is in from a moment on, until its next phase begins. */
export interface Phase {
  /** Milliseconds since 1970. */
  readonly from: number;
}

/**
 * An entity, such as a job, that stores the times at which its states begin, those of future states too. Its state depends only
 * on the time, and not on how often it was read or whether the process was restarted.
 */
export interface Timeline<P extends Phase> {
  readonly phases: readonly P[];
}

/** A moment that never comes, and that JSON can hold (it turns `Infinity` into `null`). */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** How long something takes, in milliseconds, or for ever. */
export type Duration = number | 'never';

export function after(time: number, duration: Duration): number {
  return duration === 'never' || time === NEVER ? NEVER : time + duration;
}

/** The phase that a timeline is in at `now`. */
export function phaseAt<P extends Phase>({ phases }: Timeline<P>, now: number): P {
  const phase = phases.findLast(({ from }) => from <= now) ?? phases[0];
  if (!phase) throw new Error('a timeline has at least one phase');
  return phase;
}

/** The phases that have begun by `now`, without those that are planned for later. */
export function past<P extends Phase>({ phases }: Timeline<P>, now: number): P[] {
  return phases.filter(({ from }) => from <= now);
}

/** Any entity: its timeline, and the time of its next work, if it still has work to do. */
export interface Entity extends Timeline<Phase> {
  readonly due?: { readonly at: number } | undefined;
}

/** Moves all future phases and the next work of an entity to `now`, even those that were at {@link NEVER}. */
export function settled<E extends Entity>(entity: E, now: number): E {
  return {
    ...entity,
    ...(entity.due && { due: { ...entity.due, at: Math.min(entity.due.at, now) } }),
    phases: entity.phases.map((phase) => ({ ...phase, from: Math.min(phase.from, now) })),
  };
}
