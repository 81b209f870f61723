import { fromSubjectColumns } from '#ledger';
import type { LedgerEntryId } from '#platform/db/db-schema';
import type { Profile } from '#profiles';
import type { Due } from '../dunning/index.ts';
import { isChargeable } from '../dunning/index.ts';
import type { BookedLine } from '../orders/index.ts';
import type { Invoicable, Line } from '../records/index.ts';
import type { PlannedRenewal } from './renewal.ts';

/**
 * Returns what a payer owes after an order of renewals who owed nothing before; null if it is too little to charge. The
 * lines are those that `loadDues` would read. Pure.
 */
export function freshDue(
  payer: Profile,
  booked: readonly (BookedLine & { ledger_entry_id: LedgerEntryId | null })[],
  planned: readonly PlannedRenewal[],
): Due | null {
  const invoicables = booked.flatMap(({ line, ledger_entry_id }, index): Invoicable[] => {
    const each = planned[index];
    // What credit paid is not due.
    const amount = line.amount - line.credit_used;
    if (!each || amount === 0) return [];
    const { plan, subscriber, subscription } = each;
    const balance: Line = {
      kind: 'balance',
      description: line.description,
      provider_id: line.provider_id,
      broker_fee_percent: line.broker_fee_percent,
      quantity: 1,
      option: null,
      use: null,
      coupon: null,
      item: null,
      amount,
      unit: line.unit,
      subject: fromSubjectColumns(line),
      entry_id: ledger_entry_id,
    };
    const key = `${subscriber.slug}:${plan.slug}`;
    const about = { key, kind: 'balance', plan, beneficiary: subscriber, subscription } as const;
    return [{ ...about, lines: [balance], options: [], shown: [] }];
  });
  const [line] = booked;
  if (!line) return null;
  const { provider_id, unit } = line.line;
  const due = {
    profile_id: payer.id,
    provider_id,
    unit,
    amount: invoicables.flatMap(({ lines }) => lines).reduce((sum, { amount }) => sum + amount, 0),
    invoicables,
    subscription_ids: planned.map(({ subscription }) => subscription.id),
    has_periods: true,
  };
  return isChargeable(due) ? due : null;
}
