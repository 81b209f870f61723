import { parseInstant } from '#kernel/instant';
import { addPeriods } from '#kernel/period';

export const MOVE_DAYS_MAX = 3660;
const DAY_MS = 86_400_000;

/** Reason why the clock does not move to an instant. */
export type MoveRefusal = 'backwards' | 'too_far';

/** Returns the reason why the clock cannot move from `from` to `to`, or null. Pure. */
export function refuseMove(from: Date, to: Date): MoveRefusal | null {
  if (to < from) return 'backwards';
  return to.getTime() - from.getTime() > MOVE_DAYS_MAX * DAY_MS ? 'too_far' : null;
}

/** Returns the sentence of a refusal for the caller. Pure. */
export function refusalText(refusal: MoveRefusal, from: Date): string {
  return refusal === 'backwards'
    ? `The clock only moves forward; it shows ${from.toISOString()}.`
    : 'The clock moves 10 years at a time at most: every job that becomes due is run.';
}

/** What a person chose on the page of the clock. */
export interface ChosenMove {
  step: string;
  days: string;
  date: string;
}

/** Returns the instant that a choice names, seen from `from`; null if it names none. Days and months in UTC. Pure. */
export function chosenInstant({ step, days, date }: ChosenMove, from: Date): Date | null {
  if (step === 'day') return addPeriods(from, 1, 'daily');
  if (step === 'week') return addPeriods(from, 1, 'weekly');
  if (step === 'month') return addPeriods(from, 1, 'monthly');
  if (step === 'days') return /^[0-9]{1,4}$/.test(days) ? addPeriods(from, Number(days), 'daily') : null;
  return step === 'date' ? parseInstant(date, 'UTC') : null;
}
