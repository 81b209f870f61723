import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAmount } from './amount.ts';
import { renderChallenge, renderChallengeEnd } from './challenge-page.ts';
import { renderCheckout, type CheckoutView } from './checkout-page.ts';
import { renderConsole } from './console-page.ts';
import { findAsset, makeErrorPage } from './document.ts';
import { renderFrame } from './frames.ts';
import { html, safeUrl } from './html.ts';
import { renderOnboarding } from './onboarding-page.ts';
import { renderReceipt } from './receipt-page.ts';

const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

const checkout: CheckoutView = {
  session: EVIL,
  merchant: EVIL,
  mode: 'payment',
  lines: [{ name: EVIL, quantity: 2, amount: EVIL }],
  total: EVIL,
  email: EVIL,
  name: EVIL,
  cancel_url: 'javascript:alert(1)',
  message: EVIL,
  errors: { number: EVIL, expiry: EVIL, cvc: EVIL },
};
const challenge = { intent: EVIL, amount: EVIL, merchant: EVIL, last4: EVIL, in_frame: true, is_public: false };
const pages = {
  'the hosted payment page': renderCheckout(checkout),
  'the page of the issuer': renderChallenge(challenge),
  'the end of the page of the issuer': renderChallengeEnd(challenge, EVIL),
  'the onboarding page': renderOnboarding({
    token: EVIL,
    form_key: EVIL,
    account: EVIL,
    business_name: EVIL,
    missing: [EVIL],
  }),
  'the receipt': renderReceipt({
    charge: EVIL,
    merchant: EVIL,
    amount: EVIL,
    refunded: EVIL,
    last4: EVIL,
    at: EVIL,
  }),
  'the console': renderConsole({
    title: EVIL,
    facts: [[EVIL, EVIL]],
    actions: [{ label: EVIL, action: EVIL, fields: { [EVIL]: EVIL } }],
    tables: [{ title: EVIL, columns: [EVIL], rows: [[EVIL, { text: EVIL, href: EVIL }]], empty: EVIL }],
    detail: EVIL,
  }),
  'an error page': makeErrorPage(404, EVIL, EVIL),
};

for (const [name, { body, headers }] of Object.entries(pages)) {
  test(`${name} escapes hostile input and forbids scripts inside the page`, () => {
    assert.ok(body.includes('&lt;script&gt;alert(1)'));
    assert.ok(!/<script>|<img|onerror='|javascript:/.test(body));
    assert.match(headers['Content-Security-Policy'] ?? '', /default-src 'none'; script-src 'self'/);
    assert.ok(!/<script(?! src="\/)/.test(body), 'a script inside the page');
    assert.ok(!/ style="| on\w+="/.test(body.replaceAll('&#39;', '')), 'inline style or handler');
  });
}

test('each field has a label, and an error is joined to its field', () => {
  const { body } = renderCheckout(checkout);
  const ids = Array.from(body.matchAll(/<input\s+id="(\w+)"/g), ([, id]) => id);
  assert.deepEqual(ids, ['email', 'number', 'expiry', 'cvc', 'name']);
  for (const id of ids) assert.ok(body.includes(`<label for="${id}">`), id);
  assert.match(body, /aria-describedby="number-error"\s+aria-required="true"\s+aria-invalid="true"/);
});

test('a page of a frame names the origin that its messages go to, and refuses what is no origin', () => {
  const frame = renderFrame('card', 'http://localhost:3000', false);
  assert.ok(frame?.body.includes('data-origin="http://localhost:3000"'));
  assert.match(frame?.headers['Content-Security-Policy'] ?? '', /frame-ancestors http:\/\/localhost:\*/);
  assert.match(
    renderFrame('card', 'https://a.example', true)?.headers['Content-Security-Policy'] ?? '',
    /ancestors \*$/,
  );
  for (const origin of ['*', '', 'javascript:alert(1)', 'http://a.example/path', 'file:///x']) {
    assert.equal(renderFrame('card', origin, true), null, origin);
  }
  assert.equal(renderFrame('other', 'http://localhost:3000', false), null);
});

test('the form script is small, and runs on other machines only after a public start', () => {
  const script = findAsset('/v1/js/stripe.js', false);
  assert.ok(script && Buffer.byteLength(script.body) <= 20 * 1024);
  assert.ok(script.body.includes('const IS_PUBLIC = false;'));
  assert.ok(findAsset('/v1/js/stripe.js', true)?.body.includes('const IS_PUBLIC = true;'));
  assert.equal(findAsset('/v1/js/other.js', false), undefined);
  assert.equal(findAsset('constructor', false), undefined);
});

test('an address is written when it is one of the web', () => {
  assert.equal(safeUrl('https://a.example/x?y=1'), 'https://a.example/x?y=1');
  for (const address of ['javascript:alert(1)', 'data:text/html,x', '', '//', 'mailto:a@b.example']) {
    assert.equal(safeUrl(address), '#', address);
  }
  assert.equal(html`<p>${[html`<b>${'<'}</b>`, null, 0]}</p>`.text, '<p><b>&lt;</b>0</p>');
});

test('an amount is shown in the unit of its currency', () => {
  const shown = [
    [1799, 'usd'],
    [1799, 'jpy'],
    [5120, 'kwd'],
    [50_000, 'isk'],
  ] as const;
  assert.deepEqual(
    shown.map(([amount, currency]) => formatAmount(amount, currency).replaceAll(/\s/g, ' ')),
    ['$17.99', '¥1,799', 'KWD 5.120', 'ISK 500'],
  );
});
