import { type Static, Type } from 'typebox';
import {
  type Entry,
  findEntries,
  findInvoicedEntries,
  findInvoicesNaming,
  findNotesOfEntries,
  type InvoicedEntry,
  partyOf,
} from '#ledger';
import { isTimeZone } from '#kernel/instant';
import { paths } from '#platform/http/paths';
import { mergeReads } from '#platform/db/merge-reads';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import {
  type Charge,
  type ChargeItem,
  chargePill,
  chargeSubject,
  findChargeItems,
  findSettledRefundLines,
} from '#payments';
import { findProfilesByIds, findProfileSummaries } from '#profiles';
import { findCreditOfCharges, type PayingCredit, sumByLot } from '../credits/index.ts';
import { findEntryTexts } from '../orders/index.ts';
import { presentParty } from './party.ts';
import { receiptParts } from './receipt-parts.ts';

const ReceiptParts = Type.Object(receiptParts);
type ReceiptView = Static<typeof ReceiptParts>;
type RefundLine = Awaited<ReturnType<typeof findSettledRefundLines>>[number];

/**
 * Loads what a receipt shows: buyer and sellers with their addresses, card, lines, settled refunds, remaining total,
 * invoices and their credit notes. The parties are those that the invoices name; of today without an invoice. With
 * `sellers`, only the lines of these providers and the amounts of those lines.
 *
 * `page` (from 1) selects RECEIPT_LINES lines; the sums include all. Null: all lines.
 */
// long: one object of the page
export async function viewReceipt(
  ctx: Context,
  charge: Charge,
  sellers: readonly ProfileId[] | null = null,
  page: number | null = null,
): Promise<ReceiptView> {
  const [all, all_refunds, summaries, customers, credit] = await mergeReads(ctx.db, [
    (reader) => findChargeItems(reader, charge.id),
    (reader) => findSettledRefundLines(reader, charge.id),
    (reader) => findProfileSummaries(reader, [charge.profile_id]),
    (reader) => findProfilesByIds(reader, [charge.profile_id]),
    (reader) => findCreditOfCharges(reader, [charge.id]),
  ]);
  const isSeen = ({ provider_id }: { provider_id: ProfileId }) => sellers === null || sellers.includes(provider_id);
  const paying = (credit.get(charge.id) ?? []).filter(isSeen);
  const items = linesOf(all.filter(isSeen), paying);
  const amount = all.every(isSeen) ? charge.amount : items.reduce((sum, { charged }) => sum + charged, 0);
  const entry_ids = items.map((item) => item.invoiced_entry_id);
  const part = partOf(items.length, page);
  const shown = items.slice(part.first, part.end);
  const shown_ids = shown.map((item) => item.invoiced_entry_id);
  const provider_ids = [...new Set(items.map((item) => item.provider_id))];
  const [customer] = customers.values();
  const timezone = customer?.default_timezone;
  const [first_part = [], ...other_parts] = partsOf(shown_ids);
  const [first_facts, providers, named, notes] = await mergeReads(ctx.db, [
    (reader) => findLineFacts(reader, first_part, { lang: ctx.lang, timezone }),
    (reader) => findProfilesByIds(reader, provider_ids),
    (reader) => findInvoicesNaming(reader, entry_ids),
    (reader) => findNotesOfEntries(reader, entry_ids, chargeSubject(charge.id)),
  ]);
  const facts = [first_facts];
  for (const ids of other_parts) facts.push(await findLineFacts(ctx.db, ids, { lang: ctx.lang, timezone }));
  const item_ids = new Set(items.flatMap(({ id }) => id ?? []));
  const refunds = all_refunds.filter(({ charge_item_id }) => item_ids.has(charge_item_id));
  const refundsByItem = Map.groupBy(refunds, ({ charge_item_id }) => charge_item_id);
  const provider = items[0] && providers.get(items[0].provider_id);
  const profile = summaries.get(charge.profile_id);
  const invoices = new Map(named.map((each) => [each.provider_id, each]));
  const [first_invoice] = invoices.values();
  const buyer = first_invoice?.buyer ?? (customer && partyOf(customer));
  const refunded = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  const used = paying.reduce((sum, use) => sum + use.amount, 0);
  const was_paid = all.some(({ distribute_entry_id }) => distribute_entry_id !== null);
  const charged_back = charge.state === 'failed' && was_paid ? amount - refunded : 0;
  const is_paid = charge.state === 'done' || charge.state === 'disputed' || was_paid;
  return {
    ...(profile ? { profile } : {}),
    provider: provider ? { printable_name: provider.full_name || provider.slug, email: provider.email } : null,
    sellers: [...providers.values()].map((each) =>
      presentParty(invoices.get(each.id)?.seller ?? partyOf(each), ctx.lang),
    ),
    buyer: buyer ? presentParty(buyer, ctx.lang) : null,
    timezone: customer && isTimeZone(customer.default_timezone) ? customer.default_timezone : 'UTC',
    invoices: [...invoices.values()].map(({ number, provider: slug, seller }) => ({
      number,
      seller: seller.name,
      href: paths.document(profile?.slug ?? '', slug, number),
    })),
    credit_notes: notes.filter(isSeen).map(({ number, invoice_number, created_at, amount: noted, unit }) => ({
      number,
      invoice_number,
      created_at,
      money: { amount: -noted, unit },
    })),
    refunded: { amount: refunded, unit: charge.unit },
    charged_back: { amount: charged_back, unit: charge.unit },
    pill: chargePill({ state: charge.state, amount }, { refunded, was_paid }),
    charge: viewCharge(charge, amount),
    lines_total: { amount: amount + used, unit: charge.unit },
    credit_used: sumByLot(paying),
    paid: { amount: is_paid ? amount : 0, unit: charge.unit },
    due: { amount: is_paid ? 0 : amount, unit: charge.unit },
    lines_count: items.length,
    lines_first: part.first + 1,
    charge_items: shown.flatMap((item, index) => {
      const { entries, texts, invoiced } = facts[Math.floor(index / READ_LINES)] ?? first_facts;
      const entry = entries.get(item.invoiced_entry_id);
      const text = texts.get(item.invoiced_entry_id);
      const refunds_of_item = item.id === null ? [] : (refundsByItem.get(item.id) ?? []);
      const known = { unit: charge.unit, refunds: refunds_of_item, invoiced };
      return entry ? [viewItem(item, textOfItem(item, entry, text), known)] : [];
    }),
    total: { amount: amount - refunded - charged_back, unit: charge.unit },
  };
}

/** Lines whose facts are read at once: between two reads the process serves other requests. */
const READ_LINES = 200;

function partsOf(ids: readonly LedgerEntryId[]): LedgerEntryId[][] {
  return Array.from({ length: Math.ceil(ids.length / READ_LINES) }, (_, index) =>
    ids.slice(index * READ_LINES, (index + 1) * READ_LINES),
  );
}

/** Finds the entries of lines, their texts, and what the invoices state of them. */
async function findLineFacts(
  reader: Reader,
  ids: readonly LedgerEntryId[],
  of: { lang: string; timezone: string | undefined },
) {
  const [entries, texts, invoiced] = await mergeReads(reader, [
    (each) => findEntries(each, ids),
    (each) => findEntryTexts(each, ids, of),
    (each) => findInvoicedEntries(each, ids),
  ]);
  return { entries, texts, invoiced };
}

/** A line of a receipt at its full price: a line of the charge, or one that credit pays whole. */
interface ReceiptLine extends Pick<ChargeItem, 'invoiced_entry_id' | 'provider_id' | 'title'> {
  /** Null for a line that the charge does not have. */
  id: ChargeItem['id'] | null;
  /** What the charge pays of it. */
  charged: number;
  /** What charge and credit pay of it. */
  amount: number;
}

/** Returns the lines of an order as charge and credit pay them: those of the charge first. Pure. */
function linesOf(items: readonly ChargeItem[], paying: readonly PayingCredit[]): ReceiptLine[] {
  const usedOf = Map.groupBy(paying, ({ ledger_entry_id }) => ledger_entry_id);
  const take = (entry_id: LedgerEntryId) => {
    const uses = usedOf.get(entry_id) ?? [];
    usedOf.delete(entry_id); // two lines of a charge on one entry show its credit once
    return uses.reduce((sum, use) => sum + use.amount, 0);
  };
  const charged = items.map(({ id, invoiced_entry_id, provider_id, title, amount }): ReceiptLine => ({
    id,
    invoiced_entry_id,
    provider_id,
    title,
    charged: amount,
    amount: amount + take(invoiced_entry_id),
  }));
  const others = [...usedOf].flatMap(([invoiced_entry_id, [use]]): ReceiptLine[] =>
    invoiced_entry_id === null || !use
      ? []
      : [
          {
            id: null,
            invoiced_entry_id,
            provider_id: use.provider_id,
            title: '',
            charged: 0,
            amount: take(invoiced_entry_id),
          },
        ],
  );
  return [...charged, ...others];
}

/** Lines of a receipt on one page. */
export const RECEIPT_LINES = 100;

/** Returns the lines of a page; a page after the last one is the last one. `end` is exclusive. Pure. */
export function partOf(count: number, page: number | null): { first: number; end: number } {
  if (page === null) return { first: 0, end: count };
  const last = Math.max(1, Math.ceil(count / RECEIPT_LINES));
  const first = (Math.min(Math.max(1, page), last) - 1) * RECEIPT_LINES;
  return { first, end: Math.min(count, first + RECEIPT_LINES) };
}

function viewCharge(charge: Charge, amount: number): ReceiptView['charge'] {
  const { processor_key, created_at, unit, state, last4, description } = charge;
  return {
    processor_key,
    created_at,
    amount,
    unit,
    state,
    last4,
    exp_date: charge.exp_date?.slice(0, 7) ?? null,
    description,
  };
}

function textOfItem({ title }: ReceiptLine, { description }: Entry, text: string | undefined): string {
  return text ?? (title || description);
}

function viewItem(
  item: ReceiptLine,
  text: string,
  {
    unit,
    refunds,
    invoiced,
  }: {
    unit: string;
    refunds: readonly RefundLine[];
    invoiced: ReadonlyMap<Entry['id'], InvoicedEntry>;
  },
): ReceiptView['charge_items'][number] {
  const { full_amount = null, amount = 0 } = invoiced.get(item.invoiced_entry_id) ?? {};
  const is_discounted = full_amount !== null && full_amount > amount && amount === item.amount;
  return {
    full: is_discounted ? { amount: full_amount, unit } : null,
    discount: is_discounted ? { amount: amount - full_amount, unit } : null,
    invoiced: { description: text, dest_amount: item.amount, dest_unit: unit },
    refunded: refunds.map((refund) => ({
      created_at: refund.settled_at,
      description: `Refund of ${text}`,
      dest_amount: refund.amount,
      dest_unit: unit,
    })),
  };
}
