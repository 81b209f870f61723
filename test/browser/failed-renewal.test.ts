import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createUpstreamApp, type UpstreamApp } from '../../examples/upstream-app/index.ts';
import { changeProxy, createRule, rotateSessionKey } from '#gateway';
import { openVisitAs } from '../support/browser-visits.ts';
import { type ChangeSite, dueOf, startChanges } from '../support/changes.ts';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { RENEW, setCardOutcome, token_lifetime_s } from '../support/dunning.ts';
import { TEST_SECRET } from '../support/start-app.ts';

/** The failed renewal, its two retries, and the end of the grace. */
const failures = ['2026-02-09T10:00:00Z', '2026-02-10T10:00:00Z', '2026-02-12T10:00:00Z', '2026-02-16T10:00:00Z'];
const password = 'correct horse 7';

let site: ChangeSite;
let browser: Browser;
let upstream: UpstreamApp;
let origin: string;

before(async () => {
  if (withoutChromium !== false) return;
  site = await startChanges({ config: { token_lifetime_s, terms_required: false, dunning_end: 'suspend' } });
  origin = await site.app.tollgate.listen(); // before the mails, which name the address
  upstream = createUpstreamApp({ now: () => site.app.clock.now() });
  await changeProxy(site.ctx, { entry_point: await upstream.listen() }, { private_addresses_allowed: true });
  upstream.setKey(await rotateSessionKey(site.ctx, TEST_SECRET));
  const allow = '15/{"profile": null, "plan": "basic"}';
  await createRule(site.ctx, { path: '/app/{profile}/', allow, is_forward: true });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await site.buy(await site.register('yara'), 'yara', 'basic');
  // Notices of each day reach a proved address only.
  await site.app.db.updateTable('users').set({ email_verified_at: site.app.clock.now() }).execute();
  await setCardOutcome(site, 'insufficient_funds');
  for (const at of failures) {
    await site.runAt(at, RENEW);
    await site.app.tollgate.worker.drain();
  }
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await site?.close();
  await upstream?.close();
});

const skip = withoutChromium;

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

  test(`${how}, a failed renewal is resolved by a new card, from the mail to the application`, { skip }, async () => {
    const name = javaScriptEnabled ? 'xia' : 'yara';
    const { page, inspect } = await openVisitAs(browser, name, { origin, javaScriptEnabled, password });
    await page.goto(`/app/${name}/`);
    assert.match(page.url(), /\/checkout\//, 'without access, the application leads to what is due');

    await openMail(page, name, 'Last reminder: your payment to Coworking Space failed');
    assert.equal(new URL(page.url()).pathname, `/billing/${name}/dunning/`);
    for (const text of ['There was not enough money on the card.', 'Suspended until you pay', '$90.00'])
      await page.getByText(text).first().waitFor();
    await inspect('past due');
    await page.getByRole('link', { name: 'Use another card' }).click();
    await saveCard(page, '1234');
    await page.locator('.tg-field-error').first().waitFor();
    await saveCard(page, '4242 4242 4242 4242');
    await page.waitForURL(/\/dunning\//);
    await page.getByText('It is charged with what is due in a moment.').waitFor();

    await site.app.tollgate.worker.drain();
    await page.reload();
    await page.getByText('No failed payment is due.').waitFor();
    await inspect('paid');
    assert.equal(await dueOf(await site.signIn(name), name), 0);
    await page.goto(`/app/${name}/`);
    assert.match(await page.locator('body').innerText(), /basic/, 'the application is open again');

    await openMail(page, name, 'Your payment to Coworking Space arrived');
    assert.equal(new URL(page.url()).pathname, `/billing/${name}/history/`);
    await page.getByText('$90.00').first().waitFor();
    await page.context().close();
  });
}

/** Opens the link of the newest message with a subject, as its reader does. */
async function openMail(page: Page, name: string, subject: string): Promise<void> {
  await page.goto(`/_dev/mail?to=${name}@example.com`);
  const mail = page.locator('article', { has: page.getByRole('heading', { name: subject, exact: true }) }).first();
  await mail.getByRole('link').first().click();
}

async function saveCard(page: Page, number: string): Promise<void> {
  await page.getByLabel('Name on the card').fill('Xia Lee');
  await page.getByLabel('Card number').fill(number);
  await page.getByLabel('Expiry date').fill('12/30');
  await page.getByLabel('Security code').fill('123');
  await page.getByRole('button', { name: 'Save card' }).click();
}
