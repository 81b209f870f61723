import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Plan } from '#catalog';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { apiClient, registerUser } from '../support/client.ts';
import { testContext } from '../support/context.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { type Journey, startJourney } from '../support/start-journey.ts';

let journey: Journey;
let browser: Browser;
let plan: Plan;
before(async () => {
  if (withoutChromium !== false) return;
  journey = await startJourney();
  plan = await makePlan({ ...(await testContext(journey.app.db)), clock: journey.app.clock }, { title: 'Link desk' });
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await journey?.close();
});

const newPage = async (): Promise<Page> =>
  (await browser.newContext({ baseURL: journey.origin, reducedMotion: 'reduce' })).newPage();

async function fillCard(page: Page): Promise<void> {
  await page.getByLabel('Name on the card').fill('Pat Payer');
  await page.getByLabel('Card number').fill('4242 4242 4242 4242');
  await page.getByLabel(/^Expir/).fill('12/30');
  await page.getByLabel(/security code|CVC/i).fill('123');
}

const skip = withoutChromium;

test('a person without an account pays an order by its link, and the link is closed afterwards', { skip }, async () => {
  const manager = await registerBrokerManager(journey.app, 'link-seller');
  await registerUser(journey.app, 'link-buyer');
  assert.ok((await manager('POST', '/api/cart', { plan: plan.slug })).status < 300);
  const placed = await manager('POST', '/api/billing/link-buyer/checkout/paylater', {});
  assert.equal(placed.status, 201, placed.text);
  const page = await newPage();
  await page.goto(`/billing/payments/${placed.json<{ claim_code: string }>().claim_code}/`);
  await page.getByText('$20.00').first().waitFor();
  await fillCard(page);
  await page.getByRole('button', { name: /^Pay/ }).click();
  await page.getByText('This order is paid').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Pay/ }).count(), 0);
  const balance = await manager('GET', '/api/billing/link-buyer/balance');
  assert.equal(balance.json()['balance_amount'], 0);
});

test('a buyer uploads a list of people, checks it, and pays their seats', { skip }, async () => {
  const token = await registerUser(journey.app, 'group-buyer');
  await journey.app.db.updateTable('profiles').set({ is_bulk_buyer: true }).where('slug', '=', 'group-buyer').execute();
  const buyer = apiClient(journey.app, token);
  assert.ok((await buyer('POST', '/api/cart', { plan: plan.slug })).status < 300);
  const page = await newPage();
  await page.goto('/login/');
  await page.locator('input[name=username]').fill('group-buyer');
  await page.locator('input[name=password]').fill('correct horse 7');
  await page.locator('form button[type=submit]').first().click();
  await page.waitForURL((url) => !url.pathname.startsWith('/login/'));
  await page.goto(`/billing/group-buyer/cart-seats/?plan=${plan.slug}`);
  const rows = 'Ann Lee,ann@example.com\nOnly one cell\nBo Ray,bo@example.com\n';
  await page
    .getByLabel('CSV file')
    .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(rows) });
  await page.getByRole('button', { name: 'Check the list' }).click();
  await page.getByText('1 row is left out').waitFor();
  await page.getByRole('button', { name: 'Add 2 people' }).click();
  await page.getByText('bo@example.com').first().waitFor();
  await page.getByRole('link', { name: 'Continue' }).click();
  await page.waitForURL(/\/checkout\/|\/cart-periods\//);
  await page.getByRole('button', { name: /^Pay \$/ }).waitFor();
  await fillCard(page);
  await page.getByRole('button', { name: /^Pay/ }).click();
  await page.waitForURL(/\/receipt\//);
  const seats = await buyer('GET', '/api/billing/group-buyer/seats');
  assert.deepEqual(
    seats
      .json<{ results: { email: string; state: string }[] }>()
      .results.map(({ email, state }) => `${email} ${state}`)
      .toSorted(),
    ['ann@example.com open', 'bo@example.com open'],
  );
});
