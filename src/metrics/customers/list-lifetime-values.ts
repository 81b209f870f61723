import type { ListQuery, Page } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import { findProfileSummaries, presentProfileSummary, type Profile } from '#profiles';
import {
  type CustomerValue,
  findSubscribedTimes,
  listCustomerValues,
  readCustomerValues,
} from './customer-value-store.ts';

export const lifetime_definition =
  'Contract value: all orders of the customer, paid or not, less credit notes. Cash payments: what was paid for them, ' +
  'by card or elsewhere and without credit, less refunds. Deferred revenue: cash payments less the income that was ' +
  'recognised from payments, 0 at least; income of a subscription that several profiles pay counts for the first of ' +
  'them. A customer with orders in several currencies has a row for each.';

/** A customer with its value for a provider, as the API shows it. */
export type LifetimeValue = ReturnType<typeof presentProfileSummary> & {
  ends_at: string | null;
  contract_value: number;
  cash_payments: number;
  deferred_revenue: number;
  unit: string;
};

/** Lists the customers of a provider with what they ordered and paid. */
export async function listLifetimeValues(
  reader: Reader,
  provider: Pick<Profile, 'id'>,
  list: ListQuery,
  url: URL,
): Promise<Page<LifetimeValue>> {
  const page = await listCustomerValues(reader, provider.id, list, url);
  return { ...page, results: await present(reader, provider, page.results) };
}

/** Yields all customers of `listLifetimeValues` in batches. */
export async function* readLifetimeValues(
  reader: Reader,
  provider: Pick<Profile, 'id'>,
  list: ListQuery,
): AsyncGenerator<LifetimeValue[]> {
  for await (const batch of readCustomerValues(reader, provider.id, list)) yield await present(reader, provider, batch);
}

async function present(
  reader: Reader,
  provider: Pick<Profile, 'id'>,
  values: readonly CustomerValue[],
): Promise<LifetimeValue[]> {
  const ids = values.map(({ customer_id }) => customer_id);
  const [summaries, times] = await mergeReads(reader, [
    (together) => findProfileSummaries(together, ids),
    (together) => findSubscribedTimes(together, provider.id, ids),
  ]);
  return values.flatMap(({ customer_id, unit, contract_amount, cash_amount, recognised_amount, ordered_at }) => {
    const summary = summaries.get(customer_id);
    const time = times.get(customer_id);
    if (!summary) return [];
    return {
      ...presentProfileSummary(summary),
      created_at: new Date(time?.begins_at ?? ordered_at).toISOString(),
      ends_at: time ? new Date(time.ends_at).toISOString() : null,
      contract_value: contract_amount,
      cash_payments: cash_amount,
      deferred_revenue: Math.max(0, cash_amount - recognised_amount),
      unit,
    };
  });
}
