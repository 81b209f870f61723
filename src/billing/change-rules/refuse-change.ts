import { type Plan, refuseQuantityPrice } from '#catalog';
import type { ChangeFacts, ChangeRequest } from './change.ts';
import { quantityOptions } from './order-lines.ts';

/** Reason why a change is refused. A refusal of a field names it. */
export type ChangeRefusal =
  | {
      code:
        | 'change_same_plan'
        | 'change_provider_differs'
        | 'change_unit_differs'
        | 'plan_not_offered'
        | 'subscription_not_agreed'
        | 'subscription_paused'
        | 'charge_pending'
        | 'payment_disputed'
        | 'change_begun'
        | 'subscription_overlaps'
        | 'change_needs_provider'
        | 'change_not_offered'
        | 'change_at_period_end_only';
    }
  | { code: 'seats_in_use'; seats: number }
  | { code: 'invalid_input'; field: 'quantity' | 'option'; message: string };

/** State of the subscription that can forbid a change. */
export interface ChangeState {
  is_organization: boolean;
  /** True if the profile has another subscription to the plan entered that has not ended. */
  has_plan: boolean;
  has_open_charge: boolean;
  has_dispute: boolean;
  /** True if the order of a pending change is written. */
  has_begun: boolean;
  /** People in roles of the subscriber; null when the plan entered does not count them. */
  people: number | null;
}

/** Returns the reason why a subscription cannot be changed to a plan by a caller, or null. Pure. */
export function refuseChange(
  { subscription, from, to }: Pick<ChangeFacts, 'subscription' | 'from' | 'to'>,
  state: ChangeState,
  caller: { sells: boolean },
): ChangeRefusal | null {
  const is_same_plan = from.id === to.id;
  if (from.profile_id !== to.profile_id) return { code: 'change_provider_differs' };
  if (from.unit !== to.unit) return { code: 'change_unit_differs' };
  if (!is_same_plan && !isOffered(to, state)) return { code: 'plan_not_offered' };
  if (subscription.grant_key !== null || subscription.request_key !== null) return { code: 'subscription_not_agreed' };
  if (subscription.paused_at !== null || subscription.suspended_at !== null) return { code: 'subscription_paused' };
  if (state.has_begun) return { code: 'change_begun' };
  if (state.has_open_charge) return { code: 'charge_pending' };
  if (state.has_dispute) return { code: 'payment_disputed' };
  if (!is_same_plan && state.has_plan) return { code: 'subscription_overlaps' };
  if (!is_same_plan && to.optin_on_request && !caller.sells) return { code: 'change_needs_provider' };
  return null;
}

function isOffered(to: Plan, { is_organization }: Pick<ChangeState, 'is_organization'>): boolean {
  return to.is_active && !to.is_not_priced && !(to.is_personal && is_organization);
}

/** Returns the reason why a quantity is outside the limits of a plan, or null. */
export function refuseQuantity(to: Plan, quantity: number, request: ChangeRequest): ChangeRefusal | null {
  const refuse = (message: string): ChangeRefusal => ({ code: 'invalid_input', field: 'quantity', message });
  if (to.quantity_max === null) return quantity === 1 ? null : refuse('This plan is not sold by quantity.');
  if (quantity < to.quantity_min) return refuse(`Ensure this value is greater than or equal to ${to.quantity_min}.`);
  if (quantity > to.quantity_max && request.quantity !== null)
    return refuse(`Ensure this value is less than or equal to ${to.quantity_max}.`);
  const too_expensive = refuseQuantityPrice(to, quantity);
  return too_expensive === null ? null : refuse(too_expensive);
}

/** Returns the reason why a plan has fewer seats than people who use them, or null. */
export function refuseSeats(quantity: number, { people }: Pick<ChangeState, 'people'>): ChangeRefusal | null {
  return people !== null && quantity < people ? { code: 'seats_in_use', seats: people } : null;
}

/** Returns the reason why a plan has no such price option, or null. */
export function refuseOption(
  { from, to }: ChangeFacts,
  quantity: number,
  { option }: ChangeRequest,
  at: Date,
): ChangeRefusal | null {
  const is_same_plan = from.id === to.id;
  const count = is_same_plan ? 1 : quantityOptions(to, quantity, { coupon: null, from: at }).length;
  if (option >= 1 && option <= count) return null;
  return { code: 'invalid_input', field: 'option', message: 'The plan has no such option.' };
}
