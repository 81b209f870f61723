import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { createCoupon } from '#catalog';
import { createRule } from '#gateway';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { type Journey, startJourney } from '../support/start-journey.ts';

let journey: Journey;
let browser: Browser;
let page: Page;
/** Folder for screenshots of the pages; no screenshots without it. */
const pictures = process.env['SCREENSHOTS'] ?? null;

before(async () => {
  if (withoutChromium !== false) return;
  if (pictures !== null) await mkdir(pictures, { recursive: true });
  journey = await startJourney();
  const ctx = await journey.app.tollgate.makeContext('journey');
  await createRule(ctx, {
    path: '/app/{profile}/',
    allow: '15/{"profile": null, "plan": null, "brokers": null}',
    is_forward: true,
    engaged: 'app',
  });
  const half = { code: 'HALF', discount_type: 'percentage', discount_value: 5000 } as const;
  await createCoupon(ctx, { id: ctx.site.broker_id, timezone: 'UTC' }, half);
  browser = await openChromium();
  // Without motion a change of the colour scheme is complete when the screenshot is taken.
  const viewport = { width: 1280, height: 900 };
  const context = await browser.newContext({ baseURL: journey.origin, viewport, reducedMotion: 'reduce' });
  page = await context.newPage();
});
after(async () => {
  await browser?.close();
  await journey?.close();
});

let taken = 0;

/** Checks a page against WCAG 2.2 AA, in both colour schemes, and takes a screenshot. */
async function inspect(name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze();
    const faults = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`,
    );
    assert.deepEqual(faults, [], `${name} (${colorScheme})`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (pictures === null) return;
  taken += 1;
  const file = join(pictures, `${String(taken).padStart(2, '0')}-${name}`);
  await page.screenshot({ path: `${file}.png`, fullPage: true });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: `${file}-mobile.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
}

const heading = () => page.getByRole('heading', { level: 1 }).innerText();

test(
  'in a browser a visitor is refused, registers, is declined, pays, enters the application, unsubscribes and is refused',
  { skip: withoutChromium },
  async () => {
    await page.goto('/');
    await inspect('home');

    await page.goto('/app/mira/');
    assert.match(page.url(), /\/login\/\?next=/);
    await inspect('sign-in');

    await page
      .getByRole('link', { name: /create an account|register/i })
      .first()
      .click();
    await inspect('register');
    await page.getByRole('button', { name: /create|register|sign up/i }).click();
    await inspect('register-refused');
    assert.match(page.url(), /\/register\//, 'an empty form names the missing fields');

    await page.getByLabel('Full name').fill('Mira Walker');
    await page.getByLabel('E-mail address').first().fill('mira@example.com');
    await page.getByText('choose a user name').click();
    await page.getByLabel('User name').fill('mira');
    await page.locator('input[name="new_password"]').fill('correct horse 7');
    await page.locator('input[name="terms-of-use"]').check();
    await page.getByRole('button', { name: /create|register|sign up/i }).click();
    assert.match(page.url(), /\/pricing\/\?next=/, 'the refusal names the missing subscription');
    await inspect('pricing');

    await page
      .locator('form', { has: page.locator('input[name="plan"][value="basic"]') })
      .getByRole('button')
      .click();
    assert.match(page.url(), /\/billing\/mira\/checkout\//, 'nothing is to be asked in the cart');
    await inspect('checkout');
    await codesKeepTheCard();
    await periodsKeepTheCard();

    await pay('4000 0000 0000 0002');
    const alert = page.getByRole('alert').first();
    await alert.waitFor();
    assert.match(await alert.innerText(), /declined/i);
    assert.equal(await page.getByLabel('Card number').inputValue(), '4000 0000 0000 0002', 'a decline keeps the card');
    await inspect('checkout-declined');
    await pay('4242 4242 4242 4242');
    await page.waitForURL(/\/receipt\//);
    assert.match(page.url(), /\/billing\/mira\/receipt\//);
    assert.equal(await heading(), 'Receipt');
    await inspect('receipt');

    await page
      .getByRole('link', { name: /continue|open the application/i })
      .first()
      .click();
    assert.match(page.url(), /\/app\/mira\/$/);
    const inside = await page.locator('body').innerText();
    assert.match(inside, /mira/);
    assert.match(inside, /basic/);
    await inspect('application');

    await page.goto('/billing/mira/history/');
    await inspect('billing');
    await page.goto('/billing/mira/card/');
    await inspect('card');
    await page.goto('/profile/mira/contact/');
    await inspect('profile');
    await page.goto('/users/mira/roles/');
    await inspect('connected-profiles');
    await page.goto('/profile/mira/roles/');
    await inspect('roles');
    await page.goto('/profile/mira/roles/manager/');
    await inspect('managers');

    await page.goto('/profile/mira/subscriptions/');
    await inspect('subscriptions');
    await page.getByRole('link', { name: /^(Stop|Keep or end)/ }).click();
    await inspect('stop a subscription');
    await page
      .getByRole('link', { name: /^Now\b/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'End Basic now' }).click();
    await inspect('subscriptions-ended');
    await page.goto('/app/mira/');
    assert.match(page.url(), /\/pricing\/\?next=/, 'the refusal redirects to the page that resolves it');
  },
);

test(
  'in a browser each further page has its status and passes the accessibility check',
  { skip: withoutChromium },
  async () => {
    for (const [name, path, status] of [
      ['cart-empty', '/billing/mira/cart/', 200],
      ['balance', '/billing/mira/balance/', 200],
      ['legal', '/legal/', 200],
      ['terms', '/legal/terms-of-use/', 200],
      ['contact', '/contact/', 200],
      ['redeem', '/redeem/', 200],
      ['recover', '/recover/', 200],
      ['password', '/users/mira/password/', 200],
      ['second-factor', '/users/mira/otp/', 200],
      ['verify-address', '/users/verify/', 200],
      ['seats', '/billing/mira/seats/', 200],
      ['api-reference', '/docs/api/', 200],
      ['api-operations', '/docs/api/billing/', 200],
      ['not-found', '/nowhere/at/all/', 404],
      ['forbidden', '/profile/cowork/roles/', 403],
    ] as const) {
      const reply = await page.goto(path);
      assert.equal(reply?.status(), status, path);
      await inspect(name);
    }
    await journey.upstream.close();
    await page.goto('/logout/');
    await inspect('sign-out');
    await page
      .getByRole('main')
      .getByRole('button', { name: /sign out/i })
      .click();
    await page.goto('/login/');
    await page.locator('input[name="username"]').fill('donny');
    await page.locator('input[name="password"]').fill('yoyo');
    await page
      .getByRole('main')
      .getByRole('button', { name: /sign in/i })
      .click();
    await page.goto('/profile/');
    await inspect('profile-chooser');
    await page.goto('/metrics/cowork/setup/');
    await inspect('set-up');
    const reply = await page.goto('/app/cowork/');
    assert.equal(reply?.status(), 503, 'the application is down');
    await inspect('upstream-down');
  },
);

/** A code that is refused, applied and removed on the checkout page changes the price and nothing in the card form. */
async function codesKeepTheCard(): Promise<void> {
  const number = '4000 0000 0000 0002';
  await page.getByLabel('Name on the card').fill('Mira Walker');
  await page.getByLabel('Card number').fill(number);
  await page.getByLabel('Security code').fill('123');
  const payButton = page.getByRole('button', { name: /^Pay / });
  const full = await payButton.innerText();
  const apply = async (code: string) => {
    await page.getByLabel('Discount code').fill(code);
    await page.getByRole('button', { name: 'Apply the code' }).click();
  };
  await apply('NO-SUCH-CODE');
  await page.getByText('No items can be discounted').first().waitFor();
  await inspect('checkout-code-refused');
  await apply(' half\u200b');
  await page.getByRole('button', { name: 'Remove the code HALF' }).waitFor();
  assert.notEqual(await payButton.innerText(), full);
  await inspect('checkout-code');
  await page.getByRole('button', { name: 'Remove the code HALF' }).click();
  await page.getByRole('button', { name: 'Remove the code HALF' }).waitFor({ state: 'detached' });
  assert.equal(await payButton.innerText(), full);
  assert.equal(await page.getByLabel('Card number').inputValue(), number);
  assert.equal(await page.getByLabel('Name on the card').inputValue(), 'Mira Walker');
  assert.equal(await page.getByLabel('Security code').inputValue(), '123');
}

/** Another period changes the amount of the button and nothing in the card form. */
async function periodsKeepTheCard(): Promise<void> {
  const payButton = page.getByRole('button', { name: /^Pay / });
  const one = await payButton.innerText();
  await page.getByRole('radio', { name: /^3 months/ }).check();
  await page.getByRole('button', { name: 'Pay $54.00' }).waitFor();
  assert.notEqual(await payButton.innerText(), one);
  assert.ok(await page.getByRole('radio', { name: /^3 months/ }).isChecked());
  assert.equal(await page.getByLabel('Security code').inputValue(), '123');
  await inspect('checkout-3-months');
}

async function pay(number: string): Promise<void> {
  await page.getByLabel('Name on the card').fill('Mira Walker');
  await page.getByLabel('Card number').fill(number);
  await page.getByLabel('Expiry date').fill('12/30');
  await page.getByLabel('Security code').fill('123');
  await page.getByRole('button', { name: /^Pay / }).click();
}
