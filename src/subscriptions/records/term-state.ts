import type { Subscription } from './subscription.ts';

const DAY_MS = 86_400_000;
/** Days before the end in which a subscription that does not renew is marked as ending soon. */
const SOON_DAYS = 5;

export const termStates = [
  'ended',
  'requested',
  'granted',
  'locked',
  'paused',
  'trial',
  'ends_soon',
  'not_renewing',
  'active',
] as const;
/** State of a subscription as its pill shows it; `locked` stands still because it is unpaid. */
export type TermState = (typeof termStates)[number];

type Term = Pick<
  Subscription,
  'grant_key' | 'request_key' | 'ends_at' | 'auto_renew' | 'trial_ends_at' | 'paused_at' | 'suspended_at'
>;

/** Returns the state of a subscription at an instant. Pure. */
export function termState(term: Term, at: Date): TermState {
  if (term.ends_at <= at) return 'ended';
  if (term.request_key !== null) return 'requested';
  if (term.grant_key !== null) return 'granted';
  if (term.suspended_at !== null) return 'locked';
  if (term.paused_at !== null) return 'paused';
  if (term.auto_renew && term.trial_ends_at !== null && term.trial_ends_at > at) return 'trial';
  if (term.auto_renew) return 'active';
  return term.ends_at.getTime() - at.getTime() <= SOON_DAYS * DAY_MS ? 'ends_soon' : 'not_renewing';
}
