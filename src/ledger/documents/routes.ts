import { Type } from 'typebox';
import { isTimeZone } from '#kernel/instant';
import { listProblems } from '#platform/db/list';
import type { App } from '#platform/http/app';
import { sellersSeenBy } from '#platform/http/guards/access';
import { listQuerystring, SlugParam } from '#platform/http/schemas';
import { findProfileById } from '#profiles';
import { ledgerProblems } from '../problems.ts';
import { creditNoteList } from './credit-note-store.ts';
import { getCreditNote, listCreditNotes } from './list-credit-notes.ts';
import { profileOf } from './profile-of.ts';
import { CreditNotePage, CreditNoteSchema } from './schemas.ts';

/** Registers the credit notes of a profile. Instants without a zone are read in the zone of the profile. */
export function documentRoutes(app: App): void {
  app.get(
    '/api/billing/:profile/credit-notes',
    {
      config: { access: { kind: 'provider' }, problems: [listProblems.page_out_of_range] },
      schema: {
        tags: ['billing'],
        summary: 'Lists the credit notes of a subscriber',
        description: 'Lists the credit notes that providers issued to the profile, newest first.',
        params: Type.Object({ profile: SlugParam }),
        querystring: listQuerystring(creditNoteList),
        response: { 200: CreditNotePage },
      },
    },
    async (request) => {
      const profile_id = profileOf(request);
      const list = await request.listIn(async () => {
        const profile = await findProfileById(request.ctx.db, profile_id);
        return profile && isTimeZone(profile.default_timezone) ? profile.default_timezone : 'UTC';
      });
      return listCreditNotes(request.ctx, profile_id, {
        list,
        url: request.listUrl,
        sellers: sellersSeenBy(request.subject),
      });
    },
  );

  app.get(
    '/api/billing/:profile/credit-notes/:number',
    {
      config: { access: { kind: 'provider' }, problems: [ledgerProblems.credit_note_unknown] },
      schema: {
        tags: ['billing'],
        summary: 'Retrieves a credit note',
        description: 'Returns a credit note of the profile. Numbers are unique per provider: name the provider.',
        params: Type.Object({ profile: SlugParam, number: Type.String({ minLength: 1, maxLength: 30 }) }),
        querystring: Type.Object({ provider: Type.Optional(SlugParam) }),
        response: { 200: CreditNoteSchema },
      },
    },
    async (request) =>
      getCreditNote(request.ctx, profileOf(request), {
        number: request.params.number,
        provider: request.query.provider ?? null,
        sellers: sellersSeenBy(request.subject),
      }),
  );
}
