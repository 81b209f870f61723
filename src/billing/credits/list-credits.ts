import assert from 'node:assert/strict';
import type { ListQuery, Page } from '#kernel/page';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { listPage } from '#platform/db/list';
import { findProfileSummaries, presentProfileSummary } from '#profiles';
import { creditList, type CreditRow, findCreditTotals, selectCredits } from './credit-list-store.ts';
import type { Lot } from './lot.ts';
import type { CreditBody } from './schemas.ts';

/** Credit that is left of one provider in one unit. */
export interface CreditTotal {
  provider_id: ProfileId;
  unit: string;
  amount: number;
}

/** What is left, by provider and unit. */
export interface CreditTotals {
  totals: { provider: CreditBody['provider']; amount: number; unit: string }[];
}

/** Lists the lots of a holder, newest first, and what is left by provider and unit. `sellers`: only theirs. */
export async function listCredits(
  reader: Reader,
  profile_id: ProfileId,
  { list, url, sellers }: { list: ListQuery; url: URL; sellers: readonly ProfileId[] | null },
): Promise<Page<CreditBody> & CreditTotals> {
  const [page, totals] = await mergeReads(reader, [
    (together) => listPage(together, selectCredits(together, profile_id, sellers), creditList, list, url),
    (together) => findCreditTotals(together, profile_id, sellers),
  ]);
  const summaries = await findProfileSummaries(reader, [
    ...page.results.map(({ provider_id }) => provider_id),
    ...totals.map(({ provider_id }) => provider_id),
  ]);
  const providerOf = (id: ProfileId) => {
    const summary = summaries.get(id);
    assert(summary, `profile ${id} of a credit is missing`);
    return presentProfileSummary(summary);
  };
  return {
    ...page,
    totals: totals.map(({ provider_id, amount, unit }) => ({ provider: providerOf(provider_id), amount, unit })),
    results: page.results.map((lot) => presentRow(lot, providerOf(lot.provider_id))),
  };
}

function presentRow(lot: CreditRow, provider: CreditBody['provider']): CreditBody {
  return {
    number: Number(lot.id),
    provider,
    unit: lot.unit,
    amount: lot.amount,
    balance: lot.balance,
    refundable: lot.is_refundable,
    description: lot.description,
    source: lot.invoice_number,
    created_at: lot.created_at.toISOString(),
  };
}

/** Presents one lot of a holder. */
export async function presentLot(reader: Reader, { id, profile_id, provider_id }: Lot): Promise<CreditBody> {
  const [row] = await selectCredits(reader, profile_id, null).where('lot.id', '=', id).execute();
  const provider = (await findProfileSummaries(reader, [provider_id])).get(provider_id);
  assert(row && provider, 'a lot has a provider');
  return presentRow(row, presentProfileSummary(provider));
}
