import assert from 'node:assert/strict';
import type { Selectable } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { Context } from '#platform/context';
import type { DocumentLinesTable, ProfileId } from '#platform/db/db-schema';
import { listPage } from '#platform/db/list';
import { mergeReads } from '#platform/db/merge-reads';
import { findProfileSummaries, presentProfileSummary, summarizeProfile } from '#profiles';
import type { ProfileSummary } from '#profiles';
import { ledgerProblems } from '../problems.ts';
import {
  type CreditNote,
  creditNoteList,
  findDocumentLines,
  readNumberedNotes,
  selectCreditNotes,
} from './credit-note-store.ts';
import type { CreditNoteBody } from './schemas.ts';

/** Lists the credit notes of a profile, newest first; with `sellers`, only those of these providers. */
export async function listCreditNotes(
  ctx: Context,
  profile_id: ProfileId,
  { list, url, sellers }: { list: ListQuery; url: URL; sellers: readonly ProfileId[] | null },
): Promise<Page<CreditNoteBody>> {
  const page = await listPage(ctx.db, selectCreditNotes(ctx.db, profile_id, sellers), creditNoteList, list, url);
  const ids = page.results.map(({ id }) => id);
  const provider_ids = page.results.map(({ provider_id }) => provider_id);
  const [lines, providers] = await mergeReads(ctx.db, [
    (reader) => findDocumentLines(reader, ids),
    (reader) => findProfileSummaries(reader, provider_ids),
  ]);
  return { ...page, results: presentNotes(page.results, lines, providers) };
}

/**
 * Returns a credit note of a profile. Without a provider, the number must be that of one provider.
 * @throws credit_note_unknown (404)
 */
export async function getCreditNote(
  ctx: Context,
  profile_id: ProfileId,
  wanted: { number: string; provider: string | null; sellers: readonly ProfileId[] | null },
): Promise<CreditNoteBody> {
  const { notes, lines, providers } = await readNumberedNotes(
    ctx.db,
    profile_id,
    wanted.number,
    wanted.provider,
    wanted.sellers,
  );
  const [note, ...others] = presentNotes(
    notes,
    lines,
    new Map(providers.map((row) => [row.id, summarizeProfile(row)])),
  );
  if (!note || others.length > 0) throw ledgerProblems.credit_note_unknown();
  return note;
}

function presentNotes(
  notes: readonly CreditNote[],
  lines: readonly Selectable<DocumentLinesTable>[],
  providers: ReadonlyMap<ProfileId, ProfileSummary>,
): CreditNoteBody[] {
  const byDocument = Map.groupBy(lines, ({ document_id }) => document_id);
  return notes.map(({ id, provider_id, created_at, ...note }) => {
    const provider = providers.get(provider_id);
    assert(provider, 'a credit note has a provider');
    return {
      ...note,
      created_at: created_at.toISOString(),
      provider: presentProfileSummary(provider),
      lines: (byDocument.get(id) ?? []).flatMap(({ kind, description, amount, covers_from, covers_to }) =>
        kind === 'period' || kind === 'use' || kind === 'setup'
          ? []
          : {
              kind,
              description,
              amount,
              covers_from: covers_from?.toISOString() ?? null,
              covers_to: covers_to?.toISOString() ?? null,
              invoice_number: note.invoice_number,
            },
      ),
    };
  });
}
