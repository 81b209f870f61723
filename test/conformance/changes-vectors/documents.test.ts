import assert from 'node:assert/strict';
import { BEGIN, type ChangeSite, expectStatus, H } from '../../support/changes.ts';
import { begin, change, confirm, previewOf, vector } from './change-vector.ts';

// Numbers of documents: example V45 of spec changes.md §12, over HTTP.

/** Subscribers who change their plan at the same time. */
const CHANGES = 50;

/** Returns the numbers of a provider in the order of their issue, with the event that issued each. */
async function findDocuments({ app }: ChangeSite, provider = 'cowork') {
  return app.db
    .selectFrom('documents')
    .innerJoin('profiles', 'profiles.id', 'documents.provider_id')
    .select(['documents.number', 'documents.amount', 'documents.ledger_event_id'])
    .where('profiles.slug', '=', provider)
    .orderBy('documents.id')
    .execute();
}

async function findNotes({ xia }: ChangeSite) {
  const listed = await expectStatus(xia('GET', '/api/billing/xia/credit-notes'), 200);
  return listed
    .json<{ results: Record<string, unknown>[] }>()
    .results.map(({ number, invoice_number, amount, credited, refunded, due_reduced }) => ({
      number,
      invoice_number,
      amount,
      credited,
      refunded,
      due_reduced,
    }));
}

vector('V45 documents: a change takes a credit note and an invoice, a declined one takes no number', async (site) => {
  await site.plan('basic', { downgrade_mode: 'prorate' });
  await site.plan('pro');
  await begin(site, 'basic', '2026-01-25T21:59:00Z');
  const { preview_key } = await previewOf(site.xia, 'basic', { to: 'pro' });
  const declined = { to: 'pro', preview_key, processor_token: 'tok_chargeDeclined' };
  const refused = await expectStatus(confirm(site.xia, 'basic', declined), 400);
  assert.equal(refused.json()['code'], 'card_declined', refused.text);
  site.moveTo(H);
  const { done } = await change(site.xia, 'basic', { to: 'pro' });
  const [order, note, invoice, ...others] = await findDocuments(site);
  assert.deepEqual(
    [order, note, invoice].map((document) => [document?.number, document?.amount]),
    [
      ['2026-000001', 9000],
      ['CN-2026-000001', 4500],
      ['2026-000002', 12_450],
    ],
  );
  assert.deepEqual(others, []);
  assert.equal(note?.ledger_event_id, invoice?.ledger_event_id, 'one event issues both');
  const first = {
    number: 'CN-2026-000001',
    invoice_number: '2026-000001',
    amount: 4500,
    credited: 4500,
    refunded: 0,
    due_reduced: 0,
  };
  assert.deepEqual(await findNotes(site), [first]);
  const { processor_key } = done['charge'] as { processor_key: string }; // as declared
  // Example V27: what credit paid returns as credit.
  const url = `/api/billing/xia/charges/${processor_key}/refund`;
  await expectStatus(site.broker('POST', url, { lines: [{ num: 0 }] }), 201);
  const second = {
    number: 'CN-2026-000002',
    invoice_number: '2026-000002',
    amount: 12_450,
    credited: 4500,
    refunded: 7950,
    due_reduced: 0,
  };
  const notes = await findNotes(site);
  assert.deepEqual(
    notes.toSorted((a, b) => String(a.number).localeCompare(String(b.number))),
    [first, second],
  );
});

vector('V45 documents: fifty concurrent changes take fifty numbers without a gap', async (site) => {
  // An order of 0 takes no number, and no credit note returns it.
  await site.plan('free', { period_amount: 0 });
  await site.plan('pro');
  await site.buy(site.xia, 'xia', 'pro');
  const names = Array.from({ length: CHANGES }, (_, index) => `yan-${index}`);
  const changes: (() => Promise<unknown>)[] = [];
  for (const name of names) {
    const call = await site.register(name);
    await expectStatus(call('PUT', `/api/billing/${name}/card`, { token: 'tok_visa' }), 200);
    await site.buy(call, name, 'free', { token: null });
    changes.push(() => change(call, 'free', { to: 'pro' }, { payer: name }));
  }
  site.moveTo(H);
  await Promise.all(changes.map((run) => run()));
  const numbers = (await findDocuments(site)).map(({ number }) => number);
  const expected = Array.from({ length: CHANGES + 1 }, (_, index) => `2026-${String(index + 1).padStart(6, '0')}`);
  assert.deepEqual(numbers.toSorted(), expected);
});

vector('V45 documents: the year of a number is that of the zone of the provider', async (site) => {
  const { profile } = await site.provider('club');
  await site.app.db
    .updateTable('profiles')
    .set({ default_timezone: 'Europe/Paris' })
    .where('id', '=', profile.id)
    .execute();
  await site.plan('basic', { provider_id: profile.id });
  await site.plan('pro');
  assert.equal(site.app.clock.now().toISOString(), new Date(BEGIN).toISOString());
  site.moveTo('2026-12-31T23:30:00Z');
  await site.buy(site.xia, 'xia', 'basic');
  await site.buy(site.xia, 'xia', 'pro');
  assert.deepEqual(
    (await findDocuments(site, 'club')).map(({ number }) => number),
    ['2027-000001'],
  );
  assert.deepEqual(
    (await findDocuments(site)).map(({ number }) => number),
    ['2026-000001'],
    'a provider in UTC is in the old year',
  );
});
