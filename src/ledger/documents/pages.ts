import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isTimeZone } from '#kernel/instant';
import type { ListQuery } from '#kernel/page';
import type { App } from '#platform/http/app';
import { sellersSeenBy } from '#platform/http/guards/access';
import { readBatches } from '#platform/lists/read-batches';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { findProfileById } from '#profiles';
import { type CreditNoteRow, creditNoteList, selectCreditNotes } from './credit-note-store.ts';
import { profileOf } from './profile-of.ts';

/** The headings are the fields of the API. */
const columns: readonly CsvColumn<CreditNoteRow>[] = [
  { heading: 'number', kind: 'text', value: ({ number }) => number },
  { heading: 'invoice_number', kind: 'text', value: ({ invoice_number }) => invoice_number },
  { heading: 'created_at', kind: 'instant', value: ({ created_at }) => created_at },
  { heading: 'provider', kind: 'text', value: ({ provider }) => provider },
  { heading: 'amount', kind: 'decimal', value: ({ amount }) => amount },
  { heading: 'unit', kind: 'text', value: ({ unit }) => unit },
  { heading: 'due_reduced', kind: 'decimal', value: ({ due_reduced }) => due_reduced },
  { heading: 'credited', kind: 'decimal', value: ({ credited }) => credited },
  { heading: 'refunded', kind: 'decimal', value: ({ refunded }) => refunded },
];

/** The download of the credit notes of a profile, with the filters of the list of the API. */
export function documentPages(app: App): void {
  const schema = { hide: true, params: Type.Object({ profile: Type.String() }) } as const;
  app.get(
    '/billing/:profile/credit-notes/download/',
    { config: { access: { kind: 'provider' }, page: true }, schema },
    async (request, reply) => {
      const profile_id = profileOf(request);
      const profile = await findProfileById(request.ctx.db, profile_id);
      const timezone = profile && isTimeZone(profile.default_timezone) ? profile.default_timezone : 'UTC';
      const list = await request.listIn(() => Promise.resolve(timezone));
      return sendCsv(reply, { name: 'credit-notes', columns, timezone, batches: readNotes(request, list) });
    },
  );
}

function readNotes(request: FastifyRequest, list: ListQuery): AsyncGenerator<CreditNoteRow[]> {
  const { ctx, subject } = request;
  const query = selectCreditNotes(ctx.db, profileOf(request), sellersSeenBy(subject)).select(
    'provider.slug as provider',
  );
  return readBatches(ctx.db, query, creditNoteList, list);
}
