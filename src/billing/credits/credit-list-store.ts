import { type Expression, sql, type SqlBool } from 'kysely';
import type { Money } from '#kernel/money';
import { selectInvoiceNumbers, sumByUnit } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import type { CreditTotal } from './list-credits.ts';

/** The lots of a holder, newest first. Index: credits_holder. */
export const creditList = defineList({
  search: {
    description: 'lot.description',
    provider: 'provider.slug',
    provider__full_name: 'provider.full_name',
    source: 'invoice.number',
  },
  sort: {
    number: 'lot.id',
    created_at: 'lot.created_at',
    amount: 'lot.amount',
    balance: 'lot.balance',
    provider: 'provider.slug',
    provider__full_name: 'provider.full_name',
  },
  default_order: [{ column: 'lot.created_at', descending: true }],
  tie_breaker: 'lot.id',
  date: 'lot.created_at',
});

function matchSellers(sellers: readonly ProfileId[] | null): Expression<SqlBool> {
  return sellers === null ? sql<SqlBool>`true` : sql<SqlBool>`lot.provider_id = any(${[...sellers]}::bigint[])`;
}

/** Selects the lots of a holder with the invoice of their source; with `sellers`, only those of these providers. */
export function selectCredits(reader: Reader, profile_id: ProfileId, sellers: readonly ProfileId[] | null) {
  // Indexes: credits_holder, document_lines_ledger_entry_id.
  return reader
    .selectFrom('credits as lot')
    .innerJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'lot.provider_id')
    .leftJoin('order_lines as line', 'line.id', 'lot.source_line_id')
    .leftJoin(selectInvoiceNumbers(reader).as('invoice'), 'invoice.ledger_entry_id', 'line.ledger_entry_id')
    .select(['lot.id', 'lot.provider_id', 'lot.unit', 'lot.amount', 'lot.balance', 'lot.is_refundable'])
    .select(['lot.description', 'lot.created_at', 'invoice.number as invoice_number'])
    .where('lot.profile_id', '=', profile_id)
    .where(matchSellers(sellers));
}

/** A row of the list. */
export type CreditRow = Awaited<ReturnType<ReturnType<typeof selectCredits>['execute']>>[number];

/** Sums what is left by provider and unit. Index: credits_open. */
export async function findCreditTotals(
  reader: Reader,
  profile_id: ProfileId,
  sellers: readonly ProfileId[] | null,
): Promise<CreditTotal[]> {
  return reader
    .selectFrom('credits as lot')
    .select(['lot.provider_id', 'lot.unit'])
    .select((eb) => eb.cast<number>(eb.fn.sum('lot.balance'), 'bigint').as('amount'))
    .where('lot.profile_id', '=', profile_id)
    .where('lot.balance', '>', 0)
    .where(matchSellers(sellers))
    .groupBy(['lot.provider_id', 'lot.unit'])
    .orderBy('lot.provider_id')
    .orderBy('lot.unit')
    .execute();
}

/** Sums what is left of the credit of a profile by unit; empty without credit. Index: credits_open. */
export async function findOpenCredit(reader: Reader, profile_id: ProfileId): Promise<Money[]> {
  return sumByUnit(await findCreditTotals(reader, profile_id, null));
}
