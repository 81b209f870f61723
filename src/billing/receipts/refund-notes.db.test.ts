import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { verifyLedger } from '#ledger';
import { ledgerChecks } from '../../ledger-checks.ts';
import { type Call, type ChangeSite, expectStatus, H, startChanges } from '../../../test/support/changes.ts';

// Every way to give money back. The last test holds for all refunds of the tests before it.

let site: ChangeSite;
before(async () => {
  site = await startChanges();
  await site.plan('lite');
  await site.plan('basic', {
    cancel_refund: 'unused',
    use_charges: [{ slug: 'calls', title: 'Calls', quota: 0, use_amount: 15 }],
  });
  await site.plan('asked', { optin_on_request: true, setup_amount: 500 });
});
after(() => site.close());

const refund = async (key: string, lines: object[]) =>
  expectStatus(site.broker('POST', `/api/billing/charges/${key}/refund`, { lines }), 200);
const keyOf = (paid: { json<T>(): T }) => paid.json<{ processor_key: string }>().processor_key;

interface RefundedCharge {
  processor_key: string;
  refunded: number;
  noted: number;
  events: number;
  noted_events: number;
}

/** Sums what the refunds of each charge gave back, and what their credit notes state. Without payouts of credit. */
async function sumRefunds(): Promise<RefundedCharge[]> {
  const { rows } = await sql<RefundedCharge>`
    select charge.processor_key, back.refunded, coalesce(notes.noted, 0)::bigint as noted, events.events,
      coalesce(notes.noted_events, 0)::bigint as noted_events
    from charges charge
    join lateral (
      select sum(line.amount + line.credit_amount)::bigint as refunded from refunds refund
      join refund_lines line on line.refund_id = refund.id
      where refund.charge_id = charge.id and refund.state = 'settled' and not refund.is_payout having count(*) > 0
    ) back on true
    cross join lateral (
      select array_agg(distinct ledger_event_id) as ids, count(distinct ledger_event_id)::bigint as events
      from ledger_entries where subject_kind = 'cha' and subject_id = charge.id::text and orig_account = 'Refunded'
    ) events
    left join lateral (
      select sum(refunded + credited)::bigint as noted, count(distinct ledger_event_id)::bigint as noted_events
      from documents where series = 'credit_note' and ledger_event_id = any(events.ids)
    ) notes on true order by charge.id`.execute(site.app.db);
  return rows;
}

const notesOf = async (slug: string) =>
  (
    await site.app.db
      .selectFrom('documents as note')
      .innerJoin('documents as invoice', 'invoice.id', 'note.invoice_id')
      .innerJoin('profiles', 'profiles.id', 'note.profile_id')
      .select(['note.number', 'note.amount', 'note.refunded', 'invoice.amount as invoiced'])
      .where('profiles.slug', '=', slug)
      .orderBy('note.id')
      .execute()
  ).map(({ amount, refunded, invoiced }) => [amount, refunded, invoiced]);

test('a line is refunded in two steps: one credit note for each', async () => {
  const key = keyOf(await site.buy(site.xia, 'xia', 'lite'));
  await refund(key, [{ num: 0, refunded_amount: 100 }]);
  await refund(key, [{ num: 0 }]);
  assert.equal((await notesOf('xia')).length, 2);
});

/** Makes a balance that is not exactly its orders: it is paid by one line that names none of them. */
async function payBalance(name: string): Promise<{ call: Call; key: string }> {
  const call = await site.register(name);
  await site.buy(call, name, 'basic');
  for (const quantity of [20, 10])
    await expectStatus(
      site.broker('POST', `/api/billing/${name}/balance`, { plan: 'basic', use: 'calls', quantity }),
      200,
      201,
    );
  await expectStatus(site.broker('DELETE', `/api/billing/${name}/balance?amount=50`), 200, 204);
  await expectStatus(call('GET', `/api/billing/${name}/balance`), 200);
  await expectStatus(call('GET', `/api/billing/${name}/checkout`), 200);
  const key = keyOf(
    await expectStatus(call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' }), 200, 201),
  );
  const marker = await site.app.db
    .selectFrom('ledger_entries')
    .select('dest_amount')
    .where('orig_account', '=', 'settled')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  assert.equal(marker?.dest_amount, 400, 'the balance is one line');
  return { call, key };
}

test('the refund of a balance has credit notes over the newest orders that it paid, never above an invoice', async () => {
  const { call, key } = await payBalance('debtor');
  await refund(key, [{ num: 0, refunded_amount: 200 }]);
  assert.deepEqual(await notesOf('debtor'), [
    [150, 150, 150],
    [50, 50, 300],
  ]);
  await refund(key, [{ num: 0 }]);
  assert.deepEqual(await notesOf('debtor'), [
    [150, 150, 150],
    [50, 50, 300],
    [200, 200, 300],
  ]);
  const listed = (await call('GET', '/api/billing/debtor/credit-notes')).json<{ count: number }>();
  assert.equal(listed.count, 3);
  const receipt = await call('GET', `/billing/debtor/receipt/${key}/`);
  assert.match(receipt.text, /CN-2026-0000\d\d/, 'the receipt names the credit notes');
});

test('two refunds of balances at the same time take consecutive numbers', async () => {
  const [first, second] = [await payBalance('first-debtor'), await payBalance('second-debtor')];
  await Promise.all([first, second].map(({ key }) => refund(key, [{ num: 0 }])));
  assert.deepEqual([(await notesOf('first-debtor')).length, (await notesOf('second-debtor')).length], [2, 2]);
});

test('a declined request, a revoked seat and a cancellation have one credit note per invoice', async () => {
  const asker = await site.register('asker');
  await site.buy(asker, 'asker', 'asked');
  await expectStatus(site.broker('DELETE', '/api/profile/cowork/plans/asked/subscriptions/asker'), 204);
  assert.deepEqual((await notesOf('asker')).map(([amount]) => amount).length, 1);

  const giver = await site.register('giver');
  await expectStatus(giver('POST', '/api/cart', { plan: 'lite', sync_on: 'seat@example.com', full_name: 'Seat' }), 201);
  await expectStatus(giver('GET', '/api/billing/giver/checkout'), 200);
  await expectStatus(giver('POST', '/api/billing/giver/checkout', { processor_token: 'tok_visa' }), 200, 201);
  const seats = (await giver('GET', '/api/billing/giver/seats')).json<{ results: { id: number }[] }>();
  await expectStatus(giver('POST', `/api/billing/giver/seats/${seats.results[0]?.id}/revoke`), 200);
  assert.equal((await notesOf('giver')).length, 1);

  const leaver = await site.register('leaver');
  await site.buy(leaver, 'leaver', 'basic');
  site.moveTo(H);
  const url = '/api/profile/leaver/subscriptions/basic/cancel';
  const again = await site.signIn('leaver');
  const shown = await expectStatus(again('GET', `${url}?at=now&refund=unused`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  await expectStatus(again('POST', url, { at: 'now', refund: 'unused', preview_key, reason: 'too_expensive' }), 200);
  assert.equal((await notesOf('leaver')).length, 1);
});

test('what credit paid of a line is in the credit note of its refund; a payout of this credit has none', async () => {
  const payer = await site.register('payer');
  await expectStatus(
    site.broker('POST', '/api/billing/payer/credits', { amount: 100, unit: 'usd', descr: 'Thank you' }),
    201,
  );
  const key = keyOf(await site.buy(payer, 'payer', 'lite'));
  await refund(key, [{ num: 0 }]);
  const [[amount, refunded] = []] = await notesOf('payer');
  assert.equal(Number(amount) - Number(refunded), 100);
});

test('every refund is stated by credit notes of its event, and the numbers have no gap', async () => {
  const sums = await sumRefunds();
  assert.ok(sums.length >= 8, `${sums.length} charges were refunded`);
  for (const { processor_key, refunded, noted, events, noted_events } of sums) {
    assert.equal(noted, refunded, `charge ${processor_key}`);
    assert.equal(noted_events, events, `each refund of charge ${processor_key} has a credit note`);
  }
  assert.deepEqual((await verifyLedger(site.app.db, { checks: ledgerChecks })).violations, []);
});
