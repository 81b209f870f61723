import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { paths } from '#platform/http/paths';
import { findProfileBySlug } from '#profiles';
import { browserClient } from '../../test/support/client.ts';
import { testPassword } from '../../test/support/factories/accounts.ts';
import { makeMember, makeReadyUser } from '../../test/support/factories/profiles.ts';
import { startStripeSite, type StripeSite } from '../../test/support/stripe-site.ts';

let site: StripeSite;
let lines = '';
before(async () => {
  const log = pino({ level: 'warn' }, { write: (line: string) => void (lines += line) });
  site = await startStripeSite({ terms_required: false }, [], log);
});
after(() => site.close());

const url = paths.policyReports();
const report = {
  type: 'csp-violation',
  body: {
    documentURL: 'https://site.example/billing/ada/card/',
    effectiveDirective: 'script-src-elem',
    blockedURL: 'https://evil.example/x.js',
  },
};
const send = (payload: string, headers: object = {}) =>
  site.app.http.inject({
    method: 'POST',
    url,
    payload,
    headers: { 'content-type': 'application/reports+json', ...headers },
  });

test('pages that load the script of the processor name the endpoint of reports, other pages do not', async () => {
  const { app } = site;
  const user = await makeReadyUser(app.db, { username: 'bea', at: app.clock.now() });
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert(broker);
  await makeMember(app.db, broker, user, 'manager');
  const browser = browserClient(app);
  const login = await browser.get('/login/');
  await browser.post('/login/', { username: 'bea', password: testPassword });
  const card = await browser.get(paths.card('cowork'));
  assert.equal(card.status, 200);
  const policy = String(card.headers['content-security-policy']);
  assert.match(policy, new RegExp(`; report-uri ${url}; report-to payments$`));
  assert.equal(card.headers['reporting-endpoints'], `payments="${url}"`);
  for (const page of [login, await browser.get(paths.pricing())]) {
    assert.doesNotMatch(String(page.headers['content-security-policy']), /report/);
    assert.equal(page.headers['reporting-endpoints'], undefined);
  }
});

test('reports are logged once and counted, without a cookie, and any content gets the same response', async () => {
  const one = JSON.stringify([report]);
  for (const [payload, type] of [
    [one, 'application/reports+json'],
    [one, 'text/plain'],
    [
      JSON.stringify({ 'csp-report': { 'effective-directive': 'img-src', 'blocked-uri': 'inline' } }),
      'application/csp-report',
    ],
    ['[', 'application/reports+json'],
    ['', 'application/reports+json'],
  ] as const) {
    const { statusCode, body, headers } = await send(payload, { 'content-type': type, cookie: 'session=forged' });
    assert.deepEqual([statusCode, body, headers['set-cookie']], [204, '', undefined], payload);
  }
  assert.equal(lines.match(/content blocked on a page of payments/g)?.length, 2, lines);
  assert.match(
    lines,
    /"directive":"script-src-elem","blocked":"https:\/\/evil.example","page":"\/billing\/ada\/card\/"/,
  );
  assert.equal((await site.app.http.inject({ method: 'GET', url })).statusCode, 405);
});

test('a large request is 413, and a network that sends too many gets 429 before its content is read', async () => {
  assert.equal((await send(`["${'x'.repeat(17_000)}"]`)).statusCode, 413);
  let last = 0;
  for (let count = 0; count < 30; count += 1) ({ statusCode: last } = await send(JSON.stringify([report])));
  assert.equal(last, 429);
});
