import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { apiClient, registerUser } from '../support/client.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
let browser: Browser;
let origin: string;
before(async () => {
  if (withoutChromium !== false) return;
  app = await startApp({ config: { terms_required: false } });
  origin = await app.tollgate.listen();
  const token = await registerUser(app, 'ann');
  for (const name of ['ben', 'bea']) await registerUser(app, name);
  const created = await apiClient(app, token)('POST', '/api/users/ann/profiles', {
    slug: 'acme',
    full_name: 'Acme',
    email: 'acme@example.com',
  });
  assert.equal(created.status, 201, created.text);
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await app?.close();
});

const skip = withoutChromium;

async function signIn(options: { javaScriptEnabled?: boolean } = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: origin, ...options });
  const page = await context.newPage();
  await page.goto('/login/');
  await fillSignIn(page);
  return page;
}

async function fillSignIn(page: Page): Promise<void> {
  await page
    .getByLabel(/user ?name|e-mail/i)
    .first()
    .fill('ann');
  await page.getByLabel('Password').fill('correct horse 7');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
}

test('without scripts, a form of an ended session is shown again after the sign-in', { skip }, async () => {
  const page = await signIn({ javaScriptEnabled: false });
  await page.goto('/profile/ann/contact/');
  await page.getByLabel('City or town').fill('Ōsaka');
  await page.context().clearCookies({ name: 'sessionid' });
  await page.getByRole('button', { name: 'Save profile' }).click();
  await page.waitForURL(/\/login\//);
  assert.match((await page.textContent('main')) ?? '', /Your session ended/);
  await fillSignIn(page);
  await page.waitForURL(/\/profile\/ann\/contact\//);
  assert.equal(await page.getByLabel('City or town').inputValue(), 'Ōsaka');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await page.getByText('Profile was updated').first().waitFor();
  assert.equal(await page.getByLabel('City or town').inputValue(), 'Ōsaka');
  await page.context().close();
});

test(
  'the typeahead is used with the keyboard, and a removal is confirmed in a dialog and undone',
  { skip },
  async () => {
    const page = await signIn();
    await page.goto('/profile/acme/roles/manager/');
    const field = page.getByRole('combobox', { name: /E-mail address or user name/ });
    await field.pressSequentially('be');
    await page.getByRole('option').first().waitFor();
    assert.equal(await field.getAttribute('aria-expanded'), 'true');
    await page.keyboard.press('Escape');
    assert.equal(await field.getAttribute('aria-expanded'), 'false');
    await field.pressSequentially('n');
    await page.getByRole('option', { name: /Ben Tester/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    assert.equal(await field.getAttribute('aria-activedescendant'), 'id_email-list-0');
    await page.keyboard.press('Enter');
    assert.equal(await field.inputValue(), 'ben');
    await page.keyboard.press('Enter');
    await page.getByText('An invitation was sent to ben.').waitFor();

    const link = page.getByRole('link', { name: /Remove… Ben Tester/ });
    await link.click();
    const dialog = page.getByRole('dialog', { name: /Withdraw the invitation of Ben Tester/ });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate<string>('document.activeElement.textContent.trim()'), 'Remove… Ben Tester');
    await link.click();
    await dialog.getByRole('link', { name: 'Keep the invitation' }).click();
    await dialog.waitFor({ state: 'detached' });
    await link.click();
    await dialog.getByRole('button', { name: 'Withdraw the invitation' }).click();
    await page.getByText('Ben Tester has no role any more.').waitFor();
    await page.context().close();
  },
);

test('the save bar counts changed fields and sends a form once', { skip }, async () => {
  const page = await signIn();
  await page.goto('/profile/ann/contact/');
  await page.getByLabel('City or town').fill('Kyōto');
  await page.getByLabel('Phone').fill('+1 415 555 2671');
  await page.getByText('2 fields changed').waitFor();
  await page.getByLabel('Phone').fill('');
  await page.getByText('1 field changed').waitFor();
  let sent = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST') sent += 1;
  });
  await page.evaluate(
    `(() => { const form = document.querySelector('tg-savebar').closest('form'); form.requestSubmit(); form.requestSubmit(); })()`,
  );
  await page.getByText('Profile was updated').waitFor();
  assert.equal(sent, 1);
  await page.context().close();
});
