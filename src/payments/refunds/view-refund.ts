import type { Money } from '#kernel/money';
import { accounts, findBalance } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import type { EffectLine } from '#platform/pages/details/effect';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { leftOf, type SoldCharge, type SoldLine } from '../charge-views/index.ts';
import type { ProcessorTerms } from '../processors/index.ts';
import { prorateRefund, type Shares, shiftShares } from '../records/index.ts';
import type { WantedRefund } from './reserve-refund.ts';

interface Part {
  line: SoldLine;
  /** Shares of what the card gets back. */
  shares: Shares;
  /** Returned as credit. */
  credit_amount: number;
}

/** Returns what a refund does: who gets what, the funds before and after, what stays. */
export async function viewEffect(
  ctx: Context,
  { charge, lines, profiles }: SoldCharge,
  wanted: readonly WantedRefund[],
  { terms, is_seller }: { terms: Omit<ProcessorTerms, 'may_overdraw'>; is_seller: boolean },
): Promise<EffectLine[]> {
  const parts = wanted.flatMap(({ num, refunded_amount = 0 }): Part[] => {
    const line = lines.find((each) => each.num === num);
    if (!line) return [];
    const amount = Math.min(refunded_amount, line.refundable);
    return [{ line, shares: sharesOf(line, amount, terms), credit_amount: refunded_amount - amount }];
  });
  const customer = profiles.get(charge.profile_id)?.printable_name ?? '';
  const sum = (of: (shares: Shares) => number) => parts.reduce((total, { shares }) => total + of(shares), 0);
  const amount = sum((shares) => shares.amount);
  const credit = parts.reduce((total, { credit_amount }) => total + credit_amount, 0);
  const left = lines.reduce((total, line) => total + leftOf(line), 0);
  const funds_unit = parts[0]?.line.funds_unit ?? charge.unit;
  const fees: [string, number][] = [
    ['Fee that the processor returns', sum((shares) => shares.fee_amount)],
    ['Fee that the site returns', sum((shares) => shares.broker_fee_amount)],
  ];
  return [
    {
      label: `${customer} gets back`,
      hint: charge.last4 === null ? null : `on the card ending in ${charge.last4}`,
      money: { amount, unit: charge.unit },
      strong: true,
    },
    ...(credit === 0
      ? []
      : [
          {
            label: `${customer} gets back as credit`,
            hint: 'what credit paid',
            money: { amount: credit, unit: charge.unit },
          },
        ]),
    ...(await fundsLines(ctx, parts, { profiles, is_seller })),
    ...fees.filter(([, fee]) => fee > 0).map(([label, fee]) => ({ label, money: { amount: fee, unit: funds_unit } })),
    { label: 'Can be refunded after this', money: { amount: left - amount - credit, unit: charge.unit } },
    { label: `Subscriptions of ${customer}`, value: 'unchanged' },
  ];
}

/** Without `returns_fee` the processor keeps its fee, and the seller pays it; so with the share of the broker. */
function sharesOf(
  { left, funds_unit }: SoldLine,
  amount: number,
  { returns_fee, returns_broker_fee = true }: Omit<ProcessorTerms, 'may_overdraw'>,
): Shares {
  const rest = returns_fee
    ? left
    : { ...left, distribute_amount: left.distribute_amount + left.fee_amount, fee_amount: 0 };
  return prorateRefund(shiftShares(rest, returns_broker_fee), amount, funds_unit);
}

async function fundsLines(
  ctx: Context,
  parts: readonly Part[],
  { profiles, is_seller }: Pick<SoldCharge, 'profiles'> & { is_seller: boolean },
): Promise<EffectLine[]> {
  const taken = new Map<ProfileId, Money>();
  for (const { line, shares } of parts) {
    const { provider_id } = line.item;
    const before = taken.get(provider_id)?.amount ?? 0;
    taken.set(provider_id, { amount: before + shares.distribute_amount, unit: line.funds_unit });
  }
  const provider_ids = [...taken.keys()];
  const balances = await mergeReads(
    ctx.db,
    provider_ids.map((id) => (reader) => findBalance(reader, id, accounts.funds)),
  );
  return provider_ids.map((id, index) => {
    const { amount, unit } = taken.get(id) ?? { amount: 0, unit: '' };
    const before = balances[index]?.find((balance) => balance.unit === unit)?.amount ?? 0;
    const [was, becomes] = [before, before - amount].map((each) => humanizeMoney({ amount: each, unit }, ctx.lang));
    return {
      label: is_seller ? 'Your funds' : `Funds of ${profiles.get(id)?.printable_name ?? ''}`,
      money: { amount: -amount, unit },
      note: `${was} becomes ${becomes}`,
    };
  });
}
