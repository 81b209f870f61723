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
  /** How a credit note was settled: against debt, to the lot, paid back. All 0 on invoices. */
  due_reduced: number;
  credited: number;
  refunded: number;
  /** Number of the lot that `credited` went to. */
  lot: number | null;
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

const UNSETTLED = { due_reduced: 0, credited: 0, refunded: 0, lot: null };

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
      ...UNSETTLED,
      seller: partyOf(provider),
      buyer: partyOf(payer),
      created_at: at,
      lines: own.map(({ provider_id: _, ...line }) => ({ ...line, due_entry_id: null })),
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

/** Part of an operation that gives back an amount of an order. */
export interface NotedAmount {
  /** Entry of the order. */
  invoiced_entry_id: LedgerEntryId;
  /** Entry that gives back the amount. */
  ledger_entry_id: LedgerEntryId;
  /** Second entry, if the amount reduced a debt and became credit. */
  due_entry_id?: LedgerEntryId | null;
  kind: 'refund' | 'unused_time' | 'seats' | 'unpaid_end';
  description: string;
  due_reduced?: number;
  credited?: number;
  refunded?: number;
  /** Number of the lot that `credited` went to. */
  lot?: number | null;
  covers_from?: Date | null;
  covers_to?: Date | null;
}

/**
 * Returns the credit notes of an operation: one per invoice, none for an amount that no invoice names. They name the
 * parties of the invoice. A note whose amount went to several lots names the first. Pure.
 */
export function planCreditNotes(
  operation: { ledger_event_id: LedgerEventId; at: Date },
  amounts: readonly NotedAmount[],
  invoices: ReadonlyMap<LedgerEntryId, ReducedInvoice>,
): NewDocument[] {
  const noted = amounts.flatMap((each) => {
    const invoice = invoices.get(each.invoiced_entry_id);
    const { due_reduced = 0, credited = 0, refunded = 0 } = each;
    const amount = due_reduced + credited + refunded;
    return invoice && amount > 0 ? [{ ...each, due_reduced, credited, refunded, amount, invoice }] : [];
  });
  return [...Map.groupBy(noted, ({ invoice }) => invoice.id).values()].flatMap((own) => {
    const [{ invoice } = {}] = own;
    if (!invoice) return [];
    const { id, number: _, timezone, ...parties } = invoice;
    const sum = (part: 'amount' | 'due_reduced' | 'credited' | 'refunded') =>
      own.reduce((total, line) => total + line[part], 0);
    return {
      ...parties,
      series: 'credit_note' as const,
      year: yearIn(operation.at, timezone),
      ledger_event_id: operation.ledger_event_id,
      invoice_id: id,
      amount: sum('amount'),
      due_reduced: sum('due_reduced'),
      credited: sum('credited'),
      refunded: sum('refunded'),
      lot: own.find(({ credited }) => credited > 0)?.lot ?? null,
      created_at: operation.at,
      lines: own.map((line) => ({
        kind: line.kind,
        ledger_entry_id: line.ledger_entry_id,
        due_entry_id: line.due_entry_id ?? null,
        description: line.description,
        full_amount: null,
        amount: line.amount,
        covers_from: line.covers_from ?? null,
        covers_to: line.covers_to ?? null,
      })),
    };
  });
}
