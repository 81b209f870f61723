import type { Selectable } from 'kysely';
import type { DunningAttemptsTable, DunningCasesTable } from '#platform/db/db-schema';
import type { FailureKind } from './decline-kind.ts';
import type { DunningTerms } from './dunning-terms.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Smallest balance that is charged automatically and that keeps a case open. Units: 1/100. */
export const DUE_MIN = 50;

/** Hours after the first of a series of unreached charges at which the processor is called again. */
const UNREACHED_HOURS = [1, 6, 24] as const;

/** Days after the suspension after which an unpaid subscription ends. */
const SUSPENDED_DAYS = 90;

/** Least time between two manual retries. */
export const MANUAL_EVERY_MS = HOUR_MS;

/** Debt of a payer to a provider on auto-renewing subscriptions whose charge failed. Day 0: `began_at`. */
export type DunningCase = Omit<Selectable<DunningCasesTable>, 'terms'> & { terms: DunningTerms };

export type DunningAttempt = Selectable<DunningAttemptsTable>;

/** What began an automatic charge. */
export type ChargeTrigger = DunningAttempt['trigger'];

/** A charge that failed, or the absence of a card. */
export interface Failure {
  kind: FailureKind;
  code: string;
  /** Instant of the charge. */
  at: Date;
}

/** What a failure makes of a case. */
export interface DunningMove {
  state: 'retrying' | 'waiting';
  next_attempt_at: Date | null;
  attempts_count: number;
  processor_failures_count: number;
  /** True if no attempt follows unless the payer acts. */
  is_final: boolean;
  /** True if the processor could not be reached too often: the provider and the broker are notified. */
  is_unreached: boolean;
}

/** Returns the end of the grace; null if the case never ends a subscription. */
export function graceEnd({ grace_days, end }: DunningTerms, began_at: Date): Date | null {
  return end === 'keep' ? null : daysAfter(began_at, grace_days);
}

/** Returns the instant at which access ends for want of payment; null if it is kept. */
export function accessEnd({ terms, began_at }: Pick<DunningCase, 'terms' | 'began_at'>): Date | null {
  if (terms.access === 'keep') return null;
  return terms.access === 'none' ? began_at : daysAfter(began_at, terms.access_days);
}

/** Returns the instant at which a suspended case ends. */
export function suspensionEnd(suspended_at: Date): Date {
  return daysAfter(suspended_at, SUSPENDED_DAYS);
}

/** Returns the first scheduled attempt after an instant; null if no retry day is left. */
export function nextRetry({ retry_days }: DunningTerms, began_at: Date, after: Date): Date | null {
  return retry_days.map((days) => daysAfter(began_at, days)).find((at) => at > after) ?? null;
}

/**
 * Returns when the processor is called again after a series of charges that did not reach it; null after the last one.
 * `first_at` is the instant of the first of them.
 */
export function nextReach(first_at: Date, count: number): Date | null {
  const hours = UNREACHED_HOURS[count - 1];
  return hours === undefined ? null : new Date(first_at.getTime() + hours * HOUR_MS);
}

/**
 * Returns what a failed charge makes of an open case; `null` counts for a case that it opens. Pure.
 *
 * A charge that did not reach the processor is no attempt. A soft decline waits for the next retry day. Any other
 * decline waits for the payer: another card, or the confirmation of the payment.
 */
export function moveAfterFailure(
  open: Pick<DunningCase, 'state' | 'attempts_count' | 'processor_failures_count' | 'next_attempt_at'> | null,
  { terms, began_at }: Pick<DunningCase, 'terms' | 'began_at'>,
  failure: Failure,
  first_unreached_at: Date = failure.at,
): DunningMove {
  const attempts_count = open?.attempts_count ?? 0;
  const retry_at = nextRetry(terms, began_at, failure.at);
  if (failure.kind === 'processor') {
    const count = (open?.processor_failures_count ?? 0) + 1;
    const reach_at = nextReach(first_unreached_at, count);
    return {
      state: reach_at === null && retry_at === null ? 'waiting' : 'retrying',
      next_attempt_at: reach_at ?? retry_at,
      attempts_count,
      processor_failures_count: count,
      is_final: false,
      is_unreached: reach_at === null,
    };
  }
  const waits = failure.kind === 'hard' || failure.kind === 'card' || retry_at === null;
  return {
    state: waits ? 'waiting' : 'retrying',
    next_attempt_at: waits || failure.kind === 'action' ? null : retry_at,
    attempts_count: attempts_count + 1,
    processor_failures_count: 0,
    is_final: waits,
    is_unreached: false,
  };
}

/**
 * True if a link pays what is due at an instant: until the end of the grace. A dispute stops the grace. Pure.
 */
export function takesFinishLink(
  { state, closed_at, ends_at, frozen_at }: Pick<DunningCase, 'state' | 'closed_at' | 'ends_at' | 'frozen_at'>,
  at: Date,
): boolean {
  if (closed_at !== null || state === 'suspended') return false;
  return frozen_at !== null || ends_at === null || at < ends_at;
}

/** Effect of the time on an open case whose balance is still due. */
export type DueStep = 'none' | 'attempt' | 'end' | 'suspend';

/** Returns what an open case whose balance is due needs at an instant, while no charge is in flight. Pure. */
export function decideStep(open: DunningCase, at: Date): DueStep {
  if (open.frozen_at !== null) return 'none';
  if (open.ends_at !== null && open.ends_at <= at)
    return open.state !== 'suspended' && open.terms.end === 'suspend' ? 'suspend' : 'end';
  const is_due = open.next_attempt_at !== null && open.next_attempt_at <= at;
  return open.state === 'retrying' && is_due ? 'attempt' : 'none';
}

/** Returns the dates of a case after a dispute that froze it was decided: they move by the time that it took. */
export function thawedDates(
  { ends_at, next_attempt_at }: Pick<DunningCase, 'ends_at' | 'next_attempt_at'>,
  frozen_at: Date,
  at: Date,
): Pick<DunningCase, 'ends_at' | 'next_attempt_at'> {
  const shift = at.getTime() - frozen_at.getTime();
  const moved = (instant: Date | null) => instant && new Date(instant.getTime() + shift);
  return { ends_at: moved(ends_at), next_attempt_at: moved(next_attempt_at) };
}

function daysAfter(instant: Date, days: number): Date {
  return new Date(instant.getTime() + days * DAY_MS);
}
