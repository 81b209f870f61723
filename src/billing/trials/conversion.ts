import { type Coupon, type Plan, priceOptions } from '#catalog';
import { toSubjectColumns } from '#ledger';
import { type Subscription, subscriptionSubject } from '#subscriptions';
import { describePeriodOption } from '../quotes/index.ts';
import type { NewOrderLine, OrderLine } from '../records/index.ts';

/** Line of a trial: what was promised at its start. */
export type TrialLine = Pick<
  OrderLine,
  'quantity' | 'coupon_id' | 'promised_amount' | 'promised_setup_amount' | 'covers_to'
>;

/** What a trial becomes at its end. */
export interface ConversionFacts {
  subscription: Pick<Subscription, 'id' | 'profile_id' | 'anchor_at' | 'quantity'>;
  plan: Plan;
  trial: TrialLine;
  /** The coupon of the trial's order, whether or not it expired since. */
  coupon: Coupon | null;
  /** End of the trial. */
  at: Date;
}

/** The order of a conversion. */
export interface Conversion {
  lines: NewOrderLine[];
  /** Sum of the lines. Units: 1/100 of the plan's unit. */
  amount: number;
  /** End of the first period. */
  ends_at: Date;
}

/**
 * Returns the price of the first period after a trial, as it was promised, for the quantity that the subscription has
 * now. Pure.
 */
export function promisedPrice({ subscription, plan, trial }: Omit<ConversionFacts, 'at' | 'coupon'>): number {
  const { promised_amount, quantity } = trial;
  if (promised_amount === null) return plan.period_amount * subscription.quantity;
  // Seats that were added during the trial cost what the first ones were promised to cost.
  return Math.floor((promised_amount * subscription.quantity) / Math.max(1, quantity));
}

/**
 * Returns the order at the end of a trial: one plan period from that instant at the promised price, and the setup fee.
 * The coupon was counted when the trial began. Pure.
 * @see docs/decisions/0086-pauses-trials-and-cancellations.md
 */
export function planConversion(facts: ConversionFacts): Conversion {
  const { subscription, plan, trial, coupon, at } = facts;
  const { id, quantity, anchor_at } = subscription;
  const amount = promisedPrice(facts);
  const sold = { ...plan, period_amount: plan.period_amount * quantity };
  const [option] = priceOptions(sold, { coupon, from: at, anchor: anchor_at });
  if (!option) throw new Error('a plan with a trial is sold by periods');
  const base: SharedColumns = {
    claim_email: null,
    claim_full_name: '',
    claim_id: null,
    use_charge_id: null,
    cart_item_id: null,
    provider_id: plan.profile_id,
    beneficiary_id: subscription.profile_id,
    plan_id: plan.id,
    subscription_id: id,
    unit: plan.unit,
    broker_fee_percent: plan.broker_fee_percent,
    ledger_entry_id: null,
    ...toSubjectColumns(subscriptionSubject(id)),
  };
  const { description, description_suffix = null } = describePeriodOption(plan, option, undefined);
  const period: NewOrderLine = {
    ...base,
    rank: 0,
    kind: 'period',
    coupon_id: trial.coupon_id,
    quantity,
    periods_count: option.periods_count,
    period_type: plan.period_type,
    covers_from: at,
    covers_to: option.covers_to,
    full_amount: trial.coupon_id === null ? amount : Math.max(option.full_amount, amount),
    amount,
    recurring_amount: trial.coupon_id === null ? amount : option.recurring_amount,
    recurring_periods: option.periods_count,
    description,
    description_suffix,
    renews_from: at,
  };
  const setup_amount = trial.promised_setup_amount ?? 0;
  const lines = setup_amount > 0 ? [period, setupLine(base, plan, setup_amount)] : [period];
  return { lines, amount: amount + setup_amount, ends_at: option.covers_to };
}

type OwnColumn =
  | 'rank'
  | 'kind'
  | 'coupon_id'
  | 'quantity'
  | 'periods_count'
  | 'period_type'
  | 'covers_from'
  | 'covers_to'
  | 'full_amount'
  | 'amount'
  | 'recurring_amount'
  | 'recurring_periods'
  | 'description'
  | 'description_suffix';
/** Columns that both lines of a conversion have in common. */
type SharedColumns = Omit<NewOrderLine, OwnColumn>;

function setupLine(base: SharedColumns, plan: Plan, amount: number): NewOrderLine {
  return {
    ...base,
    rank: 1,
    kind: 'setup',
    coupon_id: null,
    quantity: 1,
    periods_count: 0,
    period_type: null,
    covers_from: null,
    covers_to: null,
    full_amount: amount,
    amount,
    recurring_amount: null,
    recurring_periods: null,
    description: `Setup fee for ${plan.slug}`,
    description_suffix: null,
  };
}
