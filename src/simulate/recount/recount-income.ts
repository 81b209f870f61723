import { isMove } from './recount-money.ts';
import type { RecountEntry } from './rows-store.ts';

// Debts and deferred income, recounted from all entries of the ledger, without SQL.

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

/** Accounts to which payments leave the Backlog, and to which it returns; each account has one place. */
const flow_accounts: Readonly<Record<string, readonly string[]>> = {
  added: ['Receivable'],
  recognised: ['Income'],
  refunded: ['Refunded', 'Refund', 'Chargeback', 'Writeoff', 'Canceled', 'Credit', 'Payable', 'Liability'],
  fees: ['Expenses', 'Funds', 'Withdraw', 'Offline', 'Backlog', 'settled'],
};

/** What entries add to the deferred income of a provider, by the account on the other side. */
function deferredBy(
  entries: readonly RecountEntry[],
  provider: number,
  unit: string,
  accounts: readonly string[] | null,
) {
  return sum(
    entries.flatMap((entry) => {
      const sent = entry.orig_profile_id === provider && entry.orig_account === 'Backlog' && entry.orig_unit === unit;
      const received =
        entry.dest_profile_id === provider && entry.dest_account === 'Backlog' && entry.dest_unit === unit;
      return [
        sent && (accounts === null || accounts.includes(entry.dest_account)) ? entry.orig_amount : 0,
        received && (accounts === null || accounts.includes(entry.orig_account)) ? -entry.dest_amount : 0,
      ];
    }),
  );
}

/** Values of the report of deferred income by slug, one per period. */
export function recountDeferred(
  entries: readonly RecountEntry[],
  provider: number,
  unit: string,
  bounds: readonly Date[],
): Record<string, number[]> {
  const before = (at: Date | undefined) => entries.filter(({ created_at }) => created_at < (at ?? new Date(0)));
  const periods = bounds.slice(1).map((end, index) => ({ start: bounds[index], end }));
  const flows = Object.entries(flow_accounts).map(([slug, accounts]): [string, number[]] => [
    slug,
    periods.map(({ start, end }) =>
      deferredBy(
        before(end).filter(({ created_at }) => created_at >= (start ?? end)),
        provider,
        unit,
        accounts,
      ),
    ),
  ]);
  return {
    opening: periods.map(({ start }) => deferredBy(before(start), provider, unit, null)),
    ...Object.fromEntries(flows),
    closing: periods.map(({ end }) => deferredBy(before(end), provider, unit, null)),
  };
}

const subjectOf = ({ subject_kind, subject_id, subject_part }: RecountEntry) =>
  JSON.stringify([subject_kind, subject_id, subject_part]);

/** Debts of one subject before an instant: a queue of orders, which settlements empty from its head. */
function openOrders(entries: readonly RecountEntry[], unit: string) {
  const queue: { at: Date; amount: number }[] = [];
  let prepaid = 0;
  const settle = (amount: number) => {
    let rest = amount;
    while (rest > 0 && queue[0]) {
      const part = Math.min(rest, queue[0].amount);
      queue[0].amount -= part;
      rest -= part;
      if (queue[0].amount === 0) queue.shift();
    }
    prepaid += rest;
  };
  for (const entry of entries) {
    if (entry.dest_unit !== unit) continue;
    if (entry.dest_account === 'Payable') {
      queue.push({ at: entry.created_at, amount: entry.dest_amount });
      const used = Math.min(prepaid, entry.dest_amount);
      prepaid -= used;
      settle(used);
    } else if (
      isMove(entry, 'Backlog', 'Receivable') ||
      isMove(entry, 'Receivable', 'Canceled') ||
      isMove(entry, 'Payable', 'Receivable')
    )
      settle(entry.dest_amount);
  }
  return queue;
}

const DAY_MS = 86_400_000;

/** Amounts due at each bound by the slugs of the report of receivables. */
export function recountReceivables(
  entries: readonly RecountEntry[],
  provider: number,
  unit: string,
  bounds: readonly Date[],
): Record<string, number[]> {
  const subjects = Map.groupBy(
    entries
      .filter((entry) => entry.subject_kind !== null)
      .toSorted((a, b) => a.created_at.getTime() - b.created_at.getTime() || a.id - b.id),
    subjectOf,
  );
  const isOrder = (entry: RecountEntry) => isMove(entry, 'Receivable', 'Payable') && entry.dest_unit === unit;
  const own = [...subjects.values()].filter((of) => of.find(isOrder)?.orig_profile_id === provider);
  const ages = (at: Date) =>
    own
      .flatMap((of) =>
        openOrders(
          of.filter(({ created_at }) => created_at < at),
          unit,
        ),
      )
      .map(({ at: ordered_at, amount }) => ({
        days: Math.floor((at.getTime() - ordered_at.getTime()) / DAY_MS),
        amount,
      }));
  const debts = bounds.map(ages);
  const between = (from: number, to: number) =>
    debts.map((each) => sum(each.map(({ days, amount }) => (days >= from && days <= to ? amount : 0))));
  return {
    'due-0-30': between(0, 30),
    'due-31-60': between(31, 60),
    'due-61-90': between(61, 90),
    'due-over-90': between(91, Infinity),
    due: between(0, Infinity),
  };
}
