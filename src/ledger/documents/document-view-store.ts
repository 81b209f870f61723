import { type Selectable, sql } from 'kysely';
import type { DocumentLinesTable, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { selectProfileNames } from '#profiles';
import type { Document } from './document.ts';
import { type IssuedNote, readParties } from './document-store.ts';

/** An invoice or a credit note with what is known of it today. */
export interface DocumentView {
  document: Document;
  /** Number of the invoice that a credit note reduces; null for an invoice. */
  invoice_number: string | null;
  lines: Selectable<DocumentLinesTable>[];
  /** Credit notes of an invoice, oldest first. */
  notes: IssuedNote[];
  /** Part of an invoice that is not paid; payments settle the oldest order of a subject first. Units: 1/100. */
  due: number;
}

/** One document of a profile. A number is unique per provider. */
export interface DocumentKey {
  profile_id: ProfileId;
  number: string;
  /** Slug of the provider. */
  provider: string;
  /** Restricts the documents to those of these providers; null: all. */
  sellers: readonly ProfileId[] | null;
}

/** Finds a document with its lines, credit notes and amount due, in one statement; undefined if there is none. */
export async function findDocument(reader: Reader, key: DocumentKey): Promise<DocumentView | undefined> {
  const [documents, lines, notes, dues] = await mergeReads(reader, [
    (together) =>
      selectDocuments(together, key)
        .leftJoin('documents as invoice', 'invoice.id', 'document.invoice_id')
        .selectAll('document')
        .select('invoice.number as invoice_number')
        .execute(),
    (together) =>
      together
        .selectFrom('document_lines')
        .selectAll()
        .where('document_id', 'in', selectDocuments(together, key).select('document.id'))
        .orderBy('rank')
        .execute(),
    (together) =>
      together
        .selectFrom('documents as note')
        .innerJoin('documents as invoice', 'invoice.id', 'note.invoice_id')
        .select(['note.number', 'invoice.number as invoice_number', 'note.provider_id', 'note.amount', 'note.unit'])
        .select('note.created_at')
        .where('note.invoice_id', 'in', selectDocuments(together, key).select('document.id'))
        .orderBy('note.id')
        .execute(),
    (together) => selectDue(together, key).execute(),
  ]);
  const [found] = documents;
  if (!found) return undefined;
  const { invoice_number, ...document } = found;
  const due = document.series === 'invoice' ? Number(dues[0]?.due ?? 0) : 0;
  return { document: readParties(document), invoice_number, lines, notes, due };
}

/** Index: documents_profile_id. */
function selectDocuments(reader: Reader, { profile_id, number, provider, sellers }: DocumentKey) {
  return reader
    .selectFrom('documents as document')
    .innerJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'document.provider_id')
    .where('document.profile_id', '=', profile_id)
    .where('document.series', '=', number.startsWith('CN-') ? 'credit_note' : 'invoice')
    .where('document.number', '=', number)
    .where('provider.slug', '=', provider)
    .$if(sellers !== null, (query) => query.where('document.provider_id', 'in', [...(sellers ?? []), 0 as ProfileId]));
}

/** Sums the unpaid parts of the lines: what is due on the subject of a line, less the orders after it. */
function selectDue(reader: Reader, key: DocumentKey) {
  const ids = selectDocuments(reader, key).select('document.id');
  // Indexes: document_lines_pkey, ledger_entries_pkey, unique key of ledger_subject_balances, ledger_entries_subject.
  const is_same = (name: 'balance' | 'later') => sql`${sql.ref(`${name}.subject_kind`)} = entry.subject_kind
    and ${sql.ref(`${name}.subject_id`)} = entry.subject_id
    and ${sql.ref(`${name}.subject_part`)} is not distinct from entry.subject_part`;
  const due = sql<number>`coalesce((select balance.amount from ledger_subject_balances balance
    where ${is_same('balance')} and balance.unit = entry.dest_unit and balance.profile_id is null), 0)`;
  const later = sql<number>`coalesce((select sum(later.dest_amount) from ledger_entries later
    where ${is_same('later')} and later.dest_unit = entry.dest_unit
      and later.orig_account = 'Receivable' and later.dest_account = 'Payable'
      and (later.created_at, later.id) > (entry.created_at, entry.id)), 0)`;
  return reader
    .selectFrom('document_lines as line')
    .innerJoin('ledger_entries as entry', 'entry.id', 'line.ledger_entry_id')
    .select(sql<number>`coalesce(sum(greatest(0, least(line.amount, ${due} - ${later}))), 0)`.as('due'))
    .where('line.document_id', 'in', ids);
}
