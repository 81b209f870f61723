import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { forgetCardJob } from './jobs.ts';
import { findSavedCard } from './payment-method-store.ts';
import { presentCard } from './present-card.ts';
import { putCardOnFile } from './put-card-on-file.ts';
import { removeCard } from './remove-card.ts';
import { saveCard } from './save-card.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const payloadsOf = async (name: string, profile_id?: ProfileId) =>
  (await ctx.db.selectFrom('outbox_events').selectAll().where('name', '=', name).execute())
    .map(({ payload }) => payload)
    .filter(
      (payload) =>
        profile_id === undefined ||
        (payload !== null &&
          typeof payload === 'object' &&
          'profile_id' in payload &&
          payload['profile_id'] === profile_id),
    );
const findTestCustomers = async () =>
  (await ctx.db.selectFrom('test_processor_customers').select('key').execute()).map(({ key }) => key);

test('a card is shown by its last digits and the month it expires', async () => {
  const profile = await makeParty(database.db);
  assert.deepEqual(presentCard(await findSavedCard(ctx.db, profile)), {});
  await saveCard(ctx, profile, '4242424242424242');
  assert.deepEqual(presentCard(await findSavedCard(ctx.db, profile)), { last4: '4242', exp_date: '03/2027' });
});

test('a card that is put on file again before the job that deletes it stays at the processor', async () => {
  const profile = await makeParty(database.db);
  const first = await saveCard(ctx, profile, '4242424242424242');
  await saveCard(ctx, profile, '5555555555554444');
  const { processor, account, customer_key, method_key, brand, last4, exp_date, fingerprint } = first;
  const card = { brand, last4, exp_date, fingerprint, card_name: '' };
  const saved = { processor, account, customer_key, method_key, card };
  await inTransaction(ctx.db, (tx) => putCardOnFile(tx, profile, saved, { at: ctx.clock.now(), by: null }));
  const forgotten = { processor, account, customer_key, method_key };
  await forgetCardJob(ctx.processors).run(ctx, forgotten, ctx.clock.now());
  assert((await findTestCustomers()).includes(customer_key));
  await removeCard(ctx, profile);
  await forgetCardJob(ctx.processors).run(ctx, forgotten, ctx.clock.now());
  assert(!(await findTestCustomers()).includes(customer_key));
});

test('a replaced card is announced by card_updated and deleted at the processor', async () => {
  const profile = await makeParty(database.db);
  const first = await saveCard(ctx, profile, '4242424242424242');
  assert.deepEqual(await payloadsOf('card_updated', profile), []);
  await saveCard(ctx, profile, '5555555555554444');
  assert.deepEqual(await payloadsOf('card_updated', profile), [
    {
      profile_id: profile,
      changes: { last4: { pre: '4242', post: '4444' }, exp_date: { pre: '2027-03-01', post: '2027-03-01' } },
      originated_by: null,
    },
  ]);
  const forgotten = { processor: 'test', account: '', customer_key: first.customer_key, method_key: '' };
  assert.deepEqual((await payloadsOf('job:forget_card')).at(-1), forgotten);
  assert((await findTestCustomers()).includes(first.customer_key));
  await forgetCardJob(ctx.processors).run(ctx, forgotten, ctx.clock.now());
  assert(!(await findTestCustomers()).includes(first.customer_key));
});

test('a card that is refused leaves the card on file unchanged', async () => {
  const profile = await makeParty(database.db);
  await saveCard(ctx, profile, '4242424242424242');
  for (const [token, decline_code] of [
    ['4000000000000002', 'card_declined'],
    ['4000000000000069', 'expired_card'],
  ] as const) {
    await assert.rejects(saveCard(ctx, profile, token), (error: unknown) => {
      assert(error instanceof Problem);
      assert.deepEqual([error.code, error.extra.members], ['card_declined', { decline_code }]);
      return true;
    });
  }
  assert.equal((await findSavedCard(ctx.db, profile))?.last4, '4242');
});

test('a removed card is no longer on file, and removing none has no effect', async () => {
  const profile = await makeParty(database.db);
  const card = await saveCard(ctx, profile, 'tok_visa');
  await removeCard(ctx, profile);
  assert.equal(await findSavedCard(ctx.db, profile), undefined);
  assert.deepEqual((await payloadsOf('job:forget_card')).at(-1), {
    processor: 'test',
    account: '',
    customer_key: card.customer_key,
    method_key: '',
  });
  await removeCard(ctx, profile);
});

test('a job of the first version, which names no account, deletes the card', async () => {
  const profile = await makeParty(database.db);
  const { customer_key } = await saveCard(ctx, profile, 'tok_visa');
  await removeCard(ctx, profile);
  await forgetCardJob(ctx.processors).run(ctx, { processor: 'test', customer_key }, ctx.clock.now());
  assert(!(await findTestCustomers()).includes(customer_key));
});

test('a card that requires a confirmation by the bank is refused with action_required, and the card on file stays', async () => {
  const profile = await makeParty(database.db);
  await saveCard(ctx, profile, '4242424242424242');
  await assert.rejects(saveCard(ctx, profile, 'tok_authenticate'), (error: unknown) => {
    assert(error instanceof Problem);
    assert.deepEqual([error.code, error.status], ['action_required', 402]);
    return true;
  });
  assert.equal((await findSavedCard(ctx.db, profile))?.last4, '4242');
});
