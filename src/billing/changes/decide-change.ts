import { commonProblems, invalidInput, Problem } from '#kernel/problem';
import { subscriptionProblems } from '#subscriptions';
import {
  type ChangeCaller,
  type ChangeRequest,
  type PlannedChange,
  planChange,
  raisesLaterCharge,
  type ChangeRefusal,
  refuseChange,
  refuseSeats,
} from '../change-rules/index.ts';
import { billingProblems } from '../problems.ts';
import type { LoadedChange } from './load-change.ts';

/**
 * Decides a loaded change at an instant.
 * @throws permission_denied, subscription_protected, buyer_must_pay (403); the problems of `ChangeRefusal`: 400 about
 *   the plan entered, 409 otherwise; invalid_input (400) naming `quantity` or `option`
 */
export function decideChange(loaded: LoadedChange, request: ChangeRequest, at: Date): PlannedChange {
  const { facts, state, caller } = loaded;
  requireSeller(request, caller);
  const refusal = refuseChange(facts, state, caller);
  if (refusal !== null) throw refusalProblem(refusal);
  const decided = planChange(facts, request, at);
  if ('refusal' in decided) throw refusalProblem(decided.refusal);
  const { planned } = decided;
  if (planned.withdraws_cancellation && !caller.renews)
    throw subscriptionProblems.subscription_protected({
      detail: 'The subscription was cancelled: only the subscriber can let it renew again.',
    });
  if (!caller.charges_later && raisesLaterCharge(facts, planned))
    throw billingProblems.buyer_must_pay({
      detail:
        'The card on file would be charged more than today. The subscriber has to make this change, or to allow charges by providers.',
    });
  const seats = planned.quantity.to < planned.quantity.from || facts.from.id !== facts.to.id;
  const in_use = seats ? refuseSeats(planned.quantity.to, state) : null;
  if (in_use !== null) throw refusalProblem(in_use);
  return planned;
}

/** Only a manager of the provider chooses a mode, or leaves the amount due. @throws permission_denied (403) */
function requireSeller({ mode, leave_due }: ChangeRequest, { sells }: ChangeCaller): void {
  if (sells || (mode === null && !leave_due)) return;
  throw commonProblems.permission_denied({
    detail: 'Only a manager of the provider may choose the mode of a change or leave its amount due.',
  });
}

/** Refusals about the plan entered, as the API reports the error of a field. */
const ofPlan: ReadonlySet<string> = new Set([
  'change_same_plan',
  'change_provider_differs',
  'change_unit_differs',
  'plan_not_offered',
]);

function refusalProblem(refusal: ChangeRefusal): Problem {
  if (refusal.code === 'invalid_input') return invalidInput({ [refusal.field]: [refusal.message] });
  if (refusal.code === 'seats_in_use') {
    const { seats } = refusal;
    return billingProblems.seats_in_use({
      detail: `${seats} people use the subscription. Remove people first, or choose at least ${seats} seats.`,
      members: { seats },
    });
  }
  const { code } = refusal;
  if (code === 'subscription_overlaps')
    return subscriptionProblems.subscription_overlaps({
      detail: 'The profile has a subscription to this plan already.',
    });
  const make = billingProblems[code];
  if (!ofPlan.has(code)) return make();
  return new Problem(code, make.definition, {}, { to: [make.definition.title] });
}
