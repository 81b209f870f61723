import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeUnpaidAttempt } from '#payments';
import { inTransaction } from '#platform/db/database';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeAttempt } from '../../../test/support/factories/payments.ts';
import type { ChangeSite } from '../../../test/support/changes.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

const HOUR_MS = 3_600_000;

let stripe: StripeChanges;
let site: ChangeSite;
before(async () => {
  stripe = await startStripeChanges();
  ({ site } = stripe);
  await site.plan('basic', { period_amount: 2000, unit: 'usd' });
  // 10 won: less than Stripe takes, and no table of Tollgate says so.
  await site.plan('won', { period_amount: 1000, unit: 'krw' });
});
after(() => stripe.close());

const advance = (ms: number) => site.app.clock.set(new Date(site.app.clock.now().getTime() + ms));
async function makePayer(name: string, plan = 'won') {
  const call = await site.register(name);
  await call('POST', '/api/cart', { plan });
  const url = `/api/billing/${name}/checkout`;
  return {
    async pay(processor_token = 'pm_card_visa') {
      const { status, json } = await call('POST', url, { processor_token });
      const { code, decline_code } = json<{ code?: string; decline_code?: string }>();
      return [status, code, decline_code];
    },
    lines: async () => (await call('GET', url)).json<{ results: unknown[] }>().results.length,
  };
}
async function notices(): Promise<Record<string, unknown>[]> {
  const rows = await site.app.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('name', '=', 'payment_refused')
    .orderBy('id')
    .execute();
  return rows.map(({ payload }) => payload as Record<string, unknown>);
}
const refused = [400, 'processor_refused', 'amount_too_small'];

test('a payment that Stripe refuses for a reason of the site is no declined card, and the broker gets one mail an hour', async () => {
  const [first, second] = [await makePayer('ina'), await makePayer('joe')];
  assert.deepEqual(await Promise.all([first.pay(), second.pay()]), [refused, refused]);
  assert.deepEqual(await first.pay(), refused);
  assert.equal(await first.lines(), 1, 'the cart is kept');
  const [notice, ...more] = await notices();
  assert.deepEqual(more, []);
  const { reason, account, amount, unit } = notice ?? {};
  assert.deepEqual([reason, account, amount, unit], ['amount_too_small', '', 1000, 'krw']);
  await site.app.tollgate.worker.drain();
  const mails = site.app.tollgate.mailbox.list().filter(({ event }) => event === 'payment_refused');
  assert.equal(mails.length, 1);
  assert.match(mails[0]?.subject ?? '', /Payments are refused: amount_too_small/);
  assert.match(mails[0]?.text ?? '', /₩10/);
  advance(HOUR_MS - 1000);
  await second.pay();
  assert.equal((await notices()).length, 1);
  advance(1000);
  await second.pay();
  assert.equal((await notices()).length, 2);
});

test('a declined card notifies no broker', async () => {
  const before_pay = (await notices()).length;
  const payer = await makePayer('kit', 'basic');
  assert.deepEqual((await payer.pay('pm_card_chargeDeclined')).slice(0, 2), [400, 'card_declined']);
  assert.equal((await notices()).length, before_pay);
});

test('a charge of a job has notices of its own, and each account and reason one of this kind', async () => {
  const ctx = await site.app.tollgate.makeContext('test');
  const close = async (reason: { code: string; is_automatic?: boolean; account?: string }) => {
    const { account = '', ...why } = reason;
    const [payer, provider] = [await makeParty(site.app.db), await makeParty(site.app.db)];
    const { attempt } = await makeAttempt(ctx, { payer, provider });
    await inTransaction(ctx.db, (tx) =>
      closeUnpaidAttempt(
        tx,
        { ...attempt, account },
        'declined',
        { ...why, detail: '', kind: 'refused' },
        ctx.clock.now(),
      ),
    );
  };
  const before_close = (await notices()).length;
  await close({ code: 'capability_not_active', is_automatic: true });
  await close({ code: 'intent_unusable' });
  assert.equal((await notices()).length, before_close);
  await close({ code: 'capability_not_active' });
  await close({ code: 'capability_not_active' });
  await close({ code: 'capability_not_active', account: 'acct_1' });
  await close({ code: 'account_invalid' });
  const made = (await notices())
    .slice(before_close)
    .map(({ reason, account }) => `${String(reason)} ${String(account)}`);
  assert.deepEqual(made, ['capability_not_active ', 'capability_not_active acct_1', 'account_invalid ']);
});
