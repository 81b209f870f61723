import { type Expression, type Selectable, type SqlBool, sql } from 'kysely';
import type { DocumentId, DocumentLinesTable, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList } from '#platform/db/list';
import { part, readTogether } from '#platform/db/together';
import { profileSummaryPart, selectProfileNames, selectProfileSummaries } from '#profiles';

/** The list of the credit notes of a profile, newest first. Index: documents_profile_id. */
export const creditNoteList = defineList({
  search: {
    number: 'note.number',
    invoice_number: 'invoice.number',
    provider: 'provider.slug',
    provider__full_name: 'provider.full_name',
  },
  sort: {
    created_at: 'note.created_at',
    number: 'note.number',
    invoice_number: 'invoice.number',
    amount: 'note.amount',
    provider: 'provider.slug',
    provider__full_name: 'provider.full_name',
  },
  default_order: [{ column: 'note.created_at', descending: true }],
  tie_breaker: 'note.id',
  date: 'note.created_at',
});

/** Selects the credit notes of a profile, or those of `sellers` only. Index: documents_profile_id. */
export function selectCreditNotes(reader: Reader, profile_id: ProfileId, sellers: readonly ProfileId[] | null) {
  return selectNotes(reader).where('note.profile_id', '=', profile_id).where(matchSellers(sellers));
}

function selectNotes(reader: Reader) {
  return reader
    .selectFrom('documents as note')
    .innerJoin('documents as invoice', 'invoice.id', 'note.invoice_id')
    .innerJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'note.provider_id')
    .select(['note.id', 'note.number', 'invoice.number as invoice_number', 'note.created_at', 'note.provider_id'])
    .select(['note.amount', 'note.unit', 'note.due_reduced', 'note.credited', 'note.refunded', 'note.lot'])
    .where('note.series', '=', 'credit_note');
}

function matchSellers(sellers: readonly ProfileId[] | null): Expression<SqlBool> {
  return sellers === null ? sql<SqlBool>`true` : sql<SqlBool>`note.provider_id = any(${[...sellers]}::bigint[])`;
}

/** A row of a download: a credit note with the slug of its provider. */
export type CreditNoteRow = CreditNote & { provider: string };

/** A credit note with the number of its invoice. */
export type CreditNote = Awaited<ReturnType<ReturnType<typeof selectCreditNotes>['execute']>>[number];

/** Which credit notes of a profile: with a number, which is that of one document per provider. */
export interface WantedNote {
  number: string;
  /** Slug of the provider; null: of any. */
  provider: string | null;
  sellers: readonly ProfileId[] | null;
}

/** Reads the credit notes with a number, their lines and their providers, in one statement that is built once. */
export const readNumberedNotes = readTogether(
  (reader, profile_id: ProfileId, number: string, provider: string | null, sellers: readonly ProfileId[] | null) => {
    const notes = selectNotes(reader)
      .where('note.profile_id', '=', profile_id)
      .where('note.number', '=', number)
      .where(sql<SqlBool>`(${provider}::text is null or provider.slug = ${provider}::text)`)
      .where(sql<SqlBool>`(${sellers}::bigint[] is null or note.provider_id = any(${sellers}::bigint[]))`);
    return {
      notes: part(notes, { created_at: true }),
      lines: part(
        selectLines(reader).where(
          'document_id',
          'in',
          notes.clearSelect().select('note.id').$castTo<{ id: DocumentId }>(),
        ),
        { covers_from: true, covers_to: true },
      ),
      providers: profileSummaryPart(
        selectProfileSummaries(reader).where(
          'profiles.id',
          'in',
          notes.clearSelect().select('note.provider_id').$castTo<{ provider_id: ProfileId }>(),
        ),
      ),
    };
  },
);

/** Finds the lines of documents in their order. */
export async function findDocumentLines(
  reader: Reader,
  ids: readonly DocumentId[],
): Promise<Selectable<DocumentLinesTable>[]> {
  if (ids.length === 0) return [];
  return selectLines(reader)
    .where('document_id', 'in', [...new Set(ids)])
    .execute();
}

function selectLines(reader: Reader) {
  return reader.selectFrom('document_lines').selectAll().orderBy('document_id').orderBy('rank');
}
