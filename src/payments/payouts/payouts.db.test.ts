import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { accounts, findBalance, findEventEntries, verifyLedger } from '#ledger';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { randomKey40 } from '#platform/security/crypto';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { makeFundedProvider } from '../../../test/support/factories/payouts.ts';
import { takeProcessorEvent } from '../intake/take-processor-event.ts';
import type { Processor } from '../processors/processor.ts';
import { signTestEvent } from '../processors/test/test-intake.ts';
import { decideTestPayout, findTestPayouts, insertTestPayout } from '../processors/test/test-payout-store.ts';
import { findNewestPayouts, findPayoutAccount } from '../records/payout-store.ts';
import { refundCharge } from '../refunds/refund-charge.ts';
import { closeAccountJob } from './close-account.ts';
import { connectBank, disconnectBank } from './connected-account.ts';
import { getBank } from './get-bank.ts';
import { finishPayouts, reconcilePayouts } from './reconcile-payouts.ts';
import { withdrawFunds } from './withdraw-funds.ts';

/** Funds of a sale of 20.00 after the fee of the test processor. */
const FUNDS = 1912;
const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const later = (minutes: number) => ctx.clock.set(new Date(ctx.clock.now().getTime() + minutes * 60_000));
const fundsOf = async (profile: ProfileId) => (await findBalance(ctx.db, profile, accounts.funds))[0]?.amount ?? 0;
const payoutsOf = (profile: ProfileId) => findNewestPayouts(ctx.db, profile, 100);
const withdraw = (profile: ProfileId, amount: number, { key = randomKey40(), at = ctx } = {}) =>
  withdrawFunds(at, profile, { amount, unit: 'usd', key });

async function makeConnected(amounts?: number[]): Promise<{ provider: ProfileId; account: string }> {
  const provider = await makeFundedProvider(ctx, amounts);
  await connectBank(ctx, provider);
  const account = (await findPayoutAccount(ctx.db, provider))?.account;
  assert(account);
  return { provider, account };
}

/** The payouts of an account at the test processor. */
const sentTo = (account: string) => findTestPayouts(ctx.db, account, { since: new Date(0), after: null, limit: 1000 });

/** The context with a processor whose payouts fail before they arrive, or after they were carried out. */
function withFault(fault: 'unreachable' | 'lost_response'): TestContext {
  const { chosen } = ctx.processors;
  const processor: Processor = {
    ...chosen,
    async payout(request) {
      if (fault === 'lost_response') await chosen.payout(request);
      throw new Error('connection reset');
    },
  };
  return { ...ctx, processors: { ...ctx.processors, chosen: processor, getByName: () => processor } };
}

/** A payout that the processor makes without a request of Tollgate. */
async function sendUnasked(account: string, amount: number): Promise<string> {
  const key = `po_${randomKey40()}`;
  const row = { key, idempotency_key: null, request_hash: null, account, amount, unit: 'usd' };
  await inTransaction(ctx.db, (tx) => insertTestPayout(tx, { ...row, state: 'pending', created_at: ctx.clock.now() }));
  return key;
}

async function decide(key: string, state: 'paid' | 'failed', account: string): Promise<string> {
  await inTransaction(ctx.db, (tx) => decideTestPayout(tx, key, state));
  const event = { id: `evt_${randomKey40()}`, type: 'payout.updated', object: key, account };
  const request = signTestEvent(event, 'whsec', ctx.clock.now());
  return takeProcessorEvent(ctx, { processor: 'test', secrets: ['whsec'], ...request });
}

test('a withdrawal moves the amount from Funds to Withdraw and is paid', async () => {
  const { provider, account } = await makeConnected();
  assert.equal(await withdraw(provider, 1000), '$10.00 are on their way to Test Bank ***-6789.');
  const [payout] = await payoutsOf(provider);
  assert(payout?.processor_key);
  assert.deepEqual([payout.state, payout.amount], ['pending', 1000]);
  const entries = await findEventEntries(ctx.db, `payout:${payout.processor_key}`);
  assert.deepEqual(
    entries?.map((entry) => [entry.orig_account, entry.dest_account, entry.dest_amount, entry.subject_kind]),
    [['Funds', 'Withdraw', 1000, 'po']],
  );
  assert.match(entries?.[0]?.description ?? '', /^withdraw from party/);
  assert.equal(await fundsOf(provider), FUNDS - 1000);
  assert.equal(await decide(payout.processor_key, 'paid', account), 'taken');
  assert.deepEqual([(await payoutsOf(provider))[0]?.state, await fundsOf(provider)], ['paid', FUNDS - 1000]);
});

test('a payout that the bank returns is booked back once, also after it was paid', async () => {
  for (const states of [['failed'], ['paid', 'failed']] as const) {
    const { provider, account } = await makeConnected();
    await withdraw(provider, FUNDS);
    const [payout] = await payoutsOf(provider);
    assert(payout?.processor_key);
    for (const state of states) await decide(payout.processor_key, state, account);
    await decide(payout.processor_key, 'failed', account);
    later(10);
    await finishPayouts(ctx);
    await reconcilePayouts(ctx);
    assert.deepEqual([(await payoutsOf(provider))[0]?.state, await fundsOf(provider)], ['failed', FUNDS]);
    assert.equal((await findEventEntries(ctx.db, `payout:${payout.processor_key}:failed`))?.length, 1);
  }
});

test('more than the available funds, and funds that an open refund needs, are not paid out', async () => {
  const { provider, account } = await makeConnected();
  await assert.rejects(withdraw(provider, FUNDS + 1), {
    code: 'payout_exceeds_funds',
    message: '$19.13 cannot be paid out while $19.12 of the funds are available.',
  });
  const { charge } = await makeCharge(ctx, {
    payer: await makeParty(ctx.db),
    provider,
    amounts: [2000],
    token: 'tok_refund_pending',
  });
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  await assert.rejects(withdraw(provider, 2 * FUNDS), { code: 'payout_exceeds_funds' });
  await withdraw(provider, FUNDS);
  assert.equal((await sentTo(account)).length, 1);
});

test('a provider without a connected account is not paid out', async () => {
  const provider = await makeFundedProvider(ctx);
  await assert.rejects(withdraw(provider, 100), (error: { code: string; extra: { location?: string } }) => {
    assert.equal(error.code, 'payout_account_absent');
    assert.match(error.extra.location ?? '', /^\/billing\/party.*\/bank\/$/);
    return true;
  });
  assert.deepEqual(await payoutsOf(provider), []);
});

test('of eight concurrent withdrawals of the whole funds one succeeds, and the others name the funds', async () => {
  const { provider, account } = await makeConnected();
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => withdraw(provider, FUNDS)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'payout_exceeds_funds');
  }
  assert.equal((await sentTo(account)).length, 1);
  assert.equal(await fundsOf(provider), 0);
});

test('concurrent withdrawals and refunds never promise the same funds', async () => {
  const { provider, account } = await makeConnected();
  const { charge } = await makeCharge(ctx, { payer: await makeParty(ctx.db), provider, amounts: [2000] });
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: 4 }, () => withdraw(provider, 2 * FUNDS)),
    refundCharge(ctx, broker, charge, [{ num: 0 }]),
  ]);
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.match(outcome.reason.code, /^(payout|refund)_exceeds_funds$/);
  }
  assert((await fundsOf(provider)) >= 0);
  assert((await sentTo(account)).length <= 1);
});

test('repeated and concurrent requests with one key make one payout', async () => {
  const { provider, account } = await makeConnected();
  const key = randomKey40();
  await Promise.all(Array.from({ length: 4 }, () => withdraw(provider, 700, { key })));
  await withdraw(provider, 700, { key });
  assert.deepEqual([(await payoutsOf(provider)).length, (await sentTo(account)).length], [1, 1]);
  assert.equal(await fundsOf(provider), FUNDS - 700);
});

test('a withdrawal whose response was lost is booked once by the job', async () => {
  const { provider, account } = await makeConnected();
  const lost = withdraw(provider, 700, { at: withFault('lost_response') });
  await assert.rejects(lost, { code: 'processor_unreachable' });
  assert.deepEqual([(await payoutsOf(provider))[0]?.state, await fundsOf(provider)], ['reserved', FUNDS]);
  await assert.rejects(withdraw(provider, FUNDS), { code: 'payout_exceeds_funds' });
  later(10);
  await Promise.all([finishPayouts(ctx), reconcilePayouts(ctx), finishPayouts(ctx)]);
  assert.deepEqual([(await payoutsOf(provider))[0]?.state, await fundsOf(provider)], ['pending', FUNDS - 700]);
  assert.equal((await sentTo(account)).length, 1);
});

test('a withdrawal that never arrived is closed by the job and releases the funds', async () => {
  const { provider } = await makeConnected();
  const lost = withdraw(provider, FUNDS, { at: withFault('unreachable') });
  await assert.rejects(lost, { code: 'processor_unreachable' });
  await finishPayouts(ctx);
  assert.equal((await payoutsOf(provider))[0]?.state, 'reserved', 'the request may still be running');
  later(10);
  await finishPayouts(ctx);
  assert.equal((await payoutsOf(provider))[0]?.state, 'failed');
  await withdraw(provider, FUNDS);
  assert.equal(await fundsOf(provider), 0);
});

test('payouts that the processor made by itself are booked once by their key, in both directions', async () => {
  const { provider, account } = await makeConnected();
  const [out, back] = [await sendUnasked(account, 900), await sendUnasked(account, -400)];
  await Promise.all([reconcilePayouts(ctx), reconcilePayouts(ctx)]);
  await reconcilePayouts(ctx);
  assert.equal(await fundsOf(provider), FUNDS - 900 + 400);
  assert.deepEqual(
    (await payoutsOf(provider)).map(({ processor_key }) => processor_key).toSorted(),
    [out, back].toSorted(),
  );
  const [entry] = (await findEventEntries(ctx.db, `payout:${out}`)) ?? [];
  assert.match(entry?.description ?? '', new RegExp(` TRANSFER ${out}$`));
  assert.equal(await decide(await sendUnasked('acct_unknown', 100), 'paid', 'acct_unknown'), 'ignored');
});

test('of 130 accounts those that fail for ever do not keep the others from being reconciled', async () => {
  const owners: { provider: ProfileId; account: string }[] = [];
  for (let made = 0; made < 130; made += 1) {
    const provider = await makeParty(ctx.db);
    await connectBank(ctx, provider);
    const account = (await findPayoutAccount(ctx.db, provider))?.account;
    assert(account);
    await sendUnasked(account, 500);
    owners.push({ provider, account });
  }
  const failing = new Set(owners.filter((_, index) => index % 7 === 0).map(({ account }) => account));
  const { chosen } = ctx.processors;
  const processor: Processor = {
    ...chosen,
    async *listPayouts(account, since) {
      if (failing.has(account)) throw new Error('no connection');
      yield* chosen.listPayouts(account, since);
    },
  };
  await reconcilePayouts({ ...ctx, processors: { ...ctx.processors, chosen: processor, getByName: () => processor } });
  for (const { provider, account } of owners) {
    assert.equal(await fundsOf(provider), failing.has(account) ? 0 : -500);
  }
});

test('an account is not disconnected while a payout is on its way; after that its bank is gone', async () => {
  const { provider, account } = await makeConnected();
  await ctx.db.updateTable('profiles').set({ is_provider: true }).where('id', '=', provider).execute();
  await withdraw(provider, 500);
  await assert.rejects(disconnectBank(ctx, provider), { code: 'payout_in_flight' });
  const [payout] = await payoutsOf(provider);
  assert(payout?.processor_key);
  await decide(payout.processor_key, 'paid', account);
  const bank = { bank_name: 'Test Bank', last4: '***-6789', balance_amount: FUNDS - 500, balance_unit: 'usd' };
  assert.deepEqual(await getBank(ctx, provider), bank);
  await disconnectBank(ctx, provider);
  await disconnectBank(ctx, provider);
  const none = { bank_name: 'N/A', last4: 'N/A', balance_amount: 0, balance_unit: 'usd' };
  assert.deepEqual(await getBank(ctx, provider), none);
  await assert.rejects(withdraw(provider, 100), { code: 'payout_account_absent' });
  const jobs = database.db.selectFrom('outbox_events').select('payload').where('name', '=', 'job:close_account');
  assert.deepEqual(
    (await jobs.execute()).map(({ payload }) => payload),
    [{ processor: 'test', account }],
  );
  await closeAccountJob(ctx.processors).run(ctx, { processor: 'test', account }, ctx.clock.now());
  assert.equal(await ctx.processors.chosen.payoutAccount(account), null);

  // A return that the bank makes after that is booked all the same.
  await decide(payout.processor_key, 'failed', account);
  assert.equal(await fundsOf(provider), FUNDS);
  await connectBank(ctx, provider);
  assert.notEqual((await findPayoutAccount(ctx.db, provider))?.account, account);
  await withdraw(provider, FUNDS);
});

test('the ledger is balanced after the tests above', async () => {
  assert.deepEqual((await verifyLedger(ctx.db)).violations, []);
});

test('a payout that fails is reported once to its provider, returned or never sent', async () => {
  const reports = async (provider: ProfileId) => {
    const rows = await ctx.db
      .selectFrom('outbox_events')
      .select('payload')
      .where('name', '=', 'payout_failed')
      .where(sql<boolean>`payload ->> 'provider_id' = ${String(provider)}`)
      .orderBy('id')
      .execute();
    return rows.map(({ payload }) => payload as Record<string, unknown>); // of payoutFailed
  };
  const { provider, account } = await makeConnected();
  await withdraw(provider, 1000);
  const [payout] = await payoutsOf(provider);
  assert(payout?.processor_key);
  assert.deepEqual(await reports(provider), []);
  await decide(payout.processor_key, 'failed', account);
  later(10);
  await reconcilePayouts(ctx);
  await reconcilePayouts(ctx);
  const detail = 'The bank returned the payout.';
  const facts = { payout_id: payout.id, provider_id: provider, amount: 1000, unit: 'usd' };
  assert.deepEqual(await reports(provider), [{ ...facts, is_returned: true, detail }]);

  await assert.rejects(withdraw(provider, 500, { at: withFault('unreachable') }));
  later(10);
  await finishPayouts(ctx);
  const [, second] = await reports(provider);
  assert.deepEqual([second?.['amount'], second?.['is_returned']], [500, false]);
});
