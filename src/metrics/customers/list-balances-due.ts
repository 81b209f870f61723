import type { ListQuery, Page } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import { findProfileSummaries, presentProfileSummary, type Profile } from '#profiles';
import { type DueRow, listBalancesDue, readBalancesDue } from './balance-due-store.ts';
import { findCustomerValues } from './customer-value-store.ts';

export const due_definition =
  'Customers with an amount due on what they ordered: orders less payments, credit and write-offs, now. A negative ' +
  'balance is paid in excess. Contract value: all orders of the customer less credit notes. Cash payments: what was ' +
  'paid for them, without credit, less refunds.';

/** What a customer ordered, paid and owes in one unit, in 1/100 of it. */
export interface DueBalance {
  contract_value: number;
  cash_payments: number;
  balance: number;
}

/** A customer with its balances at a provider, by unit. */
export type BalanceDue = ReturnType<typeof presentProfileSummary> & { balances: Record<string, DueBalance> };

/** Lists the customers that owe a provider. */
export async function listDueCustomers(
  reader: Reader,
  provider: Pick<Profile, 'id'>,
  list: ListQuery,
  url: URL,
): Promise<Page<BalanceDue>> {
  const page = await listBalancesDue(reader, provider.id, list, url);
  return { ...page, results: await present(reader, provider, page.results) };
}

/** Yields all customers of `listDueCustomers` in batches. */
export async function* readDueCustomers(
  reader: Reader,
  provider: Pick<Profile, 'id'>,
  list: ListQuery,
): AsyncGenerator<BalanceDue[]> {
  for await (const batch of readBalancesDue(reader, provider.id, list)) yield await present(reader, provider, batch);
}

async function present(reader: Reader, provider: Pick<Profile, 'id'>, rows: readonly DueRow[]): Promise<BalanceDue[]> {
  const ids = rows.map(({ id }) => id);
  const [summaries, values] = await mergeReads(reader, [
    (together) => findProfileSummaries(together, ids),
    (together) => findCustomerValues(together, provider.id, ids),
  ]);
  return rows.flatMap(({ id, due }) => {
    const summary = summaries.get(id);
    if (!summary) return [];
    const balances = Object.entries(due).map(([unit, balance]): [string, DueBalance] => {
      const value = values.find((each) => each.customer_id === id && each.unit === unit);
      return [unit, { contract_value: value?.contract_amount ?? 0, cash_payments: value?.cash_amount ?? 0, balance }];
    });
    return { ...presentProfileSummary(summary), balances: Object.fromEntries(balances) };
  });
}
