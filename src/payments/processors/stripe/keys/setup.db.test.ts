import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { linesOf, makeAttempt } from '../../../../../test/support/factories/payments.ts';
import { makeParty } from '../../../../../test/support/factories/ledger.ts';
import { startApp, type TestApp } from '../../../../../test/support/start-app.ts';
import { checkPayments, makeEndpoints, setKey } from '../../../../commands/payments-setup.ts';
import { default_keys, type RunningEmulator, startEmulator } from '../../../../stripe-emulator/index.ts';
import { callProcessor, findOutcome } from '../../../charges/call-processor.ts';
import { recordCharge } from '../../../charges/record-charge.ts';
import { isAccepted } from '../../processor.ts';
import type { PaymentContext } from '../../registry.ts';
import { API_VERSION } from '../stripe-client.ts';
import { event_types } from '../stripe-intake.ts';

const [secret_key, publishable_key] = default_keys;
const new_key = 'sk_test_replaced';
const limited = ['customer_read', 'payment_intent_read', 'charge_read', 'event_read'];

let app: TestApp;
let emulator: RunningEmulator;
let ctx: PaymentContext;
const config = {
  processor: 'stripe',
  stripe_secret_key: secret_key,
  stripe_publishable_key: publishable_key,
  stripe_api_url: '',
};
before(async () => {
  const now = new Date('2026-03-10T15:00:00Z');
  emulator = await startEmulator({
    clock: { now: () => now },
    keys: [...default_keys, new_key, { key: 'rk_test_limited', permissions: limited }],
  });
  config.stripe_api_url = emulator.url;
  app = await startApp({ now, config });
  ctx = { ...(await app.tollgate.makeContext('test')), actor: { kind: 'anonymous', visitor_hash: null } };
});
after(async () => {
  await app.close();
  await emulator.stop();
});

async function check(given: PaymentContext = ctx): Promise<[status: number, lines: string[]]> {
  let text = '';
  const status = await checkPayments(given, (part) => void (text += part));
  return [status, text.trim().split('\n')];
}

async function revoke(key: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${emulator.url}/_emulator/keys/${key}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ revoke: true }),
  });
  assert(response.ok, String(response.status));
}

test('S77: the check names the account, the endpoints and what is missing of them', async () => {
  const [status, [line = '', ...faults]] = await check();
  assert.equal(status, 1);
  assert.match(
    line,
    /^stripe acct_\w+ \(.+\) test mode; endpoints: platform missing, connect missing; permissions: ok; api /,
  );
  assert.deepEqual(faults, [
    `The platform endpoint ${ctx.origin}/api/stripe/postevent is missing.`,
    `The connect endpoint ${ctx.origin}/api/stripe/postevent/connect is missing.`,
  ]);
  const add = async (path: string, enabled_events: readonly string[]) =>
    fetch(`${emulator.url}/v1/webhook_endpoints`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret_key}` },
      body: new URLSearchParams({
        url: `${ctx.origin}${path}`,
        ...Object.fromEntries(enabled_events.map((type, index) => [`enabled_events[${index}]`, type])),
      }),
    });
  await add('/api/stripe/postevent', event_types.slice(1));
  assert.match((await check())[1][1] ?? '', /postevent is without payment_intent\.succeeded\.$/);
  await add('/api/stripe/postevent', event_types);
  await add('/api/stripe/postevent/connect', event_types);
  assert.equal((await check())[0], 0);
});

test('S77: the endpoints are registered once with their types and version, and corrected when types are missing', async () => {
  const other = await startEmulator({ clock: { now: () => new Date('2026-03-10T15:00:00Z') } });
  const site = await startApp({ config: { ...config, stripe_api_url: other.url } });
  try {
    const made = await site.tollgate.makeContext('test');
    const run = async (): Promise<[status: number, text: string]> => {
      let text = '';
      return [await makeEndpoints(made, (part) => void (text += part)), text];
    };
    const [status, text] = await run();
    assert.equal(status, 0);
    const secrets = text.match(/^STRIPE_(CONNECT_)?WEBHOOK_SECRETS=whsec_\w+$/gm) ?? [];
    assert.equal(secrets.length, 2, text);
    assert.equal((await check(made))[0], 0);
    const again = await run();
    assert.match(again[1], /^platform \S+: unchanged\nconnect \S+: unchanged\n$/);

    const headers = { authorization: `Bearer ${secret_key}` };
    const listed = await fetch(`${other.url}/v1/webhook_endpoints`, { headers });
    const { data } = (await listed.json()) as { data: { id: string; url: string; api_version: string }[] };
    assert.deepEqual([...new Set(data.map(({ api_version }) => api_version))], [API_VERSION]);
    const body = new URLSearchParams({ 'enabled_events[0]': 'charge.succeeded', disabled: 'true' });
    await fetch(`${other.url}/v1/webhook_endpoints/${data[0]?.id}`, { method: 'POST', headers, body });
    assert.equal((await check(made))[0], 1);
    assert.match((await run())[1], /: corrected/);
    assert.equal((await check(made))[0], 0);

    other.control.addFault({ name: '403', match: { method: 'GET', path: '/v1/webhook_endpoints' } });
    assert.equal((await run())[0], 2);
  } finally {
    await site.close();
    await other.stop();
  }
});

test('S77: each permission that a restricted key lacks is named', async () => {
  const other = await startApp({ config: { ...config, stripe_secret_key: 'rk_test_limited' } });
  try {
    const [status, [line = '']] = await check(await other.tollgate.makeContext('test'));
    assert.equal(status, 1);
    assert.match(line, /permissions: ok but .*Payouts/);
  } finally {
    await other.close();
  }
});

test('S77: a processor that does not respond cannot be asked, and one without a key needs none', async () => {
  emulator.control.addFault({ name: '500_before', match: { path: '/v1/account' } });
  assert.equal((await check())[0], 2);
  emulator.control.clearFaults();
  const none = { ...ctx, processors: { ...ctx.processors, chosen: ctx.processors.getByName('test') } };
  assert.equal((await check(none))[0], 0);
});

/** Charges of which the key is revoked in the middle, as the vector says. */
const CHARGES = 100;
const REVOKED_AT = 47;

test('S76: a key that is revoked in the middle of 100 charges loses and doubles no payment, and a new one is used without a restart', async () => {
  const [payer, provider] = [await makeParty(app.db), await makeParty(app.db)];
  const made = [];
  for (let index = 0; index < CHARGES; index += 1)
    made.push(await makeAttempt(ctx, { payer, provider, token: 'pm_card_visa' }));
  let refused = 0;
  for (const [index, { attempt, orders }] of made.entries()) {
    if (index === REVOKED_AT) await revoke(secret_key);
    try {
      const outcome = await callProcessor(ctx, attempt);
      assert(isAccepted(outcome));
      await inTransaction(ctx.db, (tx) => recordCharge(tx, attempt, outcome, linesOf(orders), ctx.clock.now()));
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'processor_setup');
      refused += 1;
    }
  }
  assert.deepEqual([refused, ctx.processors.chosen.setup?.isRefused()], [CHARGES - REVOKED_AT, true]);
  const metrics = await app.tollgate.rooms.find(({ name }) => name === 'payments')?.gauges?.[0]?.(app.db);
  assert.equal(metrics?.[0]?.value, 1);

  for (const wrong of ['sk_live_other pk_live_other', 'pk_test_slot', ''])
    await assert.rejects(setKey(ctx, wrong), { name: 'ConfigError' });
  await setKey(ctx, `${new_key}\n`);
  const [stored] = await app.db.selectFrom('processor_keys').selectAll().execute();
  assert(stored !== undefined && !JSON.stringify(stored).includes(new_key));

  let charges = 0;
  for (const { attempt, orders } of made) {
    // The job that finishes orders looks up first, and the payer then pays again.
    const outcome = (await findOutcome(ctx, attempt)) ?? (await callProcessor(ctx, attempt));
    assert(isAccepted(outcome));
    await inTransaction(ctx.db, (tx) => recordCharge(tx, attempt, outcome, linesOf(orders), ctx.clock.now()));
    charges += 1;
  }
  assert.deepEqual([charges, ctx.processors.chosen.setup?.isRefused()], [CHARGES, false]);
  const rows = await app.db.selectFrom('charges').select('processor_key').where('profile_id', '=', payer).execute();
  const listed = await fetch(`${emulator.url}/v1/charges?limit=100`, {
    headers: { authorization: `Bearer ${new_key}` },
  });
  const { data } = (await listed.json()) as { data: { id: string }[] };
  assert.deepEqual(rows.map((row) => row.processor_key).toSorted(), data.map(({ id }) => id).toSorted());
});
