import { sql, type SqlBool } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { ReminderSpan } from '#kernel/reminder';
import { unpaidAmount } from '#ledger';
import { paidByChargeCondition } from '#payments';
import { selectProfileNames } from '#profiles';
import { defineList, listPage } from '#platform/db/list';
import type { AdjustmentId, LedgerEntryId, OrderId, PaymentLinkId, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { linkKeyHash, openLinkKey, sealLinkKey } from '#platform/security/link-keys';
import type { PaymentLink } from './payment-link.ts';

export interface NewPaymentLink {
  order_id: OrderId;
  profile_id: ProfileId;
  provider_id: ProfileId;
  /** Not encrypted. */
  claim_code: string;
  amount: number;
  unit: string;
  created_by: UserId | null;
  created_at: Date;
  /** When the link is mailed with the order; null: it is not. */
  sent_at?: Date | null;
}

/** Inserts a link; its code is stored encrypted. */
export async function insertPaymentLink(tx: Tx, { claim_code, ...row }: NewPaymentLink): Promise<void> {
  await tx
    .insertInto('payment_links')
    .values({ ...row, claim_code: sealLinkKey(claim_code), claim_code_hash: linkKeyHash(claim_code) })
    .execute();
}

/** True on links whose order the provider collected or wrote off, and did not take that back. */
const isClosedLink = (links: string) => sql<boolean>`exists (select from adjustments
  where adjustments.id = ${sql.ref(`${links}.adjustment_id`)} and adjustments.reversed_at is null)`;
const isClosed = isClosedLink('payment_links');

function selectLinks(reader: Reader) {
  return reader
    .selectFrom('payment_links')
    .select([
      'id',
      'order_id',
      'profile_id',
      'provider_id',
      'claim_code',
      'amount',
      'unit',
      'adjustment_id',
      'is_collected_in_full',
      'created_by',
      'created_at',
      'sent_at',
    ])
    .select(isClosed.as('is_closed'));
}

const readLink = (row: PaymentLink): PaymentLink => ({ ...row, claim_code: openLinkKey(row.claim_code) });

/** Finds the link of a code. */
export async function findPaymentLink(reader: Reader, claim_code: string): Promise<PaymentLink | undefined> {
  const row = await selectLinks(reader)
    .where('claim_code_hash', '=', linkKeyHash(claim_code.toLowerCase()))
    .executeTakeFirst();
  return row && readLink(row);
}

/**
 * Closes a link by an adjustment; false if a concurrent request closed it. The statement waits for that request. A link
 * whose adjustment was reversed can be closed again.
 */
export async function closePaymentLink(
  tx: Tx,
  id: PaymentLinkId,
  { adjustment_id, is_collected_in_full }: { adjustment_id: AdjustmentId; is_collected_in_full: boolean },
): Promise<boolean> {
  const closed = await tx
    .updateTable('payment_links')
    .set({ adjustment_id, is_collected_in_full })
    .where('id', '=', id)
    .where(sql<boolean>`not ${isClosed}`)
    .returning('id')
    .executeTakeFirst();
  return closed !== undefined;
}

/** Finds the ledger entries of the lines of an order. */
export async function findEntriesOfOrder(reader: Reader, order_id: OrderId): Promise<LedgerEntryId[]> {
  const rows = await reader
    .selectFrom('order_lines')
    .select('ledger_entry_id')
    .where('order_id', '=', order_id)
    .orderBy('rank')
    .execute();
  return rows.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []);
}

/** Returns which of these orders their provider collected in full by a link. Index: order_lines_ledger_entry_id. */
export async function findCollectedEntries(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Set<LedgerEntryId>> {
  if (entry_ids.length === 0) return new Set();
  const rows = await reader
    .selectFrom('order_lines')
    .innerJoin('payment_links', 'payment_links.order_id', 'order_lines.order_id')
    .select('order_lines.ledger_entry_id')
    .where('order_lines.ledger_entry_id', 'in', [...entry_ids])
    .where('payment_links.is_collected_in_full', '=', true)
    .where(isClosed)
    .execute();
  return new Set(rows.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []));
}

/** Condition: the order with this entry is paid by a charge, or its provider collected it in full by a link. */
const isEntryPaid = (entry_id: string) => sql<SqlBool>`(${paidByChargeCondition(entry_id)} or exists (
  select from order_lines own join payment_links other on other.order_id = own.order_id
  where own.ledger_entry_id = ${sql.ref(entry_id)} and other.is_collected_in_full and ${isClosedLink('other')}))`;

/** Expression: what is due on the order of `link`, ≥ 0. */
const amountDue = sql<number>`case when ${isClosedLink('link')} then 0 else (
  select coalesce(sum(${unpaidAmount('line.ledger_entry_id', isEntryPaid)}), 0)::bigint from order_lines line
  where line.order_id = link.order_id and line.amount > 0) end`;

/** `paid`: by the link or on the balance page; `collected`: the provider received the money elsewhere. */
export type LinkState = 'open' | 'paid' | 'collected' | 'written_off';

const linkState = sql<LinkState>`case
  when ${isClosedLink('link')} then case when adjustment.kind = 'write_off' then 'written_off' else 'collected' end
  when ${amountDue} > 0 then 'open' else 'paid' end`;

/** A link as its provider lists it. */
export interface ListedLink extends Pick<
  PaymentLink,
  'id' | 'claim_code' | 'profile_id' | 'amount' | 'unit' | 'created_at' | 'sent_at'
> {
  /** The payer. */
  payer: string;
  payer_name: string;
  amount_due: number;
  state: LinkState;
}

export const paymentLinkList = defineList({
  search: { profile: 'payer.slug', profile__full_name: 'payer.full_name' },
  sort: { amount: 'link.amount', created_at: 'link.created_at' },
  default_order: [{ column: 'link.created_at', descending: true }],
  tie_breaker: 'link.id',
  date: 'link.created_at',
});

/** Returns a page of the links of a provider, in one state or in all. Index: payment_links_provider_id. */
export async function listPaymentLinks(
  reader: Reader,
  provider_id: ProfileId,
  state: LinkState | null,
  list: ListQuery,
  url: URL,
): Promise<Page<ListedLink>> {
  let rows = reader
    .selectFrom('payment_links as link')
    .innerJoin(selectProfileNames(reader).as('payer'), 'payer.id', 'link.profile_id')
    .leftJoin('adjustments as adjustment', 'adjustment.id', 'link.adjustment_id')
    .select(['link.id', 'link.claim_code', 'link.profile_id', 'link.amount', 'link.unit', 'link.created_at'])
    .select(['link.sent_at', 'payer.slug as payer', 'payer.full_name as payer_name'])
    .select([amountDue.as('amount_due'), linkState.as('state')])
    .where('link.provider_id', '=', provider_id);
  if (state !== null) rows = rows.where(linkState, '=', state);
  const page = await listPage(reader, rows, paymentLinkList, list, url);
  return {
    ...page,
    results: page.results.map((row) => ({
      ...row,
      amount_due: Number(row.amount_due),
      claim_code: openLinkKey(row.claim_code),
    })),
  };
}

/** Selects a link of a provider FOR UPDATE. */
export async function lockPaymentLink(tx: Tx, provider_id: ProfileId, id: number): Promise<PaymentLink | undefined> {
  const row = await selectLinks(tx)
    .where(sql<boolean>`payment_links.id = ${id}`)
    .where('provider_id', '=', provider_id)
    .forUpdate()
    .executeTakeFirst();
  return row && readLink(row);
}

/** Selects a link FOR UPDATE. */
export async function lockLinkById(tx: Tx, id: PaymentLinkId): Promise<PaymentLink | undefined> {
  const row = await selectLinks(tx).where('id', '=', id).forUpdate().executeTakeFirst();
  return row && readLink(row);
}

/** A link that was mailed. */
export type MailedLink = Pick<PaymentLink, 'id'>;

/** Selects open links that were mailed in a span, above `after`, by id. Index: payment_links_sent_at. */
export async function findMailedLinks(
  reader: Reader,
  { since, until }: ReminderSpan,
  { after, limit }: { after: PaymentLinkId | null; limit: number },
): Promise<MailedLink[]> {
  return reader
    .selectFrom('payment_links')
    .select('id')
    .where('sent_at', '>', since)
    .where('sent_at', '<=', until)
    .where(sql<boolean>`not ${isClosed}`)
    .where('id', '>', after ?? (0 as PaymentLinkId)) // ids start at 1
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function updateLinkSent(tx: Tx, id: PaymentLinkId, sent_at: Date): Promise<void> {
  await tx.updateTable('payment_links').set({ sent_at }).where('id', '=', id).execute();
}
