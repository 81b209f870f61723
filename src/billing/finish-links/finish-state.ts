import type { Attempt, Charge } from '#payments';
import { type Due, type DunningCase, isChargeable, takesFinishLink } from '../dunning/index.ts';

/**
 * What a link can do. `waiting`: a payment that it began is not confirmed. `pending`: the processor decides a payment
 * of it later.
 */
export type FinishState = 'due' | 'waiting' | 'pending' | 'paid' | 'expired';

/** Facts of a link. */
export interface FinishFacts {
  dunning_case: DunningCase;
  /** What is due now on renewing subscriptions; undefined if nothing is. */
  due: Pick<Due, 'amount'> | undefined;
  /** The newest payment that the link began, and its charge. */
  attempt: Pick<Attempt, 'state'> | undefined;
  charge: Pick<Charge, 'state'> | undefined;
}

/** Returns what a link can do at an instant. Pure. */
export function finishState({ dunning_case, due, attempt, charge }: FinishFacts, at: Date): FinishState {
  if (attempt?.state === 'reserved' || attempt?.state === 'awaiting_action') return 'waiting';
  if (charge?.state === 'created') return 'pending';
  if (dunning_case.state === 'recovered') return 'paid';
  if (!takesFinishLink(dunning_case, at)) return 'expired';
  return due && isChargeable(due) ? 'due' : 'paid';
}
