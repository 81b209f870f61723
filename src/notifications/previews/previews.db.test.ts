import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import type { browserClient } from '../../../test/support/client.ts';
import { registerUser, signInBrowser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { mail_kinds } from '../mail-kinds.ts';
import { sample_notices } from './sample-notices.ts';

let app: TestApp;
let broker: ReturnType<typeof browserClient>;
const list = '/proxy/notifications/';
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  await registerBrokerManager(app, 'donny');
  await registerUser(app, 'reader');
  broker = await signedIn('donny');
});
after(() => app.close());

const signedIn = (username: string) => signInBrowser(app, username);

test('every e-mail has a sample, and no sample is left over', () => {
  assert.deepEqual(Object.keys(sample_notices).toSorted(), mail_kinds.map(({ slug }) => slug).toSorted());
});

test('every e-mail is listed and previewed with a subject, a text and a frame', async () => {
  const index = await broker.get(list);
  assert.equal(index.status, 200, index.text);
  for (const { slug } of mail_kinds) {
    assert.match(index.text, new RegExp(`href="${list}${slug}/"`));
    const page = await broker.get(`${list}${slug}/`);
    assert.equal(page.status, 200, `${slug}: ${page.text}`);
    assert.match(page.text, new RegExp(`<iframe[^>]* src="${list}${slug}/iframe/"`), slug);
    assert.doesNotMatch(page.text, /cannot be shown/, slug);
    const frame = await broker.get(`${list}${slug}/iframe/`);
    assert.equal(frame.status, 200, `${slug}: ${frame.text}`);
    const subject = /<title>([^<]+)<\/title>/.exec(frame.text)?.[1]?.trim() ?? '';
    assert.notEqual(subject, '', slug);
    assert.doesNotMatch(frame.text, /undefined|\[object/, slug);
    // Dates have the short format of the reader; those of the ledger and of the database are for programs.
    assert.doesNotMatch(frame.text, />[^<]*\d{4}[-/]\d\d[-/]\d\d/, slug);
  }
});

test('the frame runs nothing, and only this site may frame it', async () => {
  const { headers } = await broker.get(`${list}order_executed/iframe/`);
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /^default-src 'none'; .*frame-ancestors 'self'; sandbox$/);
  assert.doesNotMatch(policy, /script-src/);
  assert.equal(headers['x-frame-options'], 'SAMEORIGIN');
  const page = await broker.get(`${list}order_executed/`);
  assert.match(String(page.headers['content-security-policy']), /frame-src 'self'/);
  assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
  assert.equal(page.headers['x-frame-options'], 'DENY');
  const other = await broker.get('/billing/transactions/');
  assert.doesNotMatch(String(other.headers['content-security-policy']), /frame-src/);
});

test('only the broker opens previews; unknown e-mails are not found', async () => {
  const reader = await signedIn('reader');
  for (const url of [list, `${list}order_executed/`, `${list}order_executed/iframe/`]) {
    assert.equal((await reader.get(url)).status, 403, url);
  }
  assert.equal((await broker.get(`${list}constructor/`)).status, 404);
  assert.equal((await broker.get(`${list}no_such/iframe/`)).status, 404);
});

test('each page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => broker.get(url), [list, `${list}charge_updated/`]);
});
