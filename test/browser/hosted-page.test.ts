import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { default_keys, type RunningEmulator, startEmulator } from '../../src/stripe-emulator/index.ts';
import { openVisit, openVisitAs } from '../support/browser-visits.ts';
import { type ChangeSite, startChanges } from '../support/changes.ts';
import { openChromium, withoutChromium } from '../support/chromium.ts';

const password = 'correct horse 7';
const skip = withoutChromium;
const [stripe_secret_key, stripe_publishable_key] = default_keys;

let emulator: RunningEmulator;
let site: ChangeSite;
let browser: Browser;
let origin: string;

before(async () => {
  if (skip !== false) return;
  emulator = await startEmulator({ clock: { now: () => new Date(Date.now()) } });
  site = await startChanges({
    now: new Date(Date.now()),
    config: {
      terms_required: false,
      processor: 'stripe',
      stripe_secret_key,
      stripe_publishable_key,
      stripe_api_url: emulator.url,
      pay_later_allowed: true,
    },
  });
  await site.plan('basic', { period_amount: 2000 });
  origin = await site.app.tollgate.listen();
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await site?.close();
  await emulator?.stop();
});

/** Opens the checkout of a cart with one plan. */
async function openCheckout(name: string, javaScriptEnabled: boolean): Promise<Page> {
  const call = await site.register(name);
  await call('POST', '/api/cart', { plan: 'basic' });
  const { page } = await openVisitAs(browser, name, { origin, javaScriptEnabled, password });
  if (javaScriptEnabled) await page.route('**/stripe.js', (route) => route.abort());
  await page.goto(`/billing/${name}/checkout/`);
  return page;
}

/** Fills the page of the processor. */
async function payThere(page: Page, number = '4242424242424242'): Promise<void> {
  await page.waitForURL(`${emulator.url}/c/pay/**`);
  for (const [name, text] of [
    ['number', number],
    ['expiry', '12/30'],
    ['cvc', '123'],
  ] as const)
    await page.locator(`input[name=${name}]`).fill(text);
  await page.locator('main form button').first().click();
}
const cardsOf = async (name: string) =>
  site.app.db
    .selectFrom('charges')
    .innerJoin('profiles', 'profiles.id', 'charges.profile_id')
    .select(['state', 'last4'])
    .where('slug', '=', name)
    .execute();

test('S28: a buyer without scripts goes back from the page of the processor, then pays there', { skip }, async () => {
  const page = await openCheckout('dana', false);
  await page.locator('#pay-button').click();
  await page.waitForURL(`${emulator.url}/c/pay/**`);
  await page.locator('a[href*="left="]').click();
  await page.waitForURL(/\/billing\/dana\/checkout\//);
  await page.locator('#pay-button').click();
  await payThere(page);
  await page.waitForURL(/\/billing\/dana\/receipt\//);
  assert.deepEqual(await cardsOf('dana'), [{ state: 'done', last4: '4242' }]);
});

test('S28: without scripts a payment on the page of the processor is confirmed at the bank', { skip }, async () => {
  const page = await openCheckout('erin', false);
  await page.locator('#pay-button').click();
  await payThere(page, '4000002760003184');
  await page.getByRole('button', { name: 'Approve payment' }).click();
  await page.waitForURL(/\/billing\/erin\/receipt\//);
  assert.deepEqual(await cardsOf('erin'), [{ state: 'done', last4: '3184' }]);
});

test('a form that cannot be loaded offers the page of the processor', { skip }, async () => {
  const page = await openCheckout('finn', true);
  await page.getByText('The card form could not be loaded.').waitFor();
  await page.getByRole('button', { name: 'Enter the card on the page of the payment processor' }).click();
  await payThere(page);
  await page.waitForURL(/\/billing\/finn\/receipt\//);
  assert.deepEqual(await cardsOf('finn'), [{ state: 'done', last4: '4242' }]);
});

test('without scripts a card is kept, and a visitor pays a link', { skip }, async () => {
  const call = await site.register('gina');
  const { page } = await openVisitAs(browser, 'gina', { origin, javaScriptEnabled: false, password });
  await page.goto('/billing/gina/card/');
  await page.getByRole('button', { name: 'Save card' }).click();
  await payThere(page);
  await page.waitForURL(/\/billing\/gina\/card\/$/);
  await page.getByText('The card was saved.').waitFor();

  await call('POST', '/api/cart', { plan: 'basic' });
  await call('GET', '/api/billing/gina/checkout');
  const placed = await call('POST', '/api/billing/gina/checkout/paylater', {});
  const code = placed.json<{ claim_code: string }>().claim_code;
  const { page: visit } = await openVisit(browser, { origin, javaScriptEnabled: false });
  await visit.goto(`/billing/payments/${code}/`);
  await visit.getByRole('button', { name: /^Pay / }).click();
  await payThere(visit);
  await visit.getByText('This order is paid').first().waitFor();
  assert.deepEqual(await cardsOf('gina'), [{ state: 'done', last4: '4242' }]);
});
