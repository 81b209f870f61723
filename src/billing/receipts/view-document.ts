import type { Static, TObject } from 'typebox';
import { isTimeZone } from '#kernel/instant';
import { type DocumentView, findDocument } from '#ledger';
import type { Context } from '#platform/context';
import { mergeReads } from '#platform/db/merge-reads';
import type { ProfileId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { findProfilesByIds, type Profile, profileName } from '#profiles';
import { billingProblems } from '../problems.ts';
import type { documentParts } from './document-page-types.ts';
import { findCreditOfOrders, type PayingCredit, sumByLot } from '../credits/index.ts';
import { presentParty } from './party.ts';

export type DocumentParts = Static<TObject<typeof documentParts>>;

/** Loads an invoice or a credit note of a profile, or of `sellers` only. @throws document_unknown (404) */
export async function viewDocument(
  ctx: Context,
  profile_id: ProfileId,
  wanted: { provider: string; number: string; sellers: readonly ProfileId[] | null },
): Promise<DocumentParts> {
  const [view, profiles] = await mergeReads(ctx.db, [
    (reader) => findDocument(reader, { profile_id, ...wanted }),
    (reader) => findProfilesByIds(reader, [profile_id]),
  ]);
  const profile = profiles.get(profile_id);
  if (!view || !profile) throw billingProblems.document_unknown();
  const entry_ids = view.document.series === 'invoice' ? view.lines.flatMap((line) => line.ledger_entry_id ?? []) : [];
  const paying = await findCreditOfOrders(ctx.db, entry_ids);
  return presentDocument(view, { paying, profile, provider: wanted.provider, lang: ctx.lang });
}

function presentDocument(
  { document, invoice_number, lines, notes, due }: DocumentView,
  {
    paying,
    profile,
    provider,
    lang,
  }: { paying: readonly PayingCredit[]; profile: Profile; provider: string; lang: string },
): DocumentParts {
  const { unit } = document;
  const used = paying.reduce((sum, { amount }) => sum + amount, 0);
  const is_invoice = document.series === 'invoice';
  return {
    profile: { slug: profile.slug, printable_name: profileName(profile) },
    kind: document.series,
    number: document.number,
    created_at: document.created_at,
    timezone: isTimeZone(profile.default_timezone) ? profile.default_timezone : 'UTC',
    invoice_number,
    seller: presentParty(document.seller, lang),
    buyer: presentParty(document.buyer, lang),
    lines: lines.map(({ description, full_amount, amount }) => {
      const is_discounted = full_amount !== null && full_amount > amount;
      return {
        description,
        full: is_discounted ? { amount: full_amount, unit } : null,
        discount: is_discounted ? { amount: amount - full_amount, unit } : null,
        money: { amount, unit },
      };
    }),
    total: { amount: document.amount, unit },
    credit_used: sumByLot(paying),
    paid: is_invoice ? { amount: document.amount - used - due, unit } : null,
    due: is_invoice ? { amount: due, unit } : null,
    credit_notes: notes.map(({ number, created_at, amount }) => ({
      number,
      href: paths.document(profile.slug, provider, number),
      created_at,
      money: { amount: -amount, unit },
    })),
  };
}
