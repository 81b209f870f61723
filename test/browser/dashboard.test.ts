import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
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

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

  test(`${how}, a provider reads the home, changes the period and opens the rows of a figure`, { skip }, async () => {
    const { page, inspect } = await openVisitAs(browser, 'donny', { origin: journey.origin, javaScriptEnabled });
    await page.goto('/metrics/cowork/dashboard/');
    for (const label of ['Money in this month', 'Recurring revenue', 'Due from subscribers', 'Failed payments'])
      await page.locator('dt', { hasText: label }).first().waitFor();
    await inspect('home');
    await page.getByRole('link', { name: 'Weeks', exact: true }).click();
    await page.waitForURL(/period=week/);
    await page.locator('dt', { hasText: 'Money in this week' }).first().waitFor();

    // Each tile opens its list.
    const tiles = page.locator('.tg-figure a');
    const count = await tiles.count();
    assert.equal(count, 4);
    for (let index = 0; index < count; index += 1) {
      await page.goto('/metrics/cowork/dashboard/?period=year');
      await tiles.nth(index).click();
      await page.locator('main h1').waitFor();
      assert.ok(!page.url().includes('/dashboard/'), page.url());
    }

    // The table below a chart is opened with the keyboard.
    await page.goto('/metrics/cowork/revenue/?tab=deferred&nb_periods=3');
    const summary = page.locator('summary', { hasText: 'Show as a table' }).first();
    await summary.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'CSV of this chart' }).first().waitFor();
    await inspect('deferred income');
    await page.locator('section', { hasText: 'All figures' }).getByRole('link').last().click();
    await page.waitForURL(/\/metrics\/cowork\/entries\//);
    await page.context().close();
  });
}
