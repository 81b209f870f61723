import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type RunningEmulator, startEmulator } from '../../src/stripe-emulator/index.ts';
import { requireAccessible } from '../support/accessibility.ts';
import { openVisit, openVisitAs } from '../support/browser-visits.ts';
import { type ChangeSite, startChanges } from '../support/changes.ts';
import { openChromium, withoutChromium } from '../support/chromium.ts';

const password = 'correct horse 7';
const skip = withoutChromium;

let emulator: RunningEmulator;
let site: ChangeSite;
let browser: Browser;
let origin: string;

before(async () => {
  if (skip !== false) return;
  emulator = await startEmulator({ clock: { now: () => new Date(Date.now()) } });
  site = await startChanges({
    config: {
      terms_required: false,
      processor: 'stripe',
      stripe_secret_key: 'sk_test_tollgate',
      stripe_publishable_key: 'pk_test_tollgate',
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

/** Signs in, puts a plan into the cart and opens the checkout. */
async function openCheckout(name: string): Promise<Page> {
  const call = await site.register(name);
  await call('POST', '/api/cart', { plan: 'basic' });
  const { page } = await openVisitAs(browser, name, { origin, javaScriptEnabled: true, password });
  await page.goto(`/billing/${name}/checkout/`);
  return page;
}

/** Fills the form in the frame of the processor, by the keyboard only. */
async function enterCard(page: Page, number: string): Promise<void> {
  const frame = page.locator('tg-card-element iframe').first().contentFrame();
  await frame.getByLabel('Card number').fill(number);
  await page.keyboard.press('Tab');
  await page.keyboard.type('1230');
  await page.keyboard.press('Tab');
  await page.keyboard.type('123');
}
const pay = (page: Page) => page.locator('#pay-button').click();
const chargesOf = async (name: string) =>
  site.app.db
    .selectFrom('charges')
    .innerJoin('profiles', 'profiles.id', 'charges.profile_id')
    .select(['charges.state', 'charges.last4', 'charges.processor'])
    .where('slug', '=', name)
    .execute();

test('S79: a declined card, then another one, is charged in the frame of the processor', { skip }, async () => {
  const page = await openCheckout('dana');
  await page.locator('tg-card-element iframe').first().contentFrame().getByLabel('Card number').waitFor();
  await requireAccessible(page, 'checkout with the form of a processor');
  await enterCard(page, '4000000000000002');
  await pay(page);
  await page.getByText('The payment did not go through').waitFor();
  assert.deepEqual(await chargesOf('dana'), []);
  await enterCard(page, '4242424242424242');
  await page.getByLabel('Keep this card for later payments').check();
  await pay(page);
  await page.waitForURL(/\/billing\/dana\/receipt\//);
  assert.deepEqual(await chargesOf('dana'), [{ state: 'done', last4: '4242', processor: 'stripe' }]);

  // The card that was kept pays the next order.
  const call = await site.signIn('dana');
  await site.plan('extra', { period_amount: 3000 });
  await call('POST', '/api/cart', { plan: 'extra' });
  await page.goto('/billing/dana/checkout/');
  await page.getByText('Card ending in 4242').first().waitFor();
  await pay(page);
  await page.waitForURL(/\/billing\/dana\/receipt\//);
  assert.equal((await chargesOf('dana')).length, 2);
});

test('S23, S79: a payment is confirmed at the bank, and the buyer returns to the receipt', { skip }, async () => {
  const page = await openCheckout('erin');
  await enterCard(page, '4000002760003184');
  await pay(page);
  await page.getByRole('button', { name: 'Approve payment' }).click();
  await page.waitForURL(/\/billing\/erin\/receipt\//);
  assert.deepEqual(await chargesOf('erin'), [{ state: 'done', last4: '3184', processor: 'stripe' }]);
});

test('S24: a payment that the bank does not confirm leaves the cart, and another card pays', { skip }, async () => {
  const page = await openCheckout('finn');
  await enterCard(page, '4000002760003184');
  await pay(page);
  await page.getByRole('button', { name: 'Fail authentication' }).click();
  await page.waitForURL(/\/billing\/finn\/checkout\//);
  await page.getByText('You were not charged').waitFor();
  await enterCard(page, '4242424242424242');
  await pay(page);
  await page.waitForURL(/\/billing\/finn\/receipt\//);
  assert.deepEqual(await chargesOf('finn'), [{ state: 'done', last4: '4242', processor: 'stripe' }]);
});

test(
  'S43: a card that the bank must confirm is kept after the confirmation, and not without it',
  { skip },
  async () => {
    await site.register('gina');
    const { page } = await openVisitAs(browser, 'gina', { origin, javaScriptEnabled: true, password });
    for (const [answer, text, kept] of [
      ['Fail authentication', 'confirm', []],
      ['Approve payment', 'The card was saved.', [{ last4: '3155' }]],
    ] as const) {
      await page.goto('/billing/gina/card/');
      await enterCard(page, '4000002500003155');
      await page.getByRole('button', { name: 'Save card' }).click();
      await page.getByText('Nothing is charged.').waitFor();
      await page.getByRole('link', { name: 'Continue at your bank' }).click();
      await page.getByRole('button', { name: answer }).click();
      await page.waitForURL(/\/billing\/gina\/card\/$/);
      await page.getByText(text).first().waitFor();
      const found = await site.app.db
        .selectFrom('payment_methods')
        .innerJoin('profiles', 'profiles.id', 'payment_methods.profile_id')
        .select('last4')
        .where('slug', '=', 'gina')
        .execute();
      assert.deepEqual(found, kept);
    }
  },
);

test('a visitor without an account pays by a link, and comes back to it from the bank', { skip }, async () => {
  const call = await site.register('hana');
  await call('POST', '/api/cart', { plan: 'basic' });
  await call('GET', '/api/billing/hana/checkout');
  const placed = await call('POST', '/api/billing/hana/checkout/paylater', {});
  const code = placed.json<{ claim_code: string }>().claim_code;
  const { page } = await openVisit(browser, { origin, javaScriptEnabled: true });
  const submit = () => page.getByRole('button', { name: /^Pay / }).click();
  await page.goto(`/billing/payments/${code}/`);
  await enterCard(page, '4000002760003184');
  await submit();
  await page.getByRole('button', { name: 'Use another card' }).click();
  await enterCard(page, '4000002760003184');
  await submit();
  await page.getByRole('link', { name: 'Continue at your bank' }).click();
  await page.getByRole('button', { name: 'Approve payment' }).click();
  await page.getByText('This order is paid').first().waitFor();
  assert.deepEqual(await chargesOf('hana'), [{ state: 'done', last4: '3184', processor: 'stripe' }]);
});
