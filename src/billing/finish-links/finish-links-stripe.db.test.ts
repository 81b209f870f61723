import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { connectBank } from '#payments';
import { type Call, type ChangeSite, dueOf, expectStatus } from '../../../test/support/changes.ts';
import { browserClient, type TestResponse } from '../../../test/support/client.ts';
import { attemptsOf, casesOf, RENEW, token_lifetime_s } from '../../../test/support/dunning.ts';
import { actAt, approveAt, buyWithConfirmation, finishUrl, intentsOf } from '../../../test/support/finish-links.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

const DAY_0 = '2026-02-09T10:00:00Z';

let stripe: StripeChanges;
let site: ChangeSite;
let emulator: StripeChanges['emulator'];
beforeEach(async () => {
  stripe = await startStripeChanges({ token_lifetime_s });
  ({ site, emulator } = stripe);
});
afterEach(() => stripe.close());

/** States of the payments of attempts; the quote of an API client opens a further one. */
const statuses = () =>
  intentsOf(emulator).flatMap(({ status, metadata }) => (metadata['tollgate_attempt'] === undefined ? [] : [status]));
const approve = () => approveAt(emulator);
const buy = (call: Call, plan: string) => buyWithConfirmation(emulator, call, { payer: 'xia', plan });

/** Renews a month later: the bank wants a confirmation, and the mail has the link. */
async function openFailedRenewal() {
  await site.runAt(DAY_0, RENEW);
  assert.deepEqual(await attemptsOf(site), ['renewal action 02-09T10:00']);
  const url = await finishUrl(site);
  const browser = browserClient(site.app);
  const page = await browser.get(url);
  assert.match(page.text, /ending in 3184/);
  const pay = (fields: Record<string, string>) => browser.post(url, { amount: '9000', unit: 'usd', ...fields });
  return { ...browser, url, page, pay };
}
const bankOf = ({ text }: TestResponse) => /href="([^"]+)" data-leave/.exec(text)?.[1]?.replaceAll('&amp;', '&');
async function requirePaidOnce(): Promise<void> {
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual(
    (await casesOf(site)).map(({ state }) => state),
    ['recovered'],
  );
  const charges = await site.app.db.selectFrom('charges').select(['amount', 'state']).execute();
  assert.deepEqual(charges, Array(2).fill({ amount: 9000, state: 'done' }));
  assert.equal(statuses().filter((status) => status === 'succeeded').length, 2);
}

test('S44, S45: the payment of the renewal is canceled, and the link confirms a new one with the card on file', async () => {
  await site.plan('basic');
  await buy(site.xia, 'basic');
  const link = await openFailedRenewal();
  assert.deepEqual(statuses(), ['succeeded', 'canceled'], 'nothing can confirm the old payment');
  const waiting = await link.pay({ use_card: 'on_file' });
  assert.equal(waiting.status, 402, waiting.text);
  assert.match(bankOf(waiting) ?? '', /^http:/);
  assert.deepEqual(statuses(), ['succeeded', 'canceled', 'requires_action']);
  await approve();
  const back = await link.get(`${link.url}?from=bank&payment_intent=pi_forged&redirect_status=failed`);
  assert.match((await link.follow(back)).text, /Thank you\. \$90\.00 was paid\./);
  await requirePaidOnce();
});

test('S45: without scripts the card is entered on the page of Stripe, for the same balance', async () => {
  await site.plan('basic');
  await buy(site.xia, 'basic');
  const link = await openFailedRenewal();
  assert.match(String(link.page.headers['content-security-policy']), /form-action 'self' http:/);
  // What a browser without scripts sends: the choice of the card, and the field in <noscript>.
  const led = await link.pay({ use_card: 'on_file', processor_token: '', hosted: '1' });
  assert.equal(led.status, 303, led.text);
  const [page] = emulator.control.objects('checkout.session') as unknown as {
    amount_total: number;
    customer: string | null;
    success_url: string;
    cancel_url: string;
  }[];
  assert.equal(page?.customer, null, 'the page of Stripe does not show the address of the payer');
  assert.doesNotMatch(await (await fetch(String(led.headers.location))).text(), /xia|basic/i);
  assert.equal(page?.amount_total, 9000);
  const left = new URL(page.cancel_url);
  assert.equal((await link.get(left.pathname + left.search)).status, 303);
  assert.equal(await dueOf(site.xia, 'xia'), 9000);

  const again = await link.pay({ use_card: 'on_file', processor_token: '', hosted: '1' });
  const card = { number: '4242424242424242', expiry: '12/30', cvc: '123', email: 'payer@example.com', name: 'Payer' };
  const paid = await fetch(String(again.headers.location), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(card).toString(),
    redirect: 'manual',
  });
  const back = new URL(paid.headers.get('location') ?? '');
  assert.match((await link.follow(await link.get(back.pathname + back.search))).text, /This is paid/);
  await requirePaidOnce();
});

test('S45: a bank that refuses the confirmation leaves what is due, and another try pays', async () => {
  await site.plan('basic');
  await buy(site.xia, 'basic');
  const link = await openFailedRenewal();
  assert.equal((await link.pay({ use_card: 'on_file' })).status, 402);
  const waiting = intentsOf(emulator).find(({ status }) => status === 'requires_action');
  await actAt(emulator, `payment_intents/${waiting?.id}`, 'fail');
  const refused = await link.get(`${link.url}?from=bank`);
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /You were not charged\. Your bank could not confirm the payment\./);
  assert.equal(await dueOf(site.xia, 'xia'), 9000);
  assert.equal((await link.pay({ use_card: 'new', processor_token: 'pm_card_visa' })).status, 303);
  await requirePaidOnce();
});

test('S48: a card that is put on file while the bank confirms makes one charge', async () => {
  await site.plan('basic');
  await buy(site.xia, 'basic');
  const link = await openFailedRenewal();
  assert.equal((await link.pay({ use_card: 'on_file' })).status, 402);
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'pm_card_visa' }), 200);
  // The bank may be too late: then the new card pays.
  const late = approve().catch(() => undefined);
  await Promise.all([site.app.tollgate.worker.drain(), late, link.get(`${link.url}?from=bank`)]);
  await site.runAt('2026-02-09T11:00:00Z', 'finish_orders', RENEW);
  await requirePaidOnce();
});

test('S45: the link charges on the account of the provider, as the renewal did', async () => {
  const { profile } = await site.provider('club');
  await connectBank(site.ctx, profile.id);
  const { account } = await site.app.db.selectFrom('payout_accounts').select('account').executeTakeFirstOrThrow();
  await actAt(emulator, `accounts/${account}`, 'ready');
  await site.app.db.updateTable('payout_accounts').set({ charges_enabled: true, fee_payer: 'account' }).execute();
  await site.plan('basic', { provider_id: profile.id });
  await buy(site.xia, 'basic');
  const link = await openFailedRenewal();
  assert.ok(link.page.text.includes(`data-account="${account}"`), 'the form takes the card on that account');
  assert.equal((await link.pay({ use_card: 'on_file' })).status, 402);
  await approve();
  assert.equal((await link.get(`${link.url}?from=bank`)).status, 303);
  await requirePaidOnce();
  const accounts = await site.app.db.selectFrom('charges').select('account').execute();
  assert.deepEqual(accounts, [{ account }, { account }]);
});

test('S44, S46: a renewal whose bank wants the payer already at the copy of the card, before a payment exists, is finished by the link', async () => {
  const { profile } = await site.provider('club');
  await site.plan('basic', { provider_id: profile.id });
  await site.buy(site.xia, 'xia', 'basic', { token: 'pm_card_visa' });
  await connectBank(site.ctx, profile.id);
  const { account } = await site.app.db.selectFrom('payout_accounts').select('account').executeTakeFirstOrThrow();
  await actAt(emulator, `accounts/${account}`, 'ready');
  await site.app.db.updateTable('payout_accounts').set({ charges_enabled: true, fee_payer: 'account' }).execute();
  const values = { code: 'authentication_required', decline_code: 'authentication_required' };
  emulator.control.addFault({ name: '402', values, match: { method: 'POST', path: '/v1/payment_methods', account } });
  await site.runAt(DAY_0, RENEW);
  assert.deepEqual(await attemptsOf(site), ['renewal action 02-09T10:00']);
  assert.deepEqual(statuses(), ['succeeded'], 'the renewal made no payment');
  emulator.control.clearFaults();
  const browser = browserClient(site.app);
  const url = await finishUrl(site);
  assert.match((await browser.get(url)).text, /ending in 4242/);
  const paid = await browser.post(url, { amount: '9000', unit: 'usd', use_card: 'on_file' });
  assert.equal(paid.status, 303, paid.text);
  await requirePaidOnce();
});
