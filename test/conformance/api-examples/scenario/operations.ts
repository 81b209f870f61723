import type { OutboxEventId } from '#platform/db/db-schema';
import { makeParkedMessage } from '../../../support/factories/payments.ts';
import type { ExampleCall, World } from '../record-examples.ts';

/** Writes an event whose last attempt failed, and keeps its id. */
async function park({ app, kept }: World): Promise<void> {
  const at = app.clock.now();
  const row = await app.db
    .insertInto('outbox_events')
    .values({
      name: 'charge_updated',
      payload: '{}',
      created_at: at,
      next_attempt_at: at,
      attempts_count: 10,
      parked_at: at,
      last_error: 'AggregateError: the mail server refused the message',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  kept.set('parked_id', String(row.id satisfies OutboxEventId));
}

/** Parks a profile for a job. */
async function parkProfile({ app }: World): Promise<void> {
  const { id } = await app.db.selectFrom('profiles').select('id').where('slug', '=', 'xia').executeTakeFirstOrThrow();
  const reason = 'sub_24/: 9000 are recognised, more than the 8000 of its coverages';
  await app.db
    .insertInto('parked_profiles')
    .values({ profile_id: id, job: 'recognise_income', reason, parked_at: app.clock.now() })
    .execute();
}

const parkMessage =
  (event_key: string) =>
  async ({ app }: World): Promise<void> => {
    await makeParkedMessage(app, { event_key });
  };

export const operationCalls: readonly ExampleCall[] = [
  { operation: 'GET /api/jobs', query: { page_size: '2' } },
  { operation: 'GET /api/jobs/failed', before: park },
  {
    operation: 'POST /api/jobs/failed/{work_id}/retry',
    path: { work_id: ({ kept }) => kept.get('parked_id') ?? '' },
  },
  { operation: 'POST /api/jobs/failed/retry', before: park },
  { operation: 'GET /api/jobs/parked', before: parkProfile },
  {
    operation: 'POST /api/jobs/parked/{parked_profile}/retry',
    path: { parked_profile: 'xia' },
    body: { job: 'recognise_income' },
  },
  { operation: 'GET /api/jobs/messages', before: parkMessage('evt_1QXAb124EF') },
  { operation: 'POST /api/jobs/messages/{event_key}/retry', path: { event_key: 'evt_1QXAb124EF' } },
  {
    operation: 'POST /api/jobs/messages/{event_key}/ignore',
    before: parkMessage('evt_1QXAb125EF'),
    path: { event_key: 'evt_1QXAb125EF' },
    body: { reason: 'The charge was corrected by hand.' },
  },
];
