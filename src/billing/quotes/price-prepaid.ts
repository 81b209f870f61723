import { type Plan, type PriceOption } from '#catalog';
import { endOfPeriods } from '#kernel/period';
import type { Subscription } from '#subscriptions';
import { describePeriodOption } from './describe-periods.ts';
import type { CartItem, Line, OrderLine } from '../records/index.ts';

/**
 * Prices a claimed seat at zero: the periods and uses that the payer bought, without setup fees. The periods are those
 * of the paid order, also if the plan was changed or withdrawn since.
 */
export function pricePrepaid(
  item: CartItem,
  plan: Plan,
  paid: readonly OrderLine[],
  { subscription, at }: { subscription: Subscription | null; at: Date },
): Line[] {
  const base = {
    amount: 0,
    unit: plan.unit,
    provider_id: plan.profile_id,
    broker_fee_percent: plan.broker_fee_percent,
    coupon: null,
    item,
    entry_id: null,
    subject: null,
  };
  // A payer whose account was deleted has no name.
  const giver = item.full_name === '' ? 'complimentary' : `complimentary of ${item.full_name}`;
  return paid.flatMap((line): Line[] => {
    if (line.kind === 'period' && line.period_type !== null) {
      const option = optionOf(line, line.period_type, { subscription, at });
      const { period_type } = line;
      const text = describePeriodOption({ ...plan, period_type }, option, {}, `, ${giver}`);
      return [
        { ...base, kind: 'period', quantity: Math.max(1, line.quantity), option, use: null, ...text, period_type },
      ];
    }
    const use = plan.use_charges.find(({ id }) => id === line.use_charge_id);
    if (line.kind !== 'use' || !use) return [];
    const description = `${line.quantity} ${plan.slug} ${use.title}, ${giver}`;
    return [{ ...base, kind: 'use', quantity: line.quantity, option: null, use, description }];
  });
}

function optionOf(
  line: OrderLine,
  period_type: NonNullable<OrderLine['period_type']>,
  { subscription, at }: { subscription: Subscription | null; at: Date },
): PriceOption {
  const from = subscription?.ends_at ?? at;
  return {
    amount: 0,
    unit: line.unit,
    full_amount: line.amount,
    recurring_amount: 0,
    periods_count: line.periods_count,
    covers_from: from,
    covers_to: endOfPeriods(subscription?.anchor_at ?? from, line.periods_count, period_type, from),
    discounts: ['a 100% discount'],
    coupon: null,
    kind: 'period',
  };
}
