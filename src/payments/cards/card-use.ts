import type { DeclineKind } from '../processors/index.ts';
import type { PaymentMethod } from './payment-method-store.ts';

/** Declined tries of one card in TRIES_MS, after which it is not tried: card networks fine more. */
export const TRIES_MAX = 15;
export const TRIES_MS = 30 * 86_400_000;

export type CardUse = Pick<PaymentMethod, 'unusable_reason' | 'unusable_until'>;

/** True if a card on file may be charged at an instant. */
export function isUsable({ unusable_reason, unusable_until }: CardUse, at: Date): boolean {
  return unusable_reason === null || (unusable_until !== null && unusable_until <= at);
}

/**
 * Returns the use of a card after a decline; null if it stays. `declines`: the last TRIES_MAX declined tries of the
 * card within TRIES_MS, newest first, this one included. Pure.
 */
export function decideUse(kind: DeclineKind, declines: readonly Date[]): CardUse | null {
  if (kind === 'stop') return { unusable_reason: 'stopped', unusable_until: null };
  const oldest = declines[TRIES_MAX - 1];
  if (oldest === undefined) return null;
  return { unusable_reason: 'tries', unusable_until: new Date(oldest.getTime() + TRIES_MS) };
}
