import { formatMoney } from '#kernel/money';
import { periodNoun } from '#kernel/period';
import { isGroupBuy } from '../coupons/index.ts';
import type { Plan } from '../plans/index.ts';
import type { PriceOption } from './price-options.ts';

/** Parties that the text of a line names. */
export interface LineParties {
  /** Subscriber of a renewal, unless it is a personal profile. */
  subscriber?: string | null;
  /** Payer of a group purchase, on the lines of its beneficiaries. */
  complimentary_of?: string | null;
  /** Beneficiary of a line that another payer buys. */
  beneficiary?: { full_name: string; sync_on: string } | null;
}

/**
 * Returns the text of a line: `Subscription to basic until 2027/01/10 (12 months) - a 10% discount`. Programs do not
 * parse it.
 * @see docs/spec/billing.md 2.2
 */
export function describeOption(plan: Plan, option: PriceOption, names: LineParties = {}): string {
  const suffix = formatOptionSuffix(option, names);
  return suffix === '' ? formatOption(plan, option) : `${formatOption(plan, option)} - ${suffix}`;
}

function formatOption(plan: Plan, option: PriceOption): string {
  if (option.kind === 'unlock-now') return `Unlock ${plan.slug} now. Don't worry later to ${plan.unlock_event}.`;
  if (option.kind === 'unlock-later') {
    const later = formatMoney({ amount: option.full_amount, unit: option.unit });
    return `Access ${plan.slug} Today. Pay ${later} later to ${plan.unlock_event}.`;
  }
  const until = option.covers_to.toISOString().slice(0, 10).replaceAll('-', '/');
  const periods = `${option.periods_count} ${periodNoun(plan.period_type, option.periods_count)}`;
  return `Subscription to ${plan.slug} until ${until} (${periods})`;
}

function formatOptionSuffix({ discounts, coupon }: PriceOption, names: LineParties): string {
  const parts = [names.subscriber ?? '', discounts.join(' and ')].filter((part) => part !== '').join(' ');
  const code =
    coupon === null ? '' : isGroupBuy(coupon) ? complimentary(names.complimentary_of) : ` (code: ${coupon.code})`;
  const { beneficiary } = names;
  const recipient = beneficiary ? ` for ${beneficiary.full_name} (${beneficiary.sync_on})` : '';
  return `${parts}${code}${recipient}`.trim();
}

function complimentary(payer: string | null | undefined): string {
  return payer ? `, complimentary of ${payer}` : '';
}
