import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type browserClient, signInBrowser } from '../../../test/support/client.ts';
import { type ChangeSite, expectStatus, H, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
let browser: Awaited<ReturnType<typeof signInBrowser>>;
let provider: Awaited<ReturnType<typeof signInBrowser>>;
/** A manager of the provider club, which is not the broker. */
let seller: ReturnType<typeof browserClient>;

before(async () => {
  site = await startChanges({ config: { terms_required: false } });
  await site.plan('basic', { cancel_refund: 'unused', pause_days_max: 60 });
  await site.plan('lite');
  const club = await site.provider('club');
  for (const slug of ['gym', 'pool']) {
    const plan = { title: slug, period_amount: 9000, unit: 'usd', pause_days_max: 30, is_active: true };
    await expectStatus(club.call('POST', '/api/profile/club/plans', { ...plan, slug }), 201);
  }
  await site.buy(site.xia, 'xia', 'basic');
  site.moveTo(H);
  browser = await signInBrowser(site.app, 'xia');
  provider = await signInBrowser(site.app, 'operator');
  seller = await signInBrowser(site.app, 'club-manager');
});
after(() => site.close());

const page = (plan: string, name: string) => `/profile/xia/subscriptions/${plan}/${name}/`;
const keyOf = (html: string) => /name="preview_key" value="([^"]+)"/.exec(html)?.[1] ?? assert.fail(html);
const read = async (plan: string) =>
  (await expectStatus((await site.signIn('xia'))('GET', `/api/profile/xia/subscriptions/${plan}`), 200)).json<{
    ends_at: string;
    auto_renew: boolean;
    cancelled_at: string | null;
    paused_at: string | null;
    resumes_at: string | null;
  }>();
async function open(client: typeof browser, url: string, status = 200): Promise<string> {
  const shown = await client.get(url);
  assert.equal(shown.status, status, shown.text);
  return shown.text;
}
/** Posts a form and returns the page after the redirect. */
async function send(client: typeof browser, url: string, fields: Record<string, string>): Promise<string> {
  const done = await client.post(url, fields);
  assert.equal(done.status, 303, done.text);
  return (await client.follow(done)).text;
}

test('a subscriber finds the pages from the subscriptions and from billing', async () => {
  for (const url of ['/profile/xia/subscriptions/', '/billing/xia/history/']) {
    const text = await open(browser, url);
    for (const name of ['stop', 'pause', 'change'])
      assert.ok(text.includes(`href="${page('basic', name)}"`), url + name);
    assert.match(text, /Renews(<\/dt>| on)/);
  }
  assert.equal((await browser.get(page('lite', 'stop'))).status, 404);
  assert.equal((await browser.get(page('basic', 'trial'))).status, 404);
});

test('a cancellation shows each way with its amounts, and its preview equals what is done', async () => {
  const text = await open(browser, page('basic', 'stop'));
  const ways = [...text.matchAll(/href="[^"]*stop\/\?at=([a-z_]+)&amp;refund=([a-z]+)"/g)].map(
    ([, at, refund]) => `${at} ${refund}`,
  );
  assert.deepEqual(ways, ['period_end none', 'now none', 'now unused']);
  assert.match(text, /Stop on Feb 10, 2026/);
  assert.match(text, /Pause it instead/);
  const refunding = await open(browser, `${page('basic', 'stop')}?at=now&refund=unused`);
  assert.match(refunding, /End now and refund \$45\.00/);
  assert.match(refunding, /This cannot be undone/);
});

test('a reason that is too long or unknown is refused at its field, and the input is kept', async () => {
  const url = page('basic', 'stop');
  const key = keyOf(await open(browser, url));
  const long = 'x'.repeat(1001);
  const refused = await browser.post(url, { preview_key: key, reason: 'bored', comment: long });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /2 fields need a correction/);
  assert.match(refused.text, /Choose one of the reasons/);
  assert.match(refused.text, /Use at most 1,000 characters/);
  assert.ok(refused.text.includes('x'.repeat(1000)));
  assert.equal((await read('basic')).cancelled_at, null);
});

test('a subscriber cancels with a reason, and takes it back by the page or by the message', async () => {
  const url = page('basic', 'stop');
  const wanted = {
    preview_key: keyOf(await open(browser, url)),
    reason: 'too_expensive',
    comment: 'For <b>two</b> days',
  };
  const stopped = await send(browser, url, wanted);
  assert.match(stopped, /basic ends on Feb 10, 2026/i);
  assert.match(stopped, /Take it back/);
  assert.match(stopped, /Not renewing/);
  const planned = await open(browser, url);
  assert.match(planned, /It costs too much/);
  assert.match(planned, /For &lt;b&gt;two&lt;\/b&gt; days/);
  assert.doesNotMatch(planned, /at=period_end/);
  const seen = await open(provider, url);
  assert.match(seen, /It costs too much/);
  const kept = await send(browser, url, { action: 'keep' });
  assert.match(kept, /goes on and renews again/);
  const { auto_renew, cancelled_at } = await read('basic');
  assert.deepEqual([auto_renew, cancelled_at], [true, null]);
  const again = await browser.post(url, { action: 'keep' });
  assert.equal(again.status, 404);
  assert.match(again.text, /No cancellation of this subscription is planned/);
});

test('a cancellation that is sent twice ends at the end of the period, not at once', async () => {
  const url = page('basic', 'stop');
  const html = await open(browser, url);
  const action = /<form method="post" action="([^"]+)" class="tg-form/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? url;
  const wanted = { preview_key: keyOf(html), reason: '', comment: '' };
  await send(browser, action, wanted);
  const planned = await read('basic');
  const twice = await browser.post(action, wanted);
  assert.deepEqual(await read('basic'), planned);
  assert.equal(twice.status, 303, twice.text);
  // A page without the choice in its address, as a theme may post it.
  const bare = await browser.post(url, wanted);
  assert.deepEqual(await read('basic'), planned);
  assert.equal(bare.status, 409, bare.text);
  await send(browser, url, { action: 'keep' });
});

test('an outdated preview of a refund is not executed: the page shows the new amounts with a notice', async () => {
  const url = `${page('basic', 'stop')}?at=now&refund=unused`;
  const key = keyOf(await open(browser, url));
  site.moveTo('2026-01-25T22:11:00Z');
  const shown = await browser.post(url, { preview_key: key });
  assert.equal(shown.status, 409);
  assert.match(shown.text, /shown too long ago/);
  assert.equal((await read('basic')).cancelled_at, null);
});

test('a refund that the plan does not offer is refused to the subscriber, and the page shows what is offered', async () => {
  const url = `${page('basic', 'stop')}?at=now&refund=full`;
  const shown = await browser.post(url, { preview_key: 'x' });
  assert.equal(shown.status, 409);
  assert.match(shown.text, /does not offer this refund/);
});

test('a subscriber previews a pause, pauses, moves its end and resumes', async () => {
  const url = page('basic', 'pause');
  const late = await browser.get(`${url}?at=now&resumes_at=2027-01-01`);
  assert.equal(late.status, 400);
  assert.match(late.text, /A pause lasts at most 60 days/);
  assert.match(late.text, /value="2027-01-01"/);
  const asked = `${url}?at=now&resumes_at=2026-02-20`;
  const preview = await open(browser, asked);
  assert.match(preview, /Pause until Feb 20, 2026/);
  assert.match(preview, /Mar 7, 2026/);
  assert.match(preview, /\$90\.00/);
  assert.equal((await read('basic')).paused_at, null, 'a preview writes nothing');
  const paused = await send(browser, asked, { action: 'pause' });
  assert.match(paused, /is paused until Feb 20, 2026/);
  assert.match(paused, /Paused/);
  const { ends_at, resumes_at } = await read('basic');
  assert.deepEqual([ends_at.slice(0, 10), resumes_at], ['2026-03-07', '2026-02-20T00:00:00.000Z']);
  assert.match(await open(browser, '/billing/xia/history/'), /Paused until/);
  const wrong = await browser.post(url, { action: 'move', resumes_at: '2026-12-01' });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /value="2026-12-01"/);
  assert.match(await send(browser, url, { action: 'move', resumes_at: '2026-02-25' }), /resumes on Feb 25, 2026/);
  site.moveTo('2026-01-30T10:00:00Z');
  const shown = await open(browser, url);
  assert.match(shown, /Resumed now, it is paid until Feb 14, 2026/);
  assert.match(await send(browser, url, { action: 'resume' }), /It is paid until Feb 14, 2026/);
  assert.equal((await read('basic')).ends_at.slice(0, 10), '2026-02-14');
  const used = await open(browser, url);
  assert.match(used, /was paused in this period already/);
  assert.equal((await browser.post(url, { action: 'resume' })).status, 404);
});

test('a provider plans a pause for a subscriber without limits, and withdraws it', async () => {
  const url = page('basic', 'pause');
  const asked = `${url}?at=period_end&resumes_at=2026-06-01`;
  assert.match(await open(provider, asked), /Pause on Feb 14, 2026/);
  assert.match(await send(provider, asked, { action: 'pause' }), /pauses on Feb 14, 2026 and resumes on Jun 1, 2026/);
  assert.match(await open(browser, '/profile/xia/subscriptions/'), /<dt>Pause<\/dt>/);
  assert.match(await open(browser, url), /Withdraw the pause/);
  assert.match(await send(provider, url, { action: 'withdraw' }), /planned pause was withdrawn/);
});

test('a provider that is not the broker may end with any refund, and cannot take back what the subscriber stopped', async () => {
  await site.buy(await site.signIn('xia'), 'xia', 'gym');
  const url = page('gym', 'stop');
  const ways = await open(seller, url);
  for (const refund of ['none', 'credit', 'unused', 'full'])
    assert.match(ways, new RegExp(`at=now&amp;refund=${refund}"`));
  assert.doesNotMatch(ways, /name="reason"/);
  const file = await open(seller, '/profile/xia/contact/');
  for (const name of ['stop', 'pause', 'change']) assert.ok(file.includes(`href="${page('gym', name)}"`), name);
  assert.ok(!file.includes(page('basic', 'stop')));
  assert.equal((await seller.get(page('basic', 'stop'))).status, 404);
  await send(browser, url, { preview_key: keyOf(await open(browser, url)) });
  assert.match(await open(seller, url), /Only the subscriber can take this back/);
  await seller.get(url);
  assert.equal((await seller.post(url, { action: 'keep' })).status, 403);
  assert.match(await open(seller, '/profile/xia/contact/'), /Not renewing/);
  const refunding = `${url}?at=now&refund=full`;
  const text = await open(seller, refunding);
  const shown = /End now and refund (\$[\d.]+)/.exec(text)?.[1] ?? assert.fail(text);
  const ended = await send(seller, refunding, { preview_key: keyOf(text) });
  assert.ok(ended.includes(`gym has ended. ${shown} is refunded.`), ended);
  const charges = await site.app.db.selectFrom('refunds').select('amount').execute();
  assert.deepEqual(
    charges.map(({ amount }) => `$${(Number(amount) / 100).toFixed(2)}`),
    [shown],
  );
});

test('a seller takes back a cancellation of its own', async () => {
  await site.buy(await site.signIn('xia'), 'xia', 'pool');
  const url = page('pool', 'stop');
  await send(seller, url, { preview_key: keyOf(await open(seller, url)) });
  assert.match(await open(browser, url), /The seller cancelled/);
  assert.match(await send(seller, url, { action: 'keep' }), /goes on and renews again/);
});

test('a user without a role on the subscriber or the provider does not see the pages', async () => {
  await site.register('eve');
  const other = await signInBrowser(site.app, 'eve');
  for (const name of ['stop', 'pause', 'trial'])
    assert.ok([403, 404].includes((await other.get(page('basic', name))).status));
});

test('a trial shows its end, what is charged then and by which card; without a card it says that it ends', async () => {
  site.moveTo('2026-02-01T10:00:00Z');
  await site.plan('studio', { trial_days: 14, setup_amount: 1500 });
  await site.buy(await site.signIn('xia'), 'xia', 'studio');
  const url = page('studio', 'trial');
  assert.ok((await open(browser, '/profile/xia/subscriptions/')).includes(`href="${url}"`));
  const text = await open(browser, url);
  assert.match(text, /Feb 15, 2026, 10:00/);
  assert.match(text, /ending in 1234 is charged <span class="tg-money">\$35\.00<\/span>, unless/);
  assert.match(text, /Setup fee/);
  await expectStatus((await site.signIn('xia'))('DELETE', '/api/billing/xia/card'), 200, 204);
  assert.match(await open(browser, url), /Add a card to go on/);
  const stop = page('studio', 'stop');
  await send(browser, stop, { preview_key: keyOf(await open(browser, stop)) });
  assert.match(await open(browser, url), /nothing is charged/);
  await send(browser, stop, { action: 'keep' });
  assert.match(await open(browser, page('studio', 'pause')), /cannot be paused/);
});

test('a cancellation now with a refund of the unused time gives back what the page showed', async () => {
  const url = `${page('basic', 'stop')}?at=now&refund=unused`;
  const text = await open(browser, url);
  const shown = /End now and refund (\$[\d.]+)/.exec(text)?.[1] ?? assert.fail(text);
  const ended = await send(browser, url, { preview_key: keyOf(text) });
  assert.ok(ended.includes(`${shown} is refunded.`), ended);
  const repeated = await browser.post(url, { preview_key: keyOf(text) });
  assert.equal(repeated.status, 404);
});
