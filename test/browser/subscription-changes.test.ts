import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { openVisitAs, type Visit } from '../support/browser-visits.ts';
import { type ChangeSite, H, startChanges } from '../support/changes.ts';
import { openChromium, withoutChromium } from '../support/chromium.ts';

const password = 'correct horse 7';

let site: ChangeSite;
let browser: Browser;
let origin: string;

before(async () => {
  if (withoutChromium !== false) return;
  site = await startChanges({ config: { terms_required: false } });
  await site.plan('basic', { pause_days_max: 60 });
  await site.plan('pro');
  await site.buy(site.xia, 'xia', 'basic');
  await site.buy(await site.register('yara'), 'yara', 'basic');
  site.moveTo(H);
  origin = await site.app.tollgate.listen();
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const skip = withoutChromium;
const open = async (name: string, javaScriptEnabled: boolean): Promise<Visit> =>
  openVisitAs(browser, name, { origin, javaScriptEnabled, password });
const button = (page: Page, name: string | RegExp) => page.getByRole('main').getByRole('button', { name });
const follow = (page: Page, name: string) => page.getByRole('main').getByRole('link', { name }).first().click();
/** Waits for a text on the page. */
const see = async (page: Page, ...texts: string[]) => {
  for (const text of texts) await page.getByText(text).first().waitFor();
};

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
  const name = javaScriptEnabled ? 'xia' : 'yara';

  test(`${how}, a subscriber pauses, resumes, stops, takes it back and changes the plan`, { skip }, async () => {
    const { page, inspect } = await open(name, javaScriptEnabled);
    await page.goto(`/profile/${name}/subscriptions/`);
    await follow(page, 'Pause basic');
    await page.getByLabel('Resumes on').fill('2026-02-05');
    await button(page, 'See what happens').click();
    await see(page, 'stops now', 'The paid time is kept.');
    await button(page, /^Pause until /).click();
    await see(page, 'basic is paused until');
    await follow(page, 'Resume basic');
    await button(page, 'Resume now').click();
    await see(page, 'basic runs. It is paid until');

    await follow(page, 'Stop basic');
    await see(page, 'You can take this back until');
    await page.getByLabel('Why do you stop?').selectOption('too_expensive');
    await button(page, /^Stop on /).click();
    await see(page, 'basic ends on');
    // The message takes it back; afterwards the page does.
    await page.getByRole('button', { name: 'Take it back' }).click();
    await see(page, 'basic goes on and renews again.');
    await follow(page, 'Stop basic');
    await button(page, /^Stop on /).click();
    await follow(page, 'Keep or end basic');
    await see(page, 'Cancelled on');
    await button(page, 'Keep basic').click();
    await see(page, 'basic goes on and renews again.');

    await follow(page, 'Change plan basic');
    await page.getByLabel(/^pro/).check();
    await button(page, 'See what changes').click();
    const effect = page.locator('.tg-effect');
    for (const text of ['$45.00', '$124.50', '$79.50', '$249.00']) await effect.getByText(text).first().waitFor();
    await inspect('preview of the change');
    await button(page, 'Pay $79.50 and change').click();
    await see(page, 'The subscription is pro now.');
    await page.getByRole('heading', { name: 'pro', exact: true }).waitFor();

    await page.goto(`/billing/${name}/history/`);
    await page
      .getByRole('row', { name: /79\.50/ })
      .getByRole('link')
      .first()
      .click();
    await page.waitForURL(/\/receipt\//);
    await see(page, '$124.50', '$45.00', '$79.50');
    await inspect('receipt of the change');
    await page.context().close();
  });
}

test('a provider reads the figures, the chart with the keyboard, its table, and its download', { skip }, async () => {
  const { page, inspect } = await open('operator', true);
  await page.goto('/metrics/cowork/dashboard/?period=month');
  const tile = page.locator('.tg-stat', { hasText: 'Money in this month' });
  const figure = page.locator('figure.tg-chart').first();
  await figure.locator('summary').focus();
  await page.keyboard.press('Enter');
  const table = await rowsOf(figure.locator('table'));
  const running = table.at(-1) ?? [];
  assert.equal(running[1], '$339.00', 'two sales and two changes');
  assert.ok((await tile.locator('.tg-figure').innerText()).startsWith('$339.00'));
  await inspect('home with the table of its chart');

  // The arrow keys read the chart from its latest period, as the table does.
  await figure.locator('.tg-plot-picture').focus();
  for (const row of [running, table.at(-2) ?? []]) {
    await page.keyboard.press('ArrowLeft');
    assert.equal(await figure.locator('.tg-readout').innerText(), readAloud(table[0] ?? [], row));
  }

  const arrives = page.waitForEvent('download');
  await figure.getByRole('link', { name: 'CSV of this chart' }).click();
  const [head = [], ...lines] = parseCsv(await readFile(await (await arrives).path(), 'utf8'));
  assert.equal(lines.length, table.length - 1);
  for (const [index, line] of lines.entries())
    assert.deepEqual(line.slice(1).map(Number), table[index + 1]?.slice(1, head.length).map(numberOf));
  await page.context().close();
});

/** Returns the texts of a table, its head first. */
async function rowsOf(table: Locator): Promise<string[][]> {
  const rows = await table.getByRole('row').all();
  return Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
}

const readAloud = (head: string[], [name = '', ...cells]: string[]): string =>
  `${name}: ${cells.map((cell, index) => `${head[index + 1] ?? ''} ${cell}`).join(', ')}`;
const parseCsv = (text: string): string[][] =>
  text
    .replace('\uFEFF', '')
    .trim()
    .split('\r\n')
    .map((line) => line.split(',').map((cell) => cell.replaceAll('"', '')));
/** Returns the number of an amount such as `−$1,049.00`. */
const numberOf = (text: string): number => Number(text.replace('−', '-').replaceAll(/[$,]/g, ''));
