import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';
import { selectProfileNames } from '#profiles';
import type { LedgerSubject } from '../subject.ts';
import type { Document, NewDocument, Party } from './document.ts';

/** A document with its number. */
export type IssuedDocument = Pick<Document, 'id' | 'number' | 'series' | 'provider_id'>;

/** Finds the invoices whose lines are these entries of orders, by entry. */
export async function findInvoicesOfEntries(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, Document>> {
  if (entry_ids.length === 0) return new Map();
  // Index: document_lines_ledger_entry_id.
  const rows = await reader
    .selectFrom('document_lines as line')
    .innerJoin('documents', 'documents.id', 'line.document_id')
    .selectAll('documents')
    .select('line.ledger_entry_id')
    .where('line.ledger_entry_id', 'in', [...new Set(entry_ids)])
    .where('documents.series', '=', 'invoice')
    .execute();
  return new Map(rows.map(({ ledger_entry_id, ...row }) => [ledger_entry_id, readParties(row)]));
}

/** Line of an invoice with the invoice, by the entry of the order. */
export interface InvoicedEntry {
  ledger_entry_id: LedgerEntryId;
  /** Price before discounts; null if the order did not store it. */
  full_amount: number | null;
  amount: number;
  number: string;
  provider_id: ProfileId;
  /** Slug of the provider. */
  provider: string;
  seller: Party;
  buyer: Party;
}

/** Finds the lines of invoices that are these entries of orders, by entry. Index: document_lines_ledger_entry_id. */
export async function findInvoicedEntries(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, InvoicedEntry>> {
  if (entry_ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('document_lines as line')
    .innerJoin('documents as invoice', 'invoice.id', 'line.document_id')
    .innerJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'invoice.provider_id')
    .select('provider.slug as provider')
    .select(['line.ledger_entry_id', 'line.full_amount', 'line.amount', 'invoice.number', 'invoice.provider_id'])
    .select(['invoice.seller', 'invoice.buyer'])
    .where('line.ledger_entry_id', 'in', [...new Set(entry_ids)])
    .where('invoice.series', '=', 'invoice')
    .execute();
  return new Map(rows.map((row) => [row.ledger_entry_id, readParties(row)]));
}

/** Invoice as a receipt names it. */
export type NamedInvoice = Pick<InvoicedEntry, 'number' | 'provider_id' | 'provider' | 'seller' | 'buyer'>;

/** Finds the invoices that have lines for these entries of orders, each once, by provider and id. */
export async function findInvoicesNaming(reader: Reader, entry_ids: readonly LedgerEntryId[]): Promise<NamedInvoice[]> {
  if (entry_ids.length === 0) return [];
  // Index: document_lines_ledger_entry_id.
  const rows = await reader
    .selectFrom('documents as invoice')
    .innerJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'invoice.provider_id')
    .select(['invoice.number', 'invoice.provider_id', 'provider.slug as provider', 'invoice.seller', 'invoice.buyer'])
    .where('invoice.id', 'in', (eb) =>
      eb
        .selectFrom('document_lines')
        .select('document_id')
        .where('ledger_entry_id', '=', (own) => own.fn.any(own.val([...new Set(entry_ids)]))),
    )
    .where('invoice.series', '=', 'invoice')
    .orderBy('invoice.provider_id')
    .orderBy('invoice.id')
    .execute();
  return rows.map((row) => readParties(row));
}

/** Selects `ledger_entry_id` and `number` of the lines of invoices, for rooms that join the entries of orders. */
export function selectInvoiceNumbers(reader: Reader) {
  return reader
    .selectFrom('document_lines as line')
    .innerJoin('documents as invoice', 'invoice.id', 'line.document_id')
    .select(['line.ledger_entry_id', 'invoice.number', 'invoice.id as invoice_id'])
    .where('invoice.series', '=', 'invoice');
}

/** Finds the numbers of the credit notes that have lines for these entries, by entry. */
export async function findNoteNumbers(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, string>> {
  if (entry_ids.length === 0) return new Map();
  const ids = [...new Set(entry_ids)];
  // Indexes: document_lines_ledger_entry_id, document_lines_due_entry_id.
  const rows = await reader
    .selectFrom('document_lines as line')
    .innerJoin('documents as note', 'note.id', 'line.document_id')
    .select(['line.ledger_entry_id', 'line.due_entry_id', 'note.number'])
    .where((eb) => eb.or([eb('line.ledger_entry_id', 'in', ids), eb('line.due_entry_id', 'in', ids)]))
    .where('note.series', '=', 'credit_note')
    .execute();
  return new Map(
    rows.flatMap(({ ledger_entry_id, due_entry_id, number }) => [
      [ledger_entry_id, number] as const,
      ...(due_entry_id === null ? [] : [[due_entry_id, number] as const]),
    ]),
  );
}

/** Credit note as a receipt lists it. */
export interface IssuedNote {
  number: string;
  invoice_number: string;
  provider_id: ProfileId;
  amount: number;
  unit: string;
  created_at: Date;
}

/**
 * Finds the credit notes of the invoices that have lines for these entries of orders, and those of the refunds of a
 * charge, oldest first. `charge` is the subject of the charge.
 */
export async function findNotesOfEntries(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
  charge: Pick<LedgerSubject, 'kind' | 'id'>,
): Promise<IssuedNote[]> {
  if (entry_ids.length === 0) return [];
  // Indexes: document_lines_ledger_entry_id, documents_invoice_id, ledger_entries_subject, documents_event.
  return reader
    .selectFrom('documents as note')
    .innerJoin('documents as invoice', 'invoice.id', 'note.invoice_id')
    .select(['note.number', 'invoice.number as invoice_number', 'note.provider_id', 'note.amount', 'note.unit'])
    .select('note.created_at')
    .where('note.id', 'in', (eb) =>
      eb
        .selectFrom('documents as own')
        .innerJoin('document_lines as line', 'line.document_id', 'own.invoice_id')
        .select('own.id')
        .where('line.ledger_entry_id', '=', (ids) => ids.fn.any(ids.val([...new Set(entry_ids)])))
        .union(
          eb
            .selectFrom('documents as refunded')
            .innerJoin('ledger_entries as entry', 'entry.ledger_event_id', 'refunded.ledger_event_id')
            .select('refunded.id')
            .where('entry.subject_kind', '=', charge.kind)
            .where('entry.subject_id', '=', charge.id)
            .where('refunded.series', '=', 'credit_note'),
        ),
    )
    .orderBy('note.id')
    .execute();
}

/** Reads the parties of a row. */
export function readParties<Row extends { seller: unknown; buyer: unknown }>(
  row: Row,
): Row & { seller: Party; buyer: Party } {
  // Cast: only `issuedDocuments` and the migration write these columns.
  return row as Row & { seller: Party; buyer: Party };
}

/** Parts that number and insert documents; all null without documents. */
export type DocumentParts = {
  readonly new_documents: Part<void> | null;
  readonly counted_documents: Part<void> | null;
  readonly issued_documents: Part<IssuedDocument[]> | null;
  readonly issued_document_lines: Part<void> | null;
};

/**
 * Returns the parts that number documents and insert them with their lines, in the given order. They belong to the last
 * statement of the transaction that posts the ledger event: no other transaction gets a number of these series until it
 * ends, and a rollback returns the numbers.
 *
 * Locks: one counter per provider, series and year, in this order.
 */
export function issuedDocuments(documents: readonly NewDocument[]): DocumentParts {
  if (documents.length === 0) {
    return { new_documents: null, counted_documents: null, issued_documents: null, issued_document_lines: null };
  }
  const rows = documents.map(({ lines: _, ...document }, place) => ({ ...document, place }));
  const lines = documents.flatMap((document, place) => document.lines.map((line, rank) => ({ ...line, place, rank })));
  return {
    new_documents: {
      query: fragment`select * from json_to_recordset(${JSON.stringify(rows)}::json) as (place integer, series text,
        provider_id bigint, profile_id bigint, year integer, ledger_event_id bigint, invoice_id bigint, amount bigint,
        unit text, due_reduced bigint, credited bigint, refunded bigint, lot integer, seller jsonb, buyer jsonb, created_at timestamptz)`,
      read: null,
    },
    counted_documents: {
      query: fragment`insert into document_counters as counter (provider_id, series, year, last_serial)
        select provider_id, series, year, count(*) from new_documents group by provider_id, series, year
        order by provider_id, series, year
        on conflict (provider_id, series, year) do update set last_serial = counter.last_serial + excluded.last_serial
        returning *`,
      read: null,
    },
    issued_documents: {
      query: fragment`insert into documents (series, provider_id, profile_id, year, serial, ledger_event_id, invoice_id,
          amount, unit, due_reduced, credited, refunded, lot, seller, buyer, created_at)
        select series, provider_id, profile_id, year,
          last_serial + 1 - row_number() over (partition by provider_id, series, year order by place desc),
          ledger_event_id, invoice_id, amount, unit, due_reduced, credited, refunded, lot, seller, buyer, created_at
        from new_documents join counted_documents using (provider_id, series, year) order by place
        returning id, number, series, provider_id, ledger_event_id, invoice_id`,
      read: (found) =>
        readRows<IssuedDocument>(found, []).map(({ id, number, series, provider_id }) => ({
          id,
          number,
          series,
          provider_id,
        })),
    },
    issued_document_lines: {
      query: fragment`insert into document_lines (document_id, rank, kind, ledger_entry_id, due_entry_id, description,
          full_amount, amount, covers_from, covers_to)
        select issued.id, line.rank, line.kind, line.ledger_entry_id, line.due_entry_id, line.description,
          line.full_amount, line.amount, line.covers_from, line.covers_to
        from json_to_recordset(${JSON.stringify(lines)}::json) as line (place integer, rank smallint, kind text,
          ledger_entry_id bigint, due_entry_id bigint, description text, full_amount bigint, amount bigint, covers_from timestamptz,
          covers_to timestamptz)
        join new_documents given using (place)
        join issued_documents issued on issued.ledger_event_id = given.ledger_event_id
          and issued.provider_id = given.provider_id and issued.invoice_id is not distinct from given.invoice_id`,
      read: null,
    },
  };
}
