import type { Selectable } from 'kysely';
import { yearIn } from '#kernel/instant';
import type {
  DocumentId,
  DocumentLinesTable,
  DocumentsTable,
  LedgerEntryId,
  LedgerEventId,
  ProfileId,
} from '#platform/db/db-schema';
import { type Profile, profileName } from '#profiles';

/** Legal identity and address of a seller or a buyer as a document states them. Members are empty when unknown. */
export interface Party {
  name: string;
  street_address: string;
  locality: string;
  region: string;
  postal_code: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  email: string;
}

/** Invoice of an order, or credit note that reduces an invoice. Never changed after it was issued. */
export interface Document extends Omit<Selectable<DocumentsTable>, 'seller' | 'buyer'> {
  seller: Party;
  buyer: Party;
}

export type DocumentLine = Omit<Selectable<DocumentLinesTable>, 'document_id' | 'rank'>;

/** A document before it has its number. */
export interface NewDocument {
  series: Document['series'];
  provider_id: ProfileId;
  /** The payer. */
  profile_id: ProfileId;
  year: number;
  /** First event of the order, or the event of the refund. */
  ledger_event_id: LedgerEventId;
  /** Invoice that a credit note reduces; null for an invoice. */
  invoice_id: DocumentId | null;
  /** Sum of the lines. Units: 1/100. */
  amount: number;
  unit: string;
  /** Part of a credit note that lowers what is due. */
  due_reduced: number;
  /** Part of a credit note that is paid back. */
  refunded: number;
  seller: Party;
  buyer: Party;
  created_at: Date;
  lines: readonly DocumentLine[];
}

/** Line of a new order, with its entry in the ledger. */
export interface InvoicedLine {
  provider_id: ProfileId;
  kind: 'period' | 'use' | 'setup' | 'seats';
  ledger_entry_id: LedgerEntryId;
  description: string;
  /** Price before discounts; null if unknown. */
  full_amount: number | null;
  amount: number;
  covers_from: Date | null;
  /** Exclusive. */
  covers_to: Date | null;
}

/** Returns the party of a profile as it is now. */
export function partyOf(profile: Profile): Party {
  const { street_address, locality, region, postal_code, country, email } = profile;
  return { name: profileName(profile), street_address, locality, region, postal_code, country, email };
}

/**
 * Returns the invoices of an order: one per provider, none for a provider whose lines are all 0. `at` is the instant of
 * the first ledger event; its year in the zone of the provider selects the series. Pure.
 * @see docs/decisions/0071-documents-with-gapless-numbers.md
 */
export function planInvoices(
  order: { payer: Profile; ledger_event_id: LedgerEventId; unit: string; at: Date },
  lines: readonly InvoicedLine[],
  profiles: ReadonlyMap<ProfileId, Profile>,
): NewDocument[] {
  const { payer, ledger_event_id, unit, at } = order;
  return [...Map.groupBy(lines, ({ provider_id }) => provider_id)].flatMap(([provider_id, own]) => {
    const provider = profiles.get(provider_id);
    const amount = own.reduce((sum, line) => sum + line.amount, 0);
    if (!provider || amount === 0) return [];
    return {
      series: 'invoice' as const,
      provider_id,
      profile_id: payer.id,
      year: yearIn(at, provider.default_timezone),
      ledger_event_id,
      invoice_id: null,
      amount,
      unit,
      due_reduced: 0,
      refunded: 0,
      seller: partyOf(provider),
      buyer: partyOf(payer),
      created_at: at,
      lines: own.map(({ provider_id: _, ...line }) => line),
    };
  });
}

/** Invoice that a refund reduces, with the zone of its provider. */
export interface ReducedInvoice extends Pick<
  Document,
  'id' | 'number' | 'provider_id' | 'profile_id' | 'unit' | 'seller' | 'buyer'
> {
  timezone: string;
}

/** Part of an order that is given back: refunded, or taken off what is due. */
export interface RefundedAmount {
  /** Entry of the order. */
  invoiced_entry_id: LedgerEntryId;
  /** Entry of the refund, or the entry that lowers the debt. */
  ledger_entry_id: LedgerEntryId;
  description: string;
  amount: number;
  /** True if the amount was due and is no longer; nothing is paid back. */
  is_due?: boolean;
}

/**
 * Returns the credit notes of a refund: one per invoice, none for an amount that no invoice names. They name the
 * parties of the invoice. Pure.
 */
export function planCreditNotes(
  refund: { ledger_event_id: LedgerEventId; at: Date },
  amounts: readonly RefundedAmount[],
  invoices: ReadonlyMap<LedgerEntryId, ReducedInvoice>,
): NewDocument[] {
  const noted = amounts.flatMap((each) => {
    const invoice = invoices.get(each.invoiced_entry_id);
    return invoice && each.amount > 0 ? [{ ...each, invoice }] : [];
  });
  return [...Map.groupBy(noted, ({ invoice }) => invoice.id).values()].flatMap((own) => {
    const [{ invoice } = {}] = own;
    if (!invoice) return [];
    const { id, number: _, timezone, ...parties } = invoice;
    const amount = own.reduce((sum, line) => sum + line.amount, 0);
    const due_reduced = own.reduce((sum, line) => sum + (line.is_due === true ? line.amount : 0), 0);
    return {
      ...parties,
      series: 'credit_note' as const,
      year: yearIn(refund.at, timezone),
      ledger_event_id: refund.ledger_event_id,
      invoice_id: id,
      amount,
      due_reduced,
      refunded: amount - due_reduced,
      created_at: refund.at,
      lines: own.map(({ ledger_entry_id, description, amount: line_amount, is_due = false }) => ({
        kind: is_due ? ('unpaid_end' as const) : ('refund' as const),
        ledger_entry_id,
        description,
        full_amount: null,
        amount: line_amount,
        covers_from: null,
        covers_to: null,
      })),
    };
  });
}
