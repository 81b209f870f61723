import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signInBrowser } from '../../../test/support/client.ts';
import { type ChangeSite, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges({ config: { terms_required: false } });
});
after(() => site.close());

const card = { card_name: 'Xia', card_number: '4242 4242 4242 4242', card_exp: '12/30', card_cvc: '123' };
const url = '/billing/xia/card/';
const to = (next: string) => `${url}?next=${encodeURIComponent(next)}`;

test('a saved card leads back to the page that asked for it, also after a refusal', async () => {
  const browser = await signInBrowser(site.app, 'xia');
  const next = '/billing/xia/dunning/';
  const page = await browser.get(to(next));
  assert.match(page.text, /<a href="\/billing\/xia\/dunning\/">Back<\/a>/);
  const refused = await browser.post(to(next), { ...card, card_number: '1' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /<a href="\/billing\/xia\/dunning\/">Back<\/a>/);
  const saved = await browser.post(to(next), card);
  assert.deepEqual([saved.status, saved.headers['location']], [303, next]);
});

test('a saved card never leads to another site', async () => {
  const browser = await signInBrowser(site.app, 'xia');
  for (const next of ['https://evil.example/', '//evil.example/', '/%2Fevil.example/', '/\\evil.example']) {
    const page = await browser.get(to(next));
    assert.doesNotMatch(page.text, /<a href="[^"]*evil/, next);
    const saved = await browser.post(to(next), card);
    assert.deepEqual([saved.status, saved.headers['location']], [303, url], next);
  }
});

test('without a next, the page of the card is shown again', async () => {
  const browser = await signInBrowser(site.app, 'xia');
  await browser.get(url);
  const saved = await browser.post(url, card);
  assert.equal(saved.headers['location'], url);
});
