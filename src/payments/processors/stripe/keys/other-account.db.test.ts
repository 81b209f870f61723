import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { makeParty } from '../../../../../test/support/factories/ledger.ts';
import { startStripeSite, type StripeSite } from '../../../../../test/support/stripe-site.ts';
import { checkPayments, setKey, watchSetup } from '../../../../commands/payments-setup.ts';
import { ConfigError } from '../../../../config.ts';
import { default_keys } from '../../../../stripe-emulator/index.ts';
import { saveCard } from '../../../cards/save-card.ts';

const new_keys = ['sk_test_second', 'sk_test_third', 'rk_test_blind', 'rk_test_limited'];

let site: StripeSite;
before(async () => {
  site = await startStripeSite({}, new_keys);
});
after(() => site.close());

async function check(): Promise<string> {
  let text = '';
  await checkPayments(site.ctx, (part) => void (text += part));
  return text;
}
/** Returns what a start of the site warns of. */
async function startFaults(): Promise<string[]> {
  const warned = Promise.withResolvers<string[]>();
  const log = pino({}, { write: (line: string) => warned.resolve((JSON.parse(line) as { faults: string[] }).faults) });
  const stop = watchSetup({ ...site.ctx, log });
  try {
    return await warned.promise;
  } finally {
    stop();
  }
}
const accountOf = async () => (await site.client.accounts.retrieveCurrent()).id;
const stored = async () => site.app.db.selectFrom('processor_keys').select('set_at').executeTakeFirst();
const known = async () =>
  (await site.app.db.selectFrom('processor_accounts').select('account_key').executeTakeFirst())?.account_key;
async function refusalOf(call: Promise<void>): Promise<string> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert(error instanceof ConfigError);
  return error.message;
}
const post = (path: string, body: object) => site.act(path, body);

test('S76: a key of the same account is stored, and the account is known from then on', async () => {
  assert.equal(await stored(), undefined);
  await setKey(site.ctx, 'sk_test_second');
  assert.notEqual(await stored(), undefined);
  assert.equal(await known(), await accountOf());
  assert.doesNotMatch(await check(), /payments so far/);
});

test('S76: a key that Stripe refuses, or that may not read its account, is not stored', async () => {
  const before = await stored();
  assert.match(await refusalOf(setKey(site.ctx, 'sk_test_wrong')), /Stripe refuses the key/);
  await post('keys/rk_test_blind', { permissions: ['customer_read'] });
  const blind = await refusalOf(setKey(site.ctx, 'rk_test_blind'));
  assert(blind.includes('may not read its account') && blind.includes(await accountOf()), blind);
  site.emulator.control.addFault({ name: '500_before', match: { path: '/v1/account' } });
  await refusalOf(setKey(site.ctx, 'sk_test_third'));
  site.emulator.control.clearFaults();
  assert.deepEqual(await stored(), before);
});

test('S76: a key of another account is refused with both accounts, unless that is wanted', async () => {
  const former = await accountOf();
  site.emulator.control.reset('another-account');
  for (const key of new_keys) await post(`keys/${key}`, {});
  const other = await accountOf();
  assert.notEqual(other, former);
  const before = await stored();
  const refused = await refusalOf(setKey(site.ctx, 'sk_test_third'));
  assert(refused.includes(other) && refused.includes(former) && refused.includes('--other-account'), refused);
  assert.deepEqual([await stored(), await known()], [before, former]);
  // Keys of the settings that are of another account are named by the check.
  assert.match(
    await check(),
    new RegExp(`The key is of the account ${other}, and payments so far were made on ${former}`),
  );
  assert.ok((await startFaults()).some((fault) => fault.includes(other) && fault.includes(former)));
  // The card form of the former account would make cards that the new one does not know.
  const unpaired = await refusalOf(setKey(site.ctx, 'sk_test_third', { other_account: true }));
  assert.match(unpaired, /STRIPE_PUBLISHABLE_KEY: Give the publishable key of the other account too/);
  assert.deepEqual([await stored(), await known()], [before, former]);
  await setKey(site.ctx, 'sk_test_third pk_test_third', { other_account: true });
  assert.equal(await known(), other);
  assert.ok((await startFaults()).every((fault) => !fault.includes('payments so far')));
  assert.doesNotMatch(await check(), /payments so far/);
});

test('the broker is notified of a refused key once an hour, however many calls are refused', async () => {
  const notices = async () =>
    (
      await site.app.db
        .selectFrom('outbox_events')
        .select('payload')
        .where('name', '=', 'processor_key_refused')
        .execute()
    ).map(({ payload }) => payload);
  const payer = await makeParty(site.app.db);
  const before = (await notices()).length;
  // A node uses a key for some seconds after a newer one was stored.
  for (const key of [default_keys[0], 'sk_test_second', 'sk_test_third']) await post(`keys/${key}`, { revoke: true });
  const refuse = () => assert.rejects(saveCard(site.ctx, payer, 'pm_card_visa'), { code: 'processor_setup' });
  await Promise.all([refuse(), refuse(), refuse()]);
  await refuse();
  assert.deepEqual((await notices()).slice(before), [{ processor: 'stripe', originated_by: null }]);
  site.advance(3_599_000);
  await refuse();
  assert.equal((await notices()).length, before + 1);
  site.advance(1000);
  await refuse();
  assert.equal((await notices()).length, before + 2);
  // A key that lacks a permission is refused too.
  await post('keys/rk_test_limited', { permissions: ['account_read', 'customer_read'] });
  await setKey(site.ctx, 'rk_test_limited', { other_account: true });
  site.advance(3_600_000);
  await refuse();
  assert.equal((await notices()).length, before + 3);
});
