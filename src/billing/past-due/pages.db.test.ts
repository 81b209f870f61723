import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { type browserClient, signInBrowser } from '../../../test/support/client.ts';
import { type ChangeSite, dueOf, startChanges } from '../../../test/support/changes.ts';
import { attemptsOf, casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';

const url = '/billing/xia/dunning/';
const list_url = '/profile/cowork/subscribers/past-due/';
const DAY_0 = '2026-02-09T10:00:00Z';

let site: ChangeSite;
let payer: ReturnType<typeof browserClient>;
let provider: ReturnType<typeof browserClient>;
beforeEach(async () => {
  await start({});
});
afterEach(() => site.close());

async function start(config: object): Promise<void> {
  site = await startChanges({ config: { token_lifetime_s, terms_required: false, ...config } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
}

/** Lets the renewal fail, and signs both sides in. */
async function fail(outcome: string): Promise<void> {
  await setCardOutcome(site, outcome);
  await site.runAt(DAY_0, RENEW);
  payer = await signInBrowser(site.app, 'xia');
  provider = await signInBrowser(site.app, 'operator');
}

async function open(browser: ReturnType<typeof browserClient>, address: string): Promise<string> {
  const { status, text } = await browser.get(address);
  assert.equal(status, 200, text);
  return text;
}

test('without a failed charge, the payer and the provider read that there is none', async () => {
  payer = await signInBrowser(site.app, 'xia');
  provider = await signInBrowser(site.app, 'operator');
  const text = await open(payer, url);
  assert.match(text, /No failed payment is due/);
  assert.doesNotMatch(text, /Pay now|Pay \$/);
  assert.match(await open(provider, list_url), /Subscribers whose payment failed will be listed here/);
});

test('the payer reads what is due, why, the dates and the attempts, and pays with the card on file', async () => {
  await fail('insufficient_funds');
  const text = await open(payer, url);
  assert.match(text, /There was not enough money on the card\./);
  assert.match(text, /\$90\.00/);
  for (const instant of ['2026-02-10T10:00:00.000Z', '2026-02-16T10:00:00.000Z', '2026-02-09T10:00:00.000Z'])
    assert.ok(text.includes(`datetime="${instant}"`), `${instant} in ${text}`);
  assert.match(text, /href="\/billing\/xia\/card\/(?:\?[^"]*)?">Use another card/);
  assert.match(await open(payer, '/billing/xia/history/'), /href="\/billing\/xia\/dunning\/"/);
  await setCardOutcome(site, 'accepted');
  await open(payer, url);
  const paid = await payer.post(url, {});
  assert.equal(paid.status, 303, paid.text);
  const after = (await payer.follow(paid)).text;
  assert.match(after, /\$90\.00 was paid\./);
  assert.match(after, /No failed payment is due/);
  assert.match(after, /Earlier/);
  const csv = (await open(payer, `${url}download/`)).trim().split('\r\n');
  assert.equal(csv[0], 'Since,Closed at,Provider,State,Attempts,Amount,Reason');
  assert.match(csv[1] ?? '', /,recovered,\d,\$90\.00,/);
  assert.equal(csv.length, 2);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual(
    (await casesOf(site)).map(({ state }) => state),
    ['recovered'],
  );
  const again = await payer.post(url, {});
  assert.equal(again.status, 303);
  assert.match((await payer.follow(again)).text, /Nothing is due after a failed charge/);
});

test('a decline, a second try within the hour, and an open payment are shown as messages (400, 429, 409)', async () => {
  await fail('insufficient_funds');
  await open(payer, url);
  const declined = await payer.post(url, {});
  assert.equal(declined.status, 400, declined.text);
  assert.match(declined.text, /role="alert"/);
  const early = await payer.post(url, {});
  assert.equal(early.status, 429);
  assert.match(early.text, /Try again in 60 minutes, or use another card/);
  assert.deepEqual(
    (await attemptsOf(site)).map((attempt) => attempt.split(' ')[0]),
    ['renewal', 'manual'],
  );
  site.moveTo('2026-02-09T12:00:00Z');
  await sql`insert into orders (profile_id, state, cart_version, amount, unit, created_at)
    select id, 'reserved', 'v', 100, 'usd', ${new Date('2026-02-09T12:00:00Z')} from profiles where slug = 'xia'`.execute(
    site.app.db,
  );
  const pending = await payer.post(url, {});
  assert.equal(pending.status, 409, pending.text);
  assert.match(pending.text, /A payment of this profile is pending/);
});

test('a payment that the bank wants to be confirmed leads to the page that confirms it', async () => {
  await fail('authentication_required');
  const text = await open(payer, url);
  assert.match(text, /The bank wants you to confirm the payment/);
  assert.match(text, /href="\/billing\/xia\/balance\/">Pay and confirm/);
});

test('a suspended case shows that access is suspended', async () => {
  await site.close();
  await start({ dunning_end: 'suspend' });
  await fail('lost_card');
  await site.runAt('2026-02-16T10:00:00Z', RENEW);
  const text = await open(payer, url);
  assert.match(text, /Suspended until you pay/);
  assert.match(text, /The bank does not accept this card any more/);
  assert.match(await open(provider, `${list_url}?state=suspended`), /href="\/profile\/xia\/contact\/"/);
});

test('the provider lists the cases of its subscribers by state, with a link to the file', async () => {
  await fail('insufficient_funds');
  for (const query of ['', '?state=open', '?state=retrying', '?q=xia']) {
    const text = await open(provider, list_url + query);
    assert.match(text, /<a href="\/profile\/xia\/contact\/">/, query);
    assert.match(text, /There was not enough money on the card/);
  }
  assert.equal((await provider.get('/profile/xia/contact/')).status, 200);
  for (const query of ['?state=recovered', '?q=harbour'])
    assert.doesNotMatch(await open(provider, list_url + query), /href="\/profile\/xia\/contact\/"/);
  assert.match(
    await open(provider, '/profile/cowork/subscribers/'),
    /href="\/profile\/cowork\/subscribers\/past-due\/"/,
  );
  assert.notEqual((await payer.get(list_url)).status, 200);
});

test('the provider downloads its list with the filters of the page', async () => {
  await fail('insufficient_funds');
  assert.match(await open(provider, list_url), /href="[^"]*past-due\/download\/"/);
  const rowsOf = async (query: string) => {
    const text = await open(provider, `${list_url}download/${query}`);
    return text.trim().split('\r\n');
  };
  const [head, row, ...others] = await rowsOf('?state=open');
  assert.match(head ?? '', /^Customer,Plans,State,Reason,Attempts,Since,Next attempt,Ends at,Due/);
  assert.match(row ?? '', /retrying,There was not enough money on the card\.,1,.*90\.00/);
  assert.deepEqual(others, []);
  assert.equal((await rowsOf('?state=recovered')).length, 1);
  assert.notEqual((await payer.get(`${list_url}download/`)).status, 200);
});
