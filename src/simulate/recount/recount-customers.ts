import { isMove } from './recount-money.ts';
import type { RecountEntry } from './rows-store.ts';

// What customers ordered, paid and owe at a provider, recounted from all entries of the ledger, without SQL.

/** Value of a customer in one unit, in 1/100 of it. */
export interface RecountedValue {
  contract: number;
  cash: number;
  /** Cash that is not recognised yet; below 0 when refunds exceed what was not recognised. */
  unearned: number;
  ordered_at: Date | null;
}

export const valueKey = (customer_id: number, unit: string) => `${customer_id} ${unit}`;

const subjectOf = ({ subject_kind, subject_id }: RecountEntry) => `${subject_kind} ${subject_id}`;

/** Values of the customers of a provider, by `valueKey`. Entries in the order of their ids. */
export function recountValues(entries: readonly RecountEntry[], provider: number): Map<string, RecountedValue> {
  const values = new Map<string, RecountedValue>();
  const add = (customer: number | undefined, unit: string, change: (value: RecountedValue) => void) => {
    if (customer === undefined) return;
    const key = valueKey(customer, unit);
    const value = values.get(key) ?? { contract: 0, cash: 0, unearned: 0, ordered_at: null };
    values.set(key, value);
    change(value);
  };
  const events = Map.groupBy(entries, ({ ledger_event_id }) => ledger_event_id);
  const first_buyers = new Map<string, number>();
  for (const entry of entries) {
    const { orig_profile_id: orig, dest_profile_id: dest, orig_amount, dest_amount, dest_unit } = entry;
    const event = events.get(entry.ledger_event_id) ?? [];
    const buyer = first_buyers.get(subjectOf(entry));
    const payer = event.find(({ orig_account }) => orig_account === 'Liability');
    if (isMove(entry, 'Receivable', 'Payable')) {
      if (buyer === undefined) first_buyers.set(subjectOf(entry), dest);
      if (orig === provider)
        add(dest, dest_unit, (value) => {
          value.contract += dest_amount;
          if (value.ordered_at === null || entry.created_at < value.ordered_at) value.ordered_at = entry.created_at;
        });
    }
    if (dest === provider && (isMove(entry, 'Payable', 'Receivable') || isMove(entry, 'Refunded', 'Backlog')))
      add(orig, dest_unit, (value) => (value.contract -= dest_amount));
    if (dest === provider && isMove(entry, 'Backlog', 'Receivable'))
      add(payer?.orig_profile_id, dest_unit, (value) => {
        value.cash += dest_amount;
        value.unearned += dest_amount;
      });
    // Income that was earned before it was paid is none of what is still to earn, nor is a payment that is taken back.
    if (orig === provider && isMove(entry, 'Receivable', 'Backlog'))
      add(payer?.orig_profile_id, entry.orig_unit, (value) => (value.unearned -= orig_amount));
    if (orig === provider && isMove(entry, 'Funds', 'Liability'))
      add(dest, entry.orig_unit, (value) => (value.cash -= orig_amount));
    if (dest === provider && isMove(entry, 'Liability', 'Credit'))
      add(orig, dest_unit, (value) => {
        value.cash -= dest_amount;
        value.unearned -= dest_amount;
      });
    if (dest === provider && isMove(entry, 'Refunded', 'Refund'))
      add(orig, entry.orig_unit, (value) => {
        value.cash -= orig_amount;
        value.unearned -= orig_amount;
      });
    if (orig === provider && isMove(entry, 'Income', 'Backlog'))
      add(buyer, entry.orig_unit, (value) => (value.unearned -= orig_amount));
  }
  return values;
}

/** Amounts due to a provider now, by customer and unit; without 0. */
export function recountDues(
  entries: readonly RecountEntry[],
  provider: number,
): Record<number, Record<string, number>> {
  const dues: Record<number, Record<string, number>> = {};
  const subjects = Map.groupBy(
    entries.filter(({ subject_kind }) => subject_kind !== null),
    (entry) => `${subjectOf(entry)} ${entry.subject_part}`,
  );
  for (const of of subjects.values()) {
    const orders = of.filter((entry) => isMove(entry, 'Receivable', 'Payable'));
    if (!orders.some(({ orig_profile_id }) => orig_profile_id === provider)) continue;
    for (const { dest_unit, dest_account, dest_amount, ...entry } of of) {
      const is_settled =
        isMove({ ...entry, dest_account }, 'Backlog', 'Receivable') ||
        isMove({ ...entry, dest_account }, 'Receivable', 'Canceled') ||
        isMove({ ...entry, dest_account }, 'Payable', 'Receivable');
      const amount = dest_account === 'Payable' ? dest_amount : is_settled ? -dest_amount : 0;
      for (const payer of new Set(orders.map(({ dest_profile_id }) => dest_profile_id))) {
        const due = (dues[payer] ??= {});
        due[dest_unit] = (due[dest_unit] ?? 0) + amount;
      }
    }
  }
  const without_zero = Object.entries(dues).map(([payer, due]): [string, Record<string, number>] => [
    payer,
    Object.fromEntries(Object.entries(due).filter(([, amount]) => amount !== 0)),
  ]);
  return Object.fromEntries(without_zero.filter(([, due]) => Object.keys(due).length > 0));
}
