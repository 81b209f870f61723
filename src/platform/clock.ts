/** Where the time comes from; an argument everywhere, so that a test is a call. */
export interface Clock {
  now(): Date;
}

/** A clock that can be moved, forward only: what has happened stays in the past. */
export interface MovableClock extends Clock {
  /** @throws RangeError when `instant` lies before now */
  set(instant: Date): void;
}

export function systemClock(): Clock {
  return { now: () => new Date() };
}

/** A clock that stands still at `start` between moves; without a start it ticks, ahead of real time by what it was moved. */
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
