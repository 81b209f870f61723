import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const skip = withoutChromium;
let app: TestApp;
let browser: Browser;
let page: Page;
let origin: string;
/** Forms that the page sent. */
let sent: URLSearchParams[] = [];

before(async () => {
  if (skip !== false) return;
  app = await startApp();
  origin = await app.tollgate.listen();
  browser = await openChromium();
  page = await browser.newPage();
  await page.route('**/proxy/rules/', async (route) => {
    sent.push(new URLSearchParams(route.request().postData() ?? ''));
    await route.fulfill({ status: 204 });
  });
});
after(async () => {
  await browser?.close();
  await app?.close();
});
beforeEach(async () => {
  if (skip !== false) return;
  sent = [];
  await page.goto(`${origin}/_dev/gallery/gateway-rules-app_dashboard/typical/`);
});

const order = () => page.locator('[data-rule]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-rule')));
const status = () => page.locator('[data-reorder-status]').textContent();
const sentForm = async () => {
  for (let tries = 0; tries < 50 && sent.length === 0; tries += 1) await page.waitForTimeout(50);
  return sent.map((form) => [form.get('rule'), form.get('to'), form.get('edit_version')]);
};

test('Space grabs a row, arrows move it, Space sends its new position once', { skip }, async () => {
  const grab = page.getByRole('button', { name: 'Move /app/ with the arrow keys' });
  await grab.focus();
  await page.keyboard.press('Space');
  assert.match((await status()) ?? '', /position 3 of 5.*Escape takes it back/);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  assert.deepEqual(await order(), ['3', '1', '2', '4', '5']);
  assert.equal(await status(), 'Position 1 of 5.');
  assert.equal(await grab.evaluate((button) => button === button.ownerDocument.activeElement), true);
  await page.keyboard.press('Space');
  assert.deepEqual(await sentForm(), [['3', '1', 'order:x']]);
});

test('Escape takes a grabbed row back and sends nothing', { skip }, async () => {
  await page.getByRole('button', { name: 'Move /reports/ with the arrow keys' }).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('End');
  assert.deepEqual(await order(), ['2', '3', '4', '5', '1']);
  await page.keyboard.press('Escape');
  assert.deepEqual(await order(), ['1', '2', '3', '4', '5']);
  assert.equal(await status(), 'Taken back to position 1.');
  assert.deepEqual(sent, []);
});

test('a row that the pointer drags below others is sent with its new position', { skip }, async () => {
  const grab = page.getByRole('button', { name: 'Move /reports/ with the arrow keys' });
  const [from, to] = [await grab.boundingBox(), await page.locator('[data-rule="3"]').boundingBox()];
  assert.ok(from && to);
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x, to.y + to.height - 4, { steps: 12 });
  assert.deepEqual(await order(), ['2', '3', '1', '4', '5']);
  await page.mouse.up();
  assert.deepEqual(await sentForm(), [['1', '3', 'order:x']]);
});
