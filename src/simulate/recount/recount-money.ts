import type { RecountEntry } from './rows-store.ts';

/** True if an entry goes from one account to another. */
export const isMove = (entry: Pick<RecountEntry, 'orig_account' | 'dest_account'>, orig: string, dest: string) =>
  entry.orig_account === orig && entry.dest_account === dest;

/** Orders of a provider, by the definition of sales. */
function ordersOf(entries: readonly RecountEntry[], provider: number, unit: string | null, from: Date, until: Date) {
  return entries.filter(
    (entry) =>
      entry.orig_profile_id === provider &&
      isMove(entry, 'Receivable', 'Payable') &&
      (unit === null || entry.dest_unit === unit) &&
      entry.created_at >= from &&
      entry.created_at < until,
  );
}

function amountsByCustomer(orders: readonly RecountEntry[]): Map<number, number> {
  const amounts = new Map<number, number>();
  for (const { dest_profile_id, dest_amount } of orders)
    amounts.set(dest_profile_id, (amounts.get(dest_profile_id) ?? 0) + dest_amount);
  return amounts;
}

const sum = (amounts: Iterable<number>) => [...amounts].reduce((total, amount) => total + amount, 0);

/** Values of the report of money by slug, one per period. `starts` has the start of the period before the first. */
export function recountFunds(
  entries: readonly RecountEntry[],
  provider: number,
  unit: string,
  starts: readonly Date[],
  end: Date,
): Record<string, number[]> {
  const bounds = [...starts, end];
  const periods = starts
    .slice(1)
    .map((start, index) => ({ start, end: bounds[index + 2] ?? end, before: starts[index] ?? start }));
  const flow = (pick: (entry: RecountEntry) => number) =>
    periods.map((period) =>
      sum(
        entries
          .filter(
            ({ created_at, dest_unit }) => dest_unit === unit && created_at >= period.start && created_at < period.end,
          )
          .map(pick),
      ),
    );
  const customers = periods.map((period) => ({
    own: amountsByCustomer(ordersOf(entries, provider, unit, period.start, period.end)),
    before: amountsByCustomer(ordersOf(entries, provider, unit, period.before, period.start)),
  }));
  const at = (entry: RecountEntry) => entry.dest_profile_id === provider;
  const credit_events = new Set(
    entries.filter((entry) => isMove(entry, 'Liability', 'Credit')).map(({ ledger_event_id }) => ledger_event_id),
  );
  return {
    'total-sales': customers.map(({ own }) => sum(own.values())),
    'new-sales': customers.map(({ own, before }) =>
      sum([...own].map(([customer, amount]) => (before.has(customer) ? 0 : amount))),
    ),
    'churned-sales': customers.map(({ own, before }) =>
      sum([...before].map(([customer, amount]) => (own.has(customer) ? 0 : amount))),
    ),
    // By definition: payments of charges and offline payments; an event that uses credit is none.
    payments: flow((entry) =>
      at(entry) && isMove(entry, 'Backlog', 'Receivable') && !credit_events.has(entry.ledger_event_id)
        ? entry.dest_amount
        : 0,
    ),
    refunds: flow((entry) => (at(entry) && entry.dest_account === 'Refund' ? entry.dest_amount : 0)),
    'credit-notes': flow((entry) =>
      at(entry) && (isMove(entry, 'Payable', 'Receivable') || isMove(entry, 'Refunded', 'Backlog'))
        ? entry.dest_amount
        : 0,
    ),
    'credits-used': flow((entry) => (at(entry) && isMove(entry, 'Liability', 'Credit') ? entry.dest_amount : 0)),
  };
}

/** Values of the report of customers by slug, one per period. */
export function recountCustomers(
  entries: readonly RecountEntry[],
  provider: number,
  starts: readonly Date[],
  end: Date,
): Record<string, number[]> {
  const bounds = [...starts, end];
  const buyers = starts.map(
    (start, index) =>
      new Set(ordersOf(entries, provider, null, start, bounds[index + 1] ?? end).map((each) => each.dest_profile_id)),
  );
  const missing = (of: ReadonlySet<number>, from: ReadonlySet<number>) => [...of].filter((id) => !from.has(id)).length;
  const pairs = buyers.slice(1).map((own, index) => ({ own, before: buyers[index] ?? new Set<number>() }));
  const added = pairs.map(({ own, before }) => missing(own, before));
  const churned = pairs.map(({ own, before }) => missing(before, own));
  return {
    'total-customers': pairs.map(({ own }) => own.size),
    'new-customers': added,
    'churned-customers': churned,
    'net-new-customers': added.map((count, index) => count - (churned[index] ?? 0)),
    'percent-customer-churn': churned.map((count, index) => {
      const before = pairs[index]?.before.size ?? 0;
      return before === 0 ? 0 : Number(((100 * count) / before).toFixed(2));
    }),
  };
}

/** Balance of accounts before an instant: of a profile, or of all of them. */
export function recountBalance(
  entries: readonly RecountEntry[],
  profile: number | null,
  selects: (account: string) => boolean,
  unit: string,
  end: Date,
): number {
  const is_own = (id: number) => profile === null || id === profile;
  return entries
    .filter(({ created_at }) => created_at < end)
    .reduce((balance, entry) => {
      const received =
        is_own(entry.dest_profile_id) && selects(entry.dest_account) && entry.dest_unit === unit
          ? entry.dest_amount
          : 0;
      const sent =
        is_own(entry.orig_profile_id) && selects(entry.orig_account) && entry.orig_unit === unit
          ? entry.orig_amount
          : 0;
      return balance + received - sent;
    }, 0);
}
