import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import Stripe from 'stripe';
import { startEmulator, type RunningEmulator } from '#stripe-emulator';
import { requireAccessible } from '../support/accessibility.ts';
import { openChromium, withoutChromium } from '../support/chromium.ts';

const skip = withoutChromium;
const TIMEOUT_MS = 10_000;
let emulator: RunningEmulator;
let stripe: Stripe;
let shop: Server;
let shop_url: string;
let browser: Browser;

before(async () => {
  if (withoutChromium !== false) return;
  emulator = await startEmulator({ clock: { now: () => new Date('2026-11-27T12:00:00Z') } });
  const { hostname, port } = new URL(emulator.url);
  stripe = new Stripe('sk_test_tollgate', { host: hostname, port, protocol: 'http', telemetry: false });
  shop = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => {
    shop.listen(0, '127.0.0.1', resolve);
  });
  shop_url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`; // a listening TCP server has one
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  shop?.closeAllConnections();
  shop?.close();
  await emulator?.stop();
});

/** A shop with one payment page, under the policy that payment pages have. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', shop_url);
  if (pathname === '/pay') {
    const token = await text(request);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(await pay(token)));
  } else if (pathname === '/hosted') {
    const session = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 2000, product_data: { name: 'Desk' } } }],
      success_url: `${shop_url}/done`,
      cancel_url: `${shop_url}/`,
    });
    response.writeHead(303, { Location: session.url ?? '' }).end();
  } else {
    const origin = emulator.url;
    response.setHeader(
      'Content-Security-Policy',
      `default-src 'self'; script-src 'self' 'nonce-n' ${origin}; frame-src ${origin}; connect-src 'self' ${origin}; ` +
        `form-action 'self' ${origin}; style-src 'self' 'unsafe-inline'`,
    );
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(pathname === '/done' ? page('<p>Thank you</p>') : page(shopForm()));
  }
}

async function pay(token: string): Promise<Record<string, unknown>> {
  try {
    const intent = await stripe.paymentIntents.create({
      amount: 2000,
      currency: 'usd',
      confirmation_token: token,
      confirm: true,
      capture_method: 'automatic',
      use_stripe_sdk: true,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
    return { status: intent.status, secret: intent.client_secret };
  } catch (error) {
    return { message: (error as Error).message };
  }
}

const page = (body: string) =>
  `<!doctype html><html lang="en"><head><title>Shop</title></head><body><main><h1>Shop</h1>${body}</main></body></html>`;

const shopForm = () => `<form id="shop">
    <div id="card"></div>
    <button>Pay $20.00</button>
    <p id="message" role="status"></p>
  </form>
  <form method="post" action="/hosted"><button>Pay on another page</button></form>
  <script src="${emulator.url}/v1/js/stripe.js"></script>
  <script nonce="n">
    const stripe = Stripe('pk_test_tollgate');
    const elements = stripe.elements({ mode: 'payment', amount: 2000, currency: 'usd', captureMethod: 'automatic' });
    const element = elements.create('payment');
    const show = (text) => { document.getElementById('message').textContent = text; };
    window.events = [];
    for (const name of ['ready', 'change', 'focus', 'loaderror']) element.on(name, (event) => events.push([name, event]));
    element.mount('#card');
    document.getElementById('shop').addEventListener('submit', async (event) => {
      event.preventDefault();
      show('Wait');
      const checked = await elements.submit();
      if (checked.error) return show(checked.error.message);
      const made = await stripe.createConfirmationToken({ elements, params: { return_url: location.href } });
      if (made.error) return show(made.error.message);
      window.token = made.confirmationToken;
      const answer = await (await fetch('/pay', { method: 'POST', body: token.id })).json();
      if (answer.message) return show(answer.message);
      if (answer.status !== 'requires_action') return show(answer.status);
      const next = await stripe.handleNextAction({ clientSecret: answer.secret });
      show(next.error ? next.error.message : next.paymentIntent.status);
    });
  </script>`;

async function openShop(options: BrowserContextOptions = {}): Promise<Page> {
  const opened = await (await browser.newContext({ baseURL: shop_url, ...options })).newPage();
  opened.setDefaultTimeout(TIMEOUT_MS);
  await opened.goto('/');
  return opened;
}

/** Types a card and presses the button with the keyboard alone, from the top of the page. */
async function payByKeyboard(opened: Page, number: string, expiry = '12/30', cvc = '123'): Promise<void> {
  await opened.frameLocator('#card iframe').getByLabel('Card number').waitFor();
  await opened.evaluate('document.activeElement?.blur(); window.focus()');
  await opened.keyboard.press('Tab');
  for (const part of [number, expiry, cvc]) {
    await opened.keyboard.press('ControlOrMeta+a');
    await opened.keyboard.type(part);
    await opened.keyboard.press('Tab');
  }
  await opened.keyboard.press('Enter');
}

/** Waits for the message under the form; the shop writes "Wait" before the answer. */
async function waitForMessage(opened: Page, expected: RegExp): Promise<void> {
  const status = opened.getByRole('status');
  await status
    .filter({ hasText: expected })
    .waitFor()
    .catch(async () => assert.fail(`the shop shows "${await status.textContent()}", not ${expected.source}`));
}

test('a buyer pays with the keyboard alone; the page never sees the card', { skip }, async () => {
  const opened = await openShop();
  await payByKeyboard(opened, '4242 4242 4242 4242');
  await waitForMessage(opened, /^succeeded$/);
  const token = await opened.evaluate<Stripe.ConfirmationToken>('window.token');
  assert.equal(token.payment_method_preview?.card?.last4, '4242');
  assert.ok(!JSON.stringify(token).includes('42424242'));
  const events = await opened.evaluate<[string, { complete?: boolean; value?: object }][]>('window.events');
  assert.deepEqual([events[0]?.[0], events.at(-1)?.[1].complete], ['ready', true]);
  assert.deepEqual(await opened.evaluate('[stripe.confirmPayment, elements.submit].map((each) => typeof each)'), [
    'function',
    'function',
  ]);
  const { violations } = await new AxeBuilder({ page: opened }).analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)]),
    [],
  );
  await opened.context().close();
});

test('errors are shown at the field and returned to the page', { skip }, async () => {
  const opened = await openShop();
  const frame = opened.frameLocator('#card iframe');
  await payByKeyboard(opened, '', '', '');
  await waitForMessage(opened, /^Enter your card number\.$/);
  assert.equal(await frame.getByRole('alert').first().textContent(), 'Enter your card number.');
  assert.equal(await frame.getByLabel('Card number').getAttribute('aria-invalid'), 'true');
  for (const [number, expiry, cvc, expected] of [
    ['4242424242424241', '12/30', '123', /number is incorrect/],
    ['4242424242424242', '12/20', '123', /expiration year is invalid/],
    ['4242424242424242', '12/30', '12', /security code is invalid/],
    ['4111111111111111', '12/30', '123', /non test card/],
    ['4000000000009995', '12/30', '123', /insufficient funds/],
  ] as const) {
    await frame.getByLabel('Card number').fill(number);
    await frame.getByLabel(/^Expiration/).fill(expiry);
    await frame.getByLabel('Security code').fill(cvc);
    await opened.getByRole('button', { name: 'Pay $20.00' }).click();
    await waitForMessage(opened, expected);
  }
  await opened.context().close();
});

test('a token of elements that differ from the payment is refused', { skip }, async () => {
  const opened = await openShop();
  for (const [change, name] of [
    ['{ amount: 100 }', 'amount'],
    ["{ captureMethod: 'manual' }", 'capture_method'],
  ] as const) {
    await opened.goto('/');
    await opened.evaluate(`elements.update(${change})`);
    await payByKeyboard(opened, '4242424242424242');
    await waitForMessage(opened, new RegExp(`The ${name} of the Elements`));
  }
  await opened.context().close();
});

test('the page confirms an intent with its form, and reads it with the client secret only', { skip }, async () => {
  const opened = await openShop();
  const frame = opened.frameLocator('#card iframe');
  const confirm = (secret: string | null) =>
    opened.evaluate<{ error?: { code: string; param?: string }; paymentIntent?: { status: string } }>(
      `stripe.confirmPayment({ elements, clientSecret: '${secret}', redirect: 'if_required' })`,
    );
  const intent = await stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
  });
  await frame.getByLabel(/^Expiration/).fill('12/30');
  await frame.getByLabel('Security code').fill('123');
  assert.equal((await confirm(intent.client_secret)).error?.code, 'incomplete_number');
  await frame.getByLabel('Card number').fill('4000000000000002');
  assert.equal((await confirm(intent.client_secret)).error?.code, 'card_declined');
  await frame.getByLabel('Card number').fill('4242424242424242');
  assert.equal((await confirm(`${intent.id}_secret_wrong`)).error?.param, 'client_secret');
  assert.equal((await confirm(intent.client_secret)).paymentIntent?.status, 'succeeded');
  const read = await opened.evaluate<{ paymentIntent: { status: string } }>(
    `stripe.retrievePaymentIntent('${intent.client_secret}')`,
  );
  assert.equal(read.paymentIntent.status, 'succeeded');
  const setup = await stripe.setupIntents.create({ customer: (await stripe.customers.create()).id });
  await frame.getByLabel('Card number').fill('4000002760003184');
  const saved = opened.evaluate<{ setupIntent: { status: string } }>(
    `stripe.confirmSetup({ elements, clientSecret: '${setup.client_secret}', confirmParams: { return_url: location.href }, redirect: 'if_required' })`,
  );
  await opened
    .getByRole('dialog')
    .locator('iframe')
    .contentFrame()
    .getByRole('button', { name: /^Approve/ })
    .click();
  assert.equal((await saved).setupIntent.status, 'succeeded');
  await opened.context().close();
});

test(
  'the page of the issuer is answered with the keyboard, and closing it fails the authentication',
  { skip },
  async () => {
    const opened = await openShop();
    const dialog = opened.getByRole('dialog', { name: 'Confirm with your bank' });
    const issuer = dialog.locator('iframe').contentFrame();
    for (const [keys, expected] of [
      [['Tab', 'Enter'], /^succeeded$/],
      [['Tab', 'Tab', 'Enter'], /unable to authenticate/],
      [['Escape'], /unable to authenticate/],
    ] as const) {
      await opened.goto('/');
      await payByKeyboard(opened, '4000000000003220');
      await issuer.getByRole('button', { name: 'Approve payment' }).waitFor();
      await issuer.locator('body').focus();
      for (const key of keys) await opened.keyboard.press(key);
      await waitForMessage(opened, expected);
      assert.equal(await dialog.count(), 0);
    }
    await opened.context().close();
  },
);

test('names that the emulator lacks throw, and other machines are refused', { skip }, async () => {
  const opened = await openShop();
  for (const code of [
    'stripe.confirmCardPayment',
    "elements.create('address')",
    'element.collapseAll',
    'stripe.elements({}).foo',
  ]) {
    await assert.rejects(opened.evaluate(code), /emulator_unsupported/, code);
  }
  const script = await (await fetch(`${emulator.url}/v1/js/stripe.js`)).text();
  await opened.route('http://shop.example/**', (route) =>
    route.request().url().endsWith('.js')
      ? route.fulfill({ contentType: 'text/javascript', body: script })
      : route.fulfill({ contentType: 'text/html', body: page('<script src="/stripe.js"></script>') }),
  );
  const failure = opened.waitForEvent('pageerror');
  await opened.goto('http://shop.example/');
  assert.match((await failure).message, /not on a loopback address/);
  await opened.context().close();
});

test('a buyer without scripts pays on the hosted page and returns', { skip }, async () => {
  const opened = await openShop({ javaScriptEnabled: false });
  await opened.getByRole('button', { name: 'Pay on another page' }).click();
  await opened.getByLabel('Card number').fill('4000000000003220');
  await opened.getByLabel(/^Expiration/).fill('12/30');
  await opened.getByLabel('Security code').fill('123');
  await opened.getByRole('button', { name: 'Pay $20.00' }).click();
  await opened.getByRole('button', { name: 'Approve payment' }).click();
  await opened.getByText('Thank you').waitFor();
  assert.equal(opened.url(), `${shop_url}/done`);
  await opened.context().close();
});

test('the pages of the emulator are accessible', { skip }, async () => {
  const opened = await openShop();
  const hosted = (await fetch(`${shop_url}/hosted`, { method: 'POST', redirect: 'manual' })).headers.get('location');
  const account = await stripe.accounts.create({ type: 'standard' });
  const back = 'http://127.0.0.1/';
  const link = await stripe.accountLinks.create({
    account: account.id,
    type: 'account_onboarding',
    refresh_url: back,
    return_url: back,
  });
  const asking = await stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    payment_method: 'pm_card_threeDSecure2Required',
    confirm: true,
    return_url: back,
  });
  const paths = ['/_emulator', `/_emulator/objects/${asking.id}`, `/3ds/${asking.id}`];
  for (const address of [hosted ?? '', link.url, ...paths.map((path) => `${emulator.url}${path}`)]) {
    await opened.goto(address);
    await requireAccessible(opened, address);
  }
  await opened.context().close();
});
