import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { default_keys, type RunningEmulator, startEmulator } from '../../src/stripe-emulator/index.ts';
import { openVisit } from '../support/browser-visits.ts';
import { BEGIN, type ChangeSite, dueOf, startChanges } from '../support/changes.ts';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { RENEW, token_lifetime_s } from '../support/dunning.ts';
import { buyWithConfirmation } from '../support/finish-links.ts';

const skip = withoutChromium;
const [stripe_secret_key, stripe_publishable_key] = default_keys;
const payers = ['xia', 'yara', 'zoe'] as const;

let emulator: RunningEmulator;
let site: ChangeSite;
let browser: Browser;
let origin: string;

before(async () => {
  if (skip !== false) return;
  let clock: { now(): Date } = { now: () => new Date(BEGIN) };
  emulator = await startEmulator({ clock: { now: () => clock.now() } });
  site = await startChanges({
    config: {
      token_lifetime_s,
      processor: 'stripe',
      stripe_secret_key,
      stripe_publishable_key,
      stripe_api_url: emulator.url,
    },
  });
  clock = site.app.clock;
  origin = await site.app.tollgate.listen(); // before the mails, which name the address
  await site.plan('basic');
  for (const payer of payers) {
    const call = payer === 'xia' ? site.xia : await site.register(payer);
    await buyWithConfirmation(emulator, call, { payer, plan: 'basic' });
  }
  await site.app.db.updateTable('users').set({ email_verified_at: site.app.clock.now() }).execute();
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  await site.app.tollgate.worker.drain();
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await site?.close();
  await emulator?.stop();
});

/** Opens the link of the mail in a browser that is not signed in. */
async function openLink(name: string, javaScriptEnabled: boolean) {
  const visit = await openVisit(browser, { origin, javaScriptEnabled });
  const { page } = visit;
  await page.goto(`/_dev/mail?to=${name}@example.com`);
  const mail = page.locator('article', { hasText: 'Your bank wants you to confirm a payment' }).first();
  await mail.getByRole('link').first().click();
  await page.waitForURL(/\/billing\/finish\/[0-9a-f]{40}\/$/);
  await page.getByRole('heading', { name: 'Confirm your payment' }).waitFor();
  await page.getByText('$90.00').first().waitFor();
  assert.doesNotMatch(await page.locator('body').innerText(), new RegExp(name, 'i'), 'the page names no payer');
  return visit;
}

/** Fills the page of the processor. */
async function payThere(page: Page): Promise<void> {
  await page.waitForURL(`${emulator.url}/c/pay/**`);
  for (const [name, text] of [
    ['number', '4242424242424242'],
    ['expiry', '12/30'],
    ['cvc', '123'],
  ] as const)
    await page.locator(`input[name=${name}]`).fill(text);
  await page.locator('main form button').first().click();
}

const pay = (page: Page) => page.getByRole('button', { name: 'Pay $90.00' }).click();
async function requirePaid(page: Page, name: string, last4: string): Promise<void> {
  await page.getByRole('heading', { name: 'This is paid' }).waitFor();
  const charges = await site.app.db
    .selectFrom('charges')
    .innerJoin('profiles', 'profiles.id', 'charges.profile_id')
    .select(['state', 'last4'])
    .where('slug', '=', name)
    .orderBy('charges.id')
    .execute();
  const bought = { state: 'done', last4: '3184' };
  assert.deepEqual(charges, [bought, { state: 'done', last4 }]);
  assert.equal(await dueOf(await site.signIn(name), name), 0);
}

test('S45, S79: the link of the mail confirms the payment at the bank, and is used up then', { skip }, async () => {
  const { page, inspect } = await openLink('xia', true);
  await page.getByText('Card ending in 3184').waitFor();
  await inspect('finish link');
  const url = page.url();
  await pay(page);
  await page.getByRole('link', { name: 'Continue at your bank' }).click();
  await page.getByRole('button', { name: 'Approve payment' }).click();
  await page.getByText('Thank you. $90.00 was paid.').waitFor();
  await requirePaid(page, 'xia', '3184');
  await page.goto(url);
  await requirePaid(page, 'xia', '3184');
  await inspect('paid finish link');
});

test('S45: without scripts the link leads to the page of the processor', { skip }, async () => {
  const { page } = await openLink('yara', false);
  assert.equal(await page.getByText('Card ending in 3184').isVisible(), false);
  await page.locator('noscript p').waitFor(); // says that the page of the processor follows
  await pay(page);
  await page.waitForURL(`${emulator.url}/c/pay/**`);
  await page.locator('a[href*="left="]').click();
  await page.getByRole('heading', { name: 'Confirm your payment' }).waitFor();
  await pay(page);
  await payThere(page);
  await requirePaid(page, 'yara', '4242');
});

test('S45: a payer whose bank refuses goes on with another card', { skip }, async () => {
  const { page } = await openLink('zoe', true);
  await pay(page);
  await page.getByRole('link', { name: 'Continue at your bank' }).click();
  await page.getByRole('button', { name: 'Fail authentication' }).click();
  await page.getByText('You were not charged. Your bank could not confirm the payment.').waitFor();
  await page.getByLabel('Another card').check();
  const frame = page.locator('tg-card-element iframe').first().contentFrame();
  await frame.getByLabel('Card number').fill('4242424242424242');
  await page.keyboard.press('Tab');
  await page.keyboard.type('1230');
  await page.keyboard.press('Tab');
  await page.keyboard.type('123');
  await pay(page);
  await requirePaid(page, 'zoe', '4242');
});
