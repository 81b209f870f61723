import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openVisitAs } from '../support/browser-visits.ts';
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
const visitAs = async (username: string, javaScriptEnabled: boolean) =>
  openVisitAs(browser, username, { origin: journey.origin, javaScriptEnabled });

/** Status of the application for the signed-in user, and what it shows. */
async function openApplication(page: Page): Promise<string> {
  await page.goto('/app/donny/');
  return (await page.locator('body').textContent()) ?? '';
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

  test(`${how}, a broker connects the application and replaces its key`, { skip }, async () => {
    const { page, inspect } = await visitAs('donny', javaScriptEnabled);
    await page.goto('/proxy/rules/');
    await page
      .getByRole('link', { name: /application/i })
      .and(page.locator('main a'))
      .first()
      .click();
    await page.waitForURL(/\/application\//);
    await inspect('settings of the application');
    const address = page.getByLabel('Address of the application');
    const upstream = await address.inputValue();
    await address.fill('http://127.0.0.1:1/');
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.getByText('The connection failed.').waitFor();
    assert.equal(await address.inputValue(), 'http://127.0.0.1:1/', 'the input stays');
    await inspect('failed connection');
    await address.fill(upstream);
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.getByText(/Your application responded with status \d+/).waitFor();
    await page.getByRole('button', { name: 'Save the settings' }).click();
    await page.getByText('The settings of your application were saved.').waitFor();

    const connected = await openApplication(page);
    await page.goto('/proxy/rules/application/');
    await page.getByRole('link', { name: 'Make a new key…' }).click();
    await page.getByText('refuses every request until it has the new key').waitFor();
    await inspect('confirmation of the key');
    await page.getByRole('button', { name: 'Make a new key', exact: true }).click();
    await page.getByRole('alert').waitFor();
    const [, name = ''] = /Type (\S+) to confirm/.exec((await page.locator('main').textContent()) ?? '') ?? [];
    await page.getByLabel(/^Type .* to confirm$/).fill(name);
    await page.getByRole('button', { name: 'Make a new key', exact: true }).click();
    await page.getByRole('heading', { name: 'The new session key' }).waitFor();
    await inspect('new key');
    const key = ((await page.locator('main pre').textContent()) ?? '').trim();
    assert.match(key, /^[A-Za-z0-9_-]{32,}$/);
    assert.notEqual(await openApplication(page), connected, 'the application refuses sessions of the new key');
    journey.upstream.setKey(key);
    assert.equal(await openApplication(page), connected);
    await page.context().close();
  });
}

test('with the keyboard, a provider searches a list, opens a row and leaves its confirmation', { skip }, async () => {
  const { page, inspect } = await visitAs('donny', true);
  const { keyboard } = page;
  const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
  await page.goto('/billing/cowork/coupons/');
  await page.getByText('Create a code').focus();
  await keyboard.press('Enter');
  await page.getByLabel('Code', { exact: true }).focus();
  await keyboard.type('SPRING');
  await keyboard.press('Tab');
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowUp');
  await keyboard.press('Tab');
  await keyboard.type('25');
  await keyboard.press('Enter');
  await page.getByText('The code SPRING was created.').waitFor();
  await inspect('list of codes');

  await page.locator('h1').click();
  await keyboard.press('/');
  await keyboard.type('spri');
  await page.waitForURL(/q=spri/);
  await keyboard.press('Tab');
  await page.locator('h1').click();
  await keyboard.press('j');
  assert.equal(await focused(), 'SPRING');
  await keyboard.press('Enter');
  await page.waitForURL(/\/coupons\/SPRING\//);
  await inspect('code');

  await page.goBack();
  await page.waitForURL(/q=spri/);
  await page.getByRole('button', { name: 'Actions for SPRING' }).focus();
  await keyboard.press('Enter');
  await page.getByRole('link', { name: 'Delete' }).focus();
  await keyboard.press('Enter');
  await page.waitForURL(/\/delete\//);
  assert.match((await page.locator('h1').textContent()) ?? '', /SPRING/);
  await inspect('confirmation');
  await page.getByRole('link', { name: /^Keep/ }).focus();
  await keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === '/billing/cowork/coupons/');
  await page.context().close();
});

test(
  'with the keyboard, a dialog of a confirmation closes with Escape and gives the focus back',
  { skip },
  async () => {
    const { page, inspect } = await visitAs('donny', true);
    await page.goto('/proxy/rules/application/');
    const link = page.getByRole('link', { name: 'Make a new key…' });
    await link.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Make a new session key' });
    await dialog.waitFor();
    assert.equal(await dialog.locator(':focus').getAttribute('name'), 'typed_name');
    await inspect('dialog');
    for (let count = 0; count < 8; count += 1) {
      await page.keyboard.press('Tab');
      const is_outside = await page.evaluate<boolean>(
        `document.activeElement !== document.body && document.activeElement.closest('dialog') === null`,
      );
      assert.equal(is_outside, false, 'the focus stays in the dialog');
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await link.evaluate((element) => element === element.ownerDocument.activeElement), true);
    await page.context().close();
  },
);

test('without scripts, a code keeps what was typed in the payment form', { skip }, async () => {
  const { page } = await visitAs('donny', false);
  await page.goto('/billing/cowork/coupons/');
  await page.getByText('Create a code').click();
  await page.getByLabel('Code', { exact: true }).fill('AUTUMN');
  await page.getByLabel('Saves').fill('50');
  await page.getByRole('button', { name: 'Create the code' }).click();
  await page.getByText('The code AUTUMN was created.').waitFor();

  const buyer = await visitAs('xia', false);
  await buyer.page.goto('/pricing/');
  await buyer.page
    .locator('form', { has: buyer.page.locator('input[name="plan"][value="basic"]') })
    .getByRole('button')
    .click();
  await buyer.page.waitForURL(/\/checkout\//);
  const pay = buyer.page.getByRole('button', { name: /^Pay / });
  const price = await pay.textContent();
  await buyer.page.getByLabel('Name on the card').fill('Xia Lee');
  await buyer.page.getByLabel('Keep this card').check();
  await buyer.page.getByLabel('Discount code').fill('AUTUMN');
  await buyer.page.keyboard.press('Enter');
  await buyer.page.getByText('Code AUTUMN is applied.').waitFor();
  assert.notEqual(await pay.textContent(), price);
  assert.equal(await buyer.page.getByLabel('Name on the card').inputValue(), 'Xia Lee');
  assert.equal(await buyer.page.getByLabel('Keep this card').isChecked(), true);
  await buyer.page.context().close();
  await page.context().close();
});
