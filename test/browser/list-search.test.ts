import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
let browser: Browser;
let origin: string;
before(async () => {
  if (withoutChromium !== false) return;
  app = await startApp();
  origin = await app.tollgate.listen();
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await app?.close();
});

const sample = (state: string) => `${origin}/_dev/gallery/pieces-dev-lists/${state}/`;

/** Opens the list of the gallery; the addresses of its links respond with `status` and another of its samples. */
async function openList({ status = 200, scripts = true } = {}): Promise<{ page: Page; asked: string[] }> {
  const context = await browser.newContext({ javaScriptEnabled: scripts });
  const page = await context.newPage();
  const asked: string[] = [];
  await page.route('**/billing/charges/**', async (route) => {
    asked.push(new URL(route.request().url()).search);
    const response = await route.fetch({ url: sample('nothing_found') });
    await route.fulfill({ response, status });
  });
  await page.goto(sample('typical'));
  return { page, asked };
}

test(
  'typing replaces the list once, announces the count, keeps the field and can be undone by Back',
  { skip: withoutChromium },
  async () => {
    const { page, asked } = await openList();
    const field = page.getByRole('searchbox', { name: 'Customer, reference or amount' });
    await field.pressSequentially('harbour', { delay: 20 });
    await page.getByText('No charge matches “harbour”').waitFor();
    assert.deepEqual(asked, ['?q=harbour&start_at=2026-11-01&ends_at=2026-11-26']);
    assert.equal(new URL(page.url()).search, asked[0]);
    assert.equal(await field.inputValue(), 'harbour');
    assert.equal(await field.evaluate((element) => element === element.ownerDocument.activeElement), true);
    assert.equal(await page.locator('[data-list-status]').textContent(), 'no charges');
    await page.goBack();
    await page.getByText('Blue Heron Legal').first().waitFor();
    await page.context().close();
  },
);

test(
  'keys search, move between rows and show themselves, but not while a field has the focus',
  { skip: withoutChromium },
  async () => {
    const { page } = await openList();
    const focused = () => page.evaluate('document.activeElement.textContent');
    await page.keyboard.press('j');
    assert.equal(await focused(), '$54.00');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    assert.equal(await focused(), '€1,121.20');
    await page.keyboard.press('k');
    assert.equal(await focused(), '$54.00');
    await page.keyboard.press('?');
    assert.equal(await page.getByText('Next and previous row').isVisible(), true);
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('j?');
    assert.equal(await page.locator('tg-list-search input[type=search]').inputValue(), 'j?');
    await page.context().close();
  },
);

test('a list that cannot be replaced is opened as a page', { skip: withoutChromium }, async () => {
  const { page, asked } = await openList({ status: 500 });
  await page.locator('tg-list-search input[type=search]').fill('harbour');
  await page.waitForURL('**/billing/charges/?q=harbour**');
  assert.equal(asked.length, 2);
  await page.context().close();
});

test(
  'without scripts, Enter searches, a filter opens and Apply sends it with the others',
  { skip: withoutChromium },
  async () => {
    const { page, asked } = await openList({ scripts: false });
    await page.getByRole('button', { name: 'Amount' }).first().click();
    await page.getByLabel('From', { exact: true }).fill('59');
    await page.getByRole('dialog', { name: 'Amount' }).getByRole('button', { name: 'Apply' }).click();
    assert.deepEqual(asked, ['?start_at=2026-11-01&ends_at=2026-11-26&amount_min=59&amount_max=']);
    await page.goto(sample('typical'));
    await page.locator('tg-list-search input[type=search]').fill('xia');
    await Promise.all([page.waitForURL(/q=xia/), page.keyboard.press('Enter')]);
    assert.equal(asked[1], '?q=xia&start_at=2026-11-01&ends_at=2026-11-26');
    await page.context().close();
  },
);
