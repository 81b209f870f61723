import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { sql } from 'kysely';
import { findProfileBySlug } from '#profiles';
import { inTransaction } from '#platform/db/database';
import { sealLinkKey, useMasterKey } from '#platform/security/link-keys';
import { apiClient } from '../../../test/support/client.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { TEST_SECRET } from '../../../test/support/start-app.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { setKey } from '../../commands/payments-setup.ts';
import { readStripeSettings } from '../../settings/stripe-settings.ts';
import { loadStripe } from '../processors/index.ts';
import { findStoredKeys, storeKeys } from '../processors/stripe/keys/key-store.ts';
import { viewSetup } from './view-setup.ts';

const url = '/api/billing/cowork/processor-keys';
const second = 'rk_test_secondKeyOfSite';
const third = 'sk_test_thirdKeyOfSite';

let site: StripeSite;
let user_id: number;
let manager: ReturnType<typeof apiClient>;
before(async () => {
  site = await startStripeSite({ terms_required: false, token_lifetime_s: 31_536_000 }, [second, third]);
  const { app } = site;
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert(broker);
  const user = await makeReadyUser(app.db, { username: 'manager', at: app.clock.now() });
  await makeMember(app.db, broker, user, 'manager');
  user_id = user.id;
  manager = apiClient(app, await tokenOf(app, user));
});
afterEach(() => site.emulator.control.clearFaults());
after(() => site.close());

const put = (body: object) => manager('PUT', url, body);
const findRow = () => site.app.db.selectFrom('processor_keys').selectAll().executeTakeFirst();
async function findEvents() {
  const rows = await site.app.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('name', '=', 'processor_keys_replaced')
    .orderBy('id')
    .execute();
  return rows.map(({ payload }) => payload);
}
/** Another process of the same site. */
async function startNode() {
  const { app, ctx } = site;
  const settings = readStripeSettings(app.config);
  assert(settings);
  const node = await loadStripe({ ...app, log: ctx.log, settings, app_version: '0' });
  assert(node.setup);
  const node_ctx = { ...ctx, processors: { ...ctx.processors, chosen: node } };
  const shown = { is_asked: false, may_edit: true };
  return { setup: node.setup, view: () => viewSetup(node_ctx, shown) };
}
const accountOf = async () => (await site.client.accounts.retrieveCurrent()).id;

test('a replacement of the keys is emitted with who, when and which account, once, and without a key', async () => {
  assert.equal((await put({ secret_key: 'sk_test_unknownToStripe' })).status, 400);
  assert.deepEqual(await findEvents(), []);
  assert.equal((await put({ secret_key: second })).status, 200);
  const account = await accountOf();
  const replaced_at = site.app.clock.now().toISOString();
  const facts = { processor: 'stripe', account, former_account: account, replaced_at };
  assert.deepEqual(await findEvents(), [{ ...facts, originated_by: user_id }]);
  // The keys in use are no change, and a command has no user.
  assert.equal((await put({ secret_key: second })).status, 200);
  await setKey(site.ctx, third);
  assert.deepEqual(await findEvents(), [
    { ...facts, originated_by: user_id },
    { ...facts, originated_by: null },
  ]);
  assert.doesNotMatch(JSON.stringify(await findEvents()), /(?:sk|rk|pk)_test/);
});

test('keys are not stored without their event', async () => {
  const before_row = await findRow();
  await sql`create function refuse_event() returns trigger language plpgsql as
    $$ begin raise exception 'no event'; end $$`.execute(site.app.db);
  await sql`create trigger refuse_event before insert on outbox_events
    for each row when (new.name = 'processor_keys_replaced') execute function refuse_event()`.execute(site.app.db);
  try {
    assert.equal((await put({ secret_key: second })).status, 500);
  } finally {
    await sql`drop trigger refuse_event on outbox_events`.execute(site.app.db);
  }
  assert.deepEqual(await findRow(), before_row);
});

test('two managers who store the same keys at once replace them once', async () => {
  const count = (await findEvents()).length;
  const replies = await Promise.all([put({ secret_key: second }), put({ secret_key: second })]);
  assert.deepEqual(
    replies.map(({ status }) => status),
    [200, 200],
  );
  assert.equal((await findEvents()).length, count + 1);
});

test('no node shows the report of the former key: neither one that is fresh, nor one of a check under way', async () => {
  const node = await startNode();
  await node.setup.check(site.ctx.origin);
  assert.notEqual(await node.setup.findLastReport(), null);
  // Within the five seconds in which a node may use the former key for calls.
  await put({ secret_key: third });
  assert.equal(await node.setup.findLastReport(), null);
  site.emulator.control.addFault({ name: '500_before' });
  const shown = await node.view();
  assert.deepEqual([shown?.report, shown?.checked_at], [null, null], JSON.stringify(shown));
  assert.equal(shown?.keys?.secret_key, 'sk_test_…Site');
  site.emulator.control.clearFaults();

  // A check that began before the keys were replaced ends after it.
  site.emulator.control.addFault({ name: 'slow', values: { ms: '700' }, match: { path: '/v1/application_fees' } });
  const begun = node.setup.check(site.ctx.origin);
  assert.equal((await put({ secret_key: second })).status, 200);
  const of_new = node.setup.check(site.ctx.origin);
  const of_former = await begun;
  assert.notEqual((await node.setup.findLastReport())?.report, of_former);
  const report = await of_new;
  assert.equal((await node.setup.findLastReport())?.report, report);
});

test('keys that an earlier version sealed as the key of a link are used, and those that do not open are not', async () => {
  const { app } = site;
  const configured = 'sk_test_tollgate';
  const find = () => findStoredKeys(app.db, configured);
  const setSealed = async (secret_key: string) => {
    await app.db.updateTable('processor_keys').set({ secret_key }).execute();
  };
  const keys = { secret_key: second, publishable_key: 'pk_test_secondKeyOfSite' };
  const store = () => inTransaction(app.db, (tx) => storeKeys(tx, keys, configured, app.clock.now()));
  await store();
  assert.equal((await find())?.secret_key, second);
  await setSealed(sealLinkKey(second));
  assert.equal((await find())?.secret_key, second);
  await setSealed(sealLinkKey(second, 'another secret'));
  assert.equal(await find(), undefined);
  await store();

  // After a change of the master key the keys of the settings are used, until new ones are stored.
  useMasterKey('another master key, of the same length or so');
  try {
    assert.equal(await find(), undefined);
    await store();
    assert.equal((await find())?.secret_key, second);
  } finally {
    useMasterKey(TEST_SECRET);
  }
  assert.equal(await find(), undefined);
});
