import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openVisit, openVisitAs } from '../support/browser-visits.ts';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { type Journey, startJourney } from '../support/start-journey.ts';

let journey: Journey;
let browser: Browser;

before(async () => {
  if (withoutChromium !== false) return;
  journey = await startJourney();
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await journey?.close();
});

const skip = withoutChromium;
const phone = { width: 390, height: 844 };

const visit = async (javaScriptEnabled: boolean, viewport: { width: number; height: number }) =>
  openVisit(browser, { origin: journey.origin, javaScriptEnabled, viewport });
const visitAs = async (username: string, javaScriptEnabled: boolean) =>
  openVisitAs(browser, username, { origin: journey.origin, javaScriptEnabled });

async function pay(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name on the card').fill(name);
  await page.getByLabel('Card number').fill('4242 4242 4242 4242');
  await page.getByLabel('Expiry date').fill('12/30');
  await page.getByLabel('Security code').fill('123');
  await page.getByRole('button', { name: /^Pay / }).click();
  await page.waitForURL(/\/receipt\//);
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

  test(`${how}, a provider creates a plan, sells it and refunds the charge`, { skip }, async () => {
    const title = javaScriptEnabled ? 'Studio' : 'Workshop';
    const { page, inspect } = await visitAs('donny', javaScriptEnabled);
    await page.goto('/profile/cowork/plans/new/');
    await page.getByLabel('Name', { exact: true }).first().fill(title);
    await page.getByLabel('Price', { exact: true }).fill('1,121.20');
    await page.getByRole('button', { name: 'Add another discount' }).click();
    await page.getByRole('group', { name: 'Discount 2' }).waitFor();
    assert.equal(await page.getByLabel('Price', { exact: true }).inputValue(), '1,121.20');
    await page.getByLabel('On sale').check();
    await inspect('new plan');
    await page.getByRole('button', { name: 'Create the plan' }).click();
    await page.getByText(`${title} was created.`).waitFor();
    assert.match((await page.locator('.tg-plan').textContent()) ?? '', /\$1,121\.20/);
    await inspect('plan');

    const buyer = await visitAs(javaScriptEnabled ? 'xia' : 'kenneth', javaScriptEnabled);
    await buyer.page.goto('/pricing/');
    await buyer.page
      .locator('form', { has: buyer.page.locator(`input[name="plan"][value="${title.toLowerCase()}"]`) })
      .getByRole('button')
      .click();
    await buyer.page.waitForURL(/\/checkout\//);
    await pay(buyer.page, 'Xia Lee');
    await buyer.page.context().close();

    await page.goto('/billing/charges/');
    assert.match((await page.locator('main').textContent()) ?? '', /\$1,121\.20[^]* in total/);
    await inspect('charges');
    await page
      .getByRole('row', { name: new RegExp(title) })
      .getByRole('link')
      .first()
      .click();
    await page.waitForURL(/\/receipt\//);
    await inspect('charge');
    await page.getByRole('link', { name: 'Refund…', exact: true }).click();
    await page.waitForURL(/\/refund\//);
    await inspect('refund');
    await page.getByRole('button', { name: 'See what happens' }).click();
    await inspect('effect of the refund');
    await page.getByRole('button', { name: /^Refund \$1,121\.20/ }).click();
    await page.waitForURL((url) => !url.pathname.endsWith('/refund/'));
    assert.match((await page.locator('main').textContent()) ?? '', /Refunded/);
    await inspect('refunded charge');
    await page.context().close();
  });

  test(`${how}, a visitor with a phone chooses a plan, registers, pays and sees the receipt`, { skip }, async () => {
    const username = javaScriptEnabled ? 'nora' : 'noel';
    const { page, inspect } = await visit(javaScriptEnabled, phone);
    await page.goto('/pricing/');
    await inspect('pricing');
    await page
      .locator('form', { has: page.locator('input[name="plan"][value="basic"]') })
      .getByRole('button')
      .click();
    if (/\/login\//.test(page.url()))
      await page
        .getByRole('link', { name: /create an account|register/i })
        .first()
        .click();
    await inspect('register');
    await page.getByLabel('Full name').fill('Nora Walker');
    await page.getByLabel('E-mail address').first().fill(`${username}@example.com`);
    await page.getByText('choose a user name').click();
    await page.getByLabel('User name').fill(username);
    await page.locator('input[name="new_password"]').fill('correct horse 7');
    await page.locator('input[name="terms-of-use"]').check();
    await page.getByRole('button', { name: /create|register|sign up/i }).click();
    await page.waitForURL(/\/checkout\//);
    await inspect('checkout');
    await pay(page, 'Nora Walker');
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Receipt');
    await inspect('receipt');
    await page.context().close();
  });
}

test('with the keyboard, a broker adds a rule, tries it and moves it', { skip }, async () => {
  const { page, inspect } = await visitAs('donny', true);
  const { keyboard } = page;
  await page.goto('/proxy/rules/');
  await inspect('rules');
  await press(page, 'link', 'Add a rule', 'Enter');
  await page.waitForURL(/\/proxy\/rules\/new\//);
  await page.getByLabel('Path').focus();
  await keyboard.type('/reports/');
  await keyboard.press('Tab');
  await keyboard.type('Subscribers of a plan');
  await inspect('new rule');
  await press(page, 'button', 'Save the rule', 'Enter');
  await page.getByText('The rule for /reports/ decides from now on.').waitFor();
  await untilAt(page, 0, '/reports/');

  await page.getByRole('textbox', { name: 'Path' }).focus();
  await keyboard.type('/reports/2026');
  await keyboard.press('Tab');
  await keyboard.type('A visitor');
  await press(page, 'button', 'Try it', 'Enter');
  await page.getByText('Rule 1, /reports/, decides.').waitFor();
  assert.match((await page.locator('main').textContent()) ?? '', /Rule 1, \/reports\/, decides/);
  await inspect('tried rule');

  await press(page, 'button', 'Move /reports/ with the arrow keys', 'Space');
  await keyboard.press('ArrowDown');
  await page.getByText(/Position 2 of/).waitFor({ state: 'attached' });
  await keyboard.press('Escape');
  // Escape takes it back.
  await untilAt(page, 0, '/reports/');
  await keyboard.press('Space');
  await keyboard.press('ArrowDown');
  await Promise.all([page.waitForEvent('load'), keyboard.press('Space')]);
  await untilAt(page, 1, '/reports/');
  await page.context().close();
});

test('without scripts, a broker adds a rule, tries it and moves it', { skip }, async () => {
  const { page } = await visitAs('donny', false);
  await page.goto('/proxy/rules/new/');
  await page.getByLabel('Path').fill('/files/');
  await page.getByRole('button', { name: 'Save the rule' }).click();
  await page.getByText('The rule for /files/ decides from now on.').waitFor();
  await page.getByRole('textbox', { name: 'Path' }).fill('/files/2026');
  await page.getByLabel('As').selectOption('visitor');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('Rule 1, /files/, decides.').waitFor();
  await page.getByRole('button', { name: 'Move /files/ down' }).click();
  await untilAt(page, 1, '/files/');
  await page.context().close();
});

/** Focuses a control and presses a key on it. */
async function press(page: Page, role: 'button' | 'link', name: string, key: string): Promise<void> {
  await page.getByRole(role, { name, exact: true }).focus();
  await page.keyboard.press(key);
}

/** Waits until the rule at an index is that of a path. A page that was asked for may be loading still. */
async function untilAt(page: Page, index: number, path: string): Promise<void> {
  const rule = page.locator('[data-rule]').nth(index);
  await rule.and(page.locator(`[data-name="${path}"]`)).waitFor({ state: 'attached' });
}
