/** Source of the current time; passed as an argument, so that tests control it. */
export interface Clock {
  now(): Date;
}

/** A clock that can be moved forward. */
export interface MovableClock extends Clock {
  /** @throws RangeError when `instant` lies before now */
  set(instant: Date): void;
}

export function systemClock(): Clock {
  return { now: () => new Date() };
}

/**
 * Returns a clock that is fixed at `start` between moves. Without `start` it advances with real time, ahead by the sum
 * of its moves.
 */
export function movableClock(start?: Date): MovableClock {
  let standing = start === undefined ? null : start.getTime();
  let ahead_ms = 0;
  const now = () => standing ?? Date.now() + ahead_ms;
  return {
    now: () => new Date(now()),
    set(instant) {
      if (Number.isNaN(instant.getTime()) || instant.getTime() < now())
        throw new RangeError('the clock only moves forward');
      if (standing === null) ahead_ms = instant.getTime() - Date.now();
      else standing = instant.getTime();
    },
  };
}
