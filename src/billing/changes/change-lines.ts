import type { OpenLot } from '../credits/index.ts';
import type { NewOrderLine } from '../records/index.ts';
import { subscriptionSubject } from '#subscriptions';
import { toSubjectColumns } from '#ledger';
import type { ChangeFacts, CollectedLine, OrderedLine, PlannedChange } from '../change-rules/index.ts';

/**
 * Returns the lines of the order of a change, in the order of the ledger: unpaid orders that are collected, what is
 * ordered, unpaid uses. Lines of a plan entered have no subscription until the change is executed.
 */
export function changeLines(facts: ChangeFacts, planned: PlannedChange): NewOrderLine[] {
  const [uses, balances] = [
    planned.collected.filter(({ kind }) => kind === 'use'),
    planned.collected.filter(({ kind }) => kind !== 'use'),
  ];
  const lines = [
    ...balances.map((line) => collectedLine(facts, line)),
    ...planned.ordered.map((line) => orderedLine(facts, line)),
    ...uses.map((line) => collectedLine(facts, line)),
  ];
  return lines.map((line, rank) => ({ ...line, rank }));
}

const nothing = {
  rank: 0,
  claim_email: null,
  claim_full_name: '',
  claim_id: null,
  use_charge_id: null,
  cart_item_id: null,
  description_suffix: null,
} as const;

/** Returns the order line of what a change orders. */
export function orderedLine(
  { subscription, from, to }: Pick<ChangeFacts, 'subscription' | 'from' | 'to'>,
  line: OrderedLine,
): NewOrderLine {
  const is_same_plan = from.id === to.id;
  const { covers_from, covers_to } = line;
  return {
    ...nothing,
    kind: line.is_trial ? 'trial' : line.kind,
    trial_days: line.promise?.days ?? null,
    promised_amount: line.promise?.amount ?? null,
    promised_setup_amount: line.promise?.setup_amount ?? null,
    provider_id: to.profile_id,
    beneficiary_id: subscription.profile_id,
    plan_id: to.id,
    subscription_id: is_same_plan ? subscription.id : null,
    coupon_id: line.coupon_id,
    quantity: line.quantity,
    periods_count: line.recurring_periods ?? (line.kind === 'period' ? to.period_length : 0),
    period_type: covers_from === null ? null : to.period_type,
    covers_from,
    covers_to,
    full_amount: line.full_amount,
    amount: line.amount,
    recurring_amount: line.recurring_amount,
    recurring_periods: line.recurring_periods,
    unit: line.unit,
    broker_fee_percent: to.broker_fee_percent,
    description: line.description,
    ...toSubjectColumns(is_same_plan ? subscriptionSubject(subscription.id) : null),
    ledger_entry_id: null,
  };
}

function collectedLine({ subscription, from }: ChangeFacts, line: CollectedLine): NewOrderLine {
  return {
    ...nothing,
    kind: 'balance',
    provider_id: from.profile_id,
    beneficiary_id: subscription.profile_id,
    plan_id: from.id,
    subscription_id: subscription.id,
    coupon_id: null,
    quantity: 1,
    periods_count: 0,
    period_type: null,
    covers_from: null,
    covers_to: null,
    full_amount: null,
    amount: line.amount,
    recurring_amount: null,
    recurring_periods: null,
    unit: line.unit,
    broker_fee_percent: from.broker_fee_percent,
    description: line.description,
    ...toSubjectColumns(line.subject),
    ledger_entry_id: line.entry_id,
  };
}

/**
 * Returns the lots that the credit notes of a change will make, to plan their use before they exist: their ids are
 * larger than those of all lots.
 */
export function newLots({ to }: ChangeFacts, { notes, effective_at }: PlannedChange): OpenLot[] {
  const credited = notes.filter(({ credit }) => credit > 0);
  return credited.map(({ credit, is_refundable }, index): OpenLot => ({
    id: (Number.MAX_SAFE_INTEGER - credited.length + index) as OpenLot['id'], // of no lot
    provider_id: to.profile_id,
    unit: to.unit,
    balance: credit,
    is_refundable,
    created_at: effective_at,
  }));
}
