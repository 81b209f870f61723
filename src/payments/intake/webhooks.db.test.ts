import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stripe } from 'stripe';
import { creditReturn } from '#billing';

import { findProfileBySlug } from '#profiles';
import { inTransaction } from '#platform/db/database';
import { next } from '../../../test/support/factories.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { apiClient } from '../../../test/support/client.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { standing_clock } from '../../../test/support/stripe-emulator.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { type RunningEmulator, startEmulator } from '../../stripe-emulator/index.ts';
import { insertPayoutAccount } from '../records/payout-store.ts';
import { makeProcessors } from '../processors/index.ts';
import { ignoreMessage, retryMessage } from './decide-message.ts';
import { listParkedMessages } from './parked-message-store.ts';

const secrets = { platform: 'whsec_new,whsec_old', connect: 'whsec_connect' };
const { webhooks } = new Stripe('sk_test_x');

let app: TestApp;
let emulator: RunningEmulator;
before(async () => {
  emulator = await startEmulator({ keys: ['sk_test_x', 'pk_test_x'], clock: standing_clock });
  app = await startApp({
    config: {
      processor: 'stripe',
      stripe_secret_key: 'sk_test_x',
      stripe_publishable_key: 'pk_test_x',
      stripe_webhook_secrets: secrets.platform,
      stripe_connect_webhook_secrets: secrets.connect,
      // It has none of the charges that the messages name.
      stripe_api_url: emulator.url,
    },
  });
});
after(async () => {
  await app.close();
  await emulator.stop();
});

let count = 0;
const makeEvent = (more: object = {}) => ({
  id: `evt_${(count += 1)}`,
  object: 'event',
  type: 'charge.updated',
  livemode: false,
  data: { object: { id: `ch_${count}`, object: 'charge' } },
  ...more,
});

async function send(
  event: object,
  { url = '/api/stripe/postevent', secret = 'whsec_new', headers = {}, late_s = 0, tail = '', signed = true } = {},
) {
  const payload = JSON.stringify(event);
  const timestamp = Math.floor(app.clock.now().getTime() / 1000) + late_s;
  const signature = webhooks.generateTestHeaderString({ payload, secret, timestamp });
  const response = await app.http.inject({
    method: 'POST',
    url,
    payload: payload + tail,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(signed ? { 'stripe-signature': signature } : {}),
      ...headers,
    },
  });
  return { status: response.statusCode, body: response.body };
}

const storedOf = (event: { id: string }) =>
  app.db.selectFrom('processor_events').selectAll().where('event_key', '=', event.id).execute();

test('S66: a message that either of two secrets signed is stored once, with the object that changed and nothing of its content', async () => {
  const event = makeEvent();
  const same = await Promise.all([send(event), send(event), send(event, { secret: 'whsec_old' })]);
  assert.deepEqual(same, Array(3).fill({ status: 200, body: 'OK' }));
  const [row, ...more] = await storedOf(event);
  assert(row && more.length === 0);
  const { event_key, processor, account, kind, object_key, state, failures_count } = row;
  assert.deepEqual(
    [event_key, processor, account, kind, object_key, state, failures_count],
    [event.id, 'stripe', '', 'charge', event.data.object.id, 'new', 0],
  );
});

test('S67: a message is stored by the endpoint of its account only, and only if a handler depends on it', async () => {
  const connect = { url: '/api/stripe/postevent/connect', secret: secrets.connect };
  const owner = { profile_id: await makeParty(app.db), processor: 'stripe', account: 'acct_1' };
  await inTransaction(app.db, (tx) => insertPayoutAccount(tx, { ...owner, connected_at: app.clock.now() }));
  const manager = await makeReadyUser(app.db, { username: 'olga' });
  const broker = await findProfileBySlug(app.db, 'cowork');
  await makeMember(app.db, broker ?? assert.fail(), manager, 'manager');
  const monitor = apiClient(app, await tokenOf(app, manager));
  const counts = async () => {
    const { text } = await monitor('GET', '/metrics');
    return [...text.matchAll(/^tollgate_processor_events_ignored_(?:unused|endpoint|account) (\d+)$/gm)].map(([, n]) =>
      Number(n),
    );
  };
  const before_counts = await counts();
  const cases: [event: { id: string }, options: object, stored: number][] = [
    [makeEvent({ account: 'acct_1' }), connect, 1],
    [makeEvent(), connect, 0],
    [makeEvent({ account: 'acct_1' }), {}, 0],
    [makeEvent({ type: 'customer.created' }), {}, 0],
    [makeEvent({ livemode: true }), {}, 0],
    [makeEvent({ account: 'acct_unknown' }), connect, 0],
  ];
  for (const [event, options, stored] of cases) {
    assert.deepEqual(await send(event, options), { status: 200, body: 'OK' });
    assert.equal((await storedOf(event)).length, stored, JSON.stringify(event));
  }
  const grown = (await counts()).map((value, index) => value - (before_counts[index] ?? 0));
  assert.deepEqual(grown, [2, 2, 1], 'unused, at the other endpoint, about an unknown account');
  // The emulator does not know the account, so no other test handles this message.
  await app.db.deleteFrom('processor_events').where('account', '=', 'acct_1').execute();
});

test('S65: a message that is not signed for this endpoint is refused and not stored', async () => {
  const refused: [options: Parameters<typeof send>[1], code: string | null, event?: ReturnType<typeof makeEvent>][] = [
    [{ secret: 'whsec_other' }, 'signature_invalid'],
    [{ secret: secrets.connect }, 'signature_invalid'],
    [{ late_s: -301 }, 'signature_invalid'],
    [{ late_s: 301 }, 'signature_invalid'],
    [{ signed: false }, 'signature_absent'],
    [{ headers: { 'stripe-signature': '' } }, 'signature_absent'],
    [{ headers: { 'stripe-signature': 't=1,v1=' } }, 'signature_invalid'],
    [{ headers: { 'stripe-signature': `t=1,v1=${'0'.repeat(1100)}` } }, 'signature_absent'],
    [{ tail: ' ' }, 'signature_invalid'],
    [{}, 'signature_invalid', makeEvent({ object: 'v2.core.event' })],
    [{}, null, makeEvent({ padding: 'x'.repeat(262_144) })],
  ];
  for (const [options, code, event = makeEvent()] of refused) {
    const response = await send(event, options);
    assert.equal(response.status, code === null ? 413 : 400, JSON.stringify(options));
    if (code !== null) assert.equal((JSON.parse(response.body) as { code: string }).code, code);
    assert(!response.body.includes('whsec_'));
    assert.equal((await storedOf(event)).length, 0);
  }
});

test('a message of a charge that is not in the books is looked for three times more, then ignored', async () => {
  const event = makeEvent();
  await send(event);
  const states: string[] = [];
  for (let minutes = 0; minutes < 8; minutes += 1) {
    await runJob(app.tollgate, 'handle_processor_events');
    const [row] = await storedOf(event);
    states.push(`${row?.state} ${row?.failures_count}`);
    app.clock.set(new Date(app.clock.now().getTime() + 120_000));
  }
  assert.deepEqual(states.at(-1), 'ignored 3');
  assert.deepEqual([states[0], states[1]], ['new 1', 'new 2']);
});

test('S71: a message whose handler fails seven times is parked, others go on, and a person retries or ignores it', async () => {
  const [failing, other] = [makeEvent(), makeEvent()];
  const ctx = await app.tollgate.makeContext('test');
  const test_processors = makeProcessors('test', { db: app.db, clock: app.clock, credit: creditReturn });
  const { charge } = await makeCharge(
    { ...ctx, processors: test_processors },
    { payer: await makeParty(app.db), provider: await makeParty(app.db, next('club')) },
  );
  // No processor has this name, so its handler fails.
  await app.db.updateTable('charges').set({ processor: 'gone' }).where('id', '=', charge.id).execute();
  await inTransaction(app.db, async (tx) => {
    const at = app.clock.now();
    const row = { account: '', received_at: at, next_at: at, kind: 'charge' } as const;
    await tx
      .insertInto('processor_events')
      .values([
        { ...row, processor: 'gone', event_key: failing.id, object_key: charge.processor_key },
        { ...row, processor: 'stripe', event_key: other.id, object_key: 'ch_other', failures_count: 3 },
      ])
      .execute();
  });
  async function fail(): Promise<void> {
    // The first attempt, and one after each of seven waits.
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      const [row] = await storedOf(failing);
      assert.deepEqual([row?.state, row?.failures_count], ['new', attempt - 1]);
      await runJob(app.tollgate, 'handle_processor_events');
      app.clock.set(new Date(app.clock.now().getTime() + 13 * 3_600_000));
    }
  }
  const listed = async () => {
    const { results } = await listParkedMessages(app.db, list, new URL('http://x/'));
    return results.map(({ event_key, object_key, reason }) => [event_key, object_key, reason]);
  };
  const list = { page: 1, page_size: 25, terms: [], fields: [], order: [], start_at: null, ends_at: null };
  const reason = 'no payment processor is called gone; known: test, stripe';

  await fail();
  assert.equal((await storedOf(other))[0]?.state, 'ignored');
  assert.deepEqual(await listed(), [[failing.id, charge.processor_key, reason]]);

  await retryMessage(ctx, failing.id);
  assert.deepEqual([await listed(), (await storedOf(failing))[0]?.retried_at], [[], app.clock.now()]);
  await assert.rejects(retryMessage(ctx, failing.id), { code: 'message_not_parked' });
  await fail();
  assert.deepEqual(await listed(), [[failing.id, charge.processor_key, reason]]);

  await assert.rejects(ignoreMessage(ctx, failing.id, ' '), { code: 'invalid_input' });
  await ignoreMessage(ctx, failing.id, ' The charge was made by hand. ');
  const [ignored] = await storedOf(failing);
  assert.deepEqual(
    [ignored?.state, ignored?.reason, ignored?.done_at],
    ['ignored', 'The charge was made by hand.', app.clock.now()],
  );
  assert.deepEqual(await listed(), []);
  await assert.rejects(ignoreMessage(ctx, failing.id, 'again'), { code: 'message_not_parked' });
  await assert.rejects(retryMessage(ctx, 'evt_unknown'), { code: 'message_unknown' });
});

test('requests that are not signed do not use up the limit of the messages of Stripe', async () => {
  for (let index = 0; index < 2001; index += 1) {
    const { status } = await send(makeEvent(), { secret: 'whsec_forged' });
    if (status !== 400) assert.fail(`request ${index}: ${status}`);
  }
  assert.equal((await send(makeEvent())).status, 200);
});
