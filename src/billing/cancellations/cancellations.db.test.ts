import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  balancesOf,
  type Call,
  type ChangeSite,
  dueOf,
  eventsPostedBy,
  expectStatus,
  H,
  startChanges,
} from '../../../test/support/changes.ts';

// The fee that a part refund returns is pro rata (docs/spec/billing.md 2.8): 145 and 197, in the place of 130 and 177.
let site: ChangeSite;
const url = '/api/profile/xia/subscriptions/basic/cancel';

/** Previews a cancellation and confirms it. */
async function cancel(call: Call, at: string, refund: string) {
  const preview = await expectStatus(call('GET', `${url}?at=${at}&refund=${refund}`), 200);
  const { preview_key } = preview.json<{ preview_key: string }>();
  return expectStatus(call('POST', url, { at, refund, preview_key, reason: 'too_expensive' }), 200);
}

async function fresh(fields: Parameters<ChangeSite['plan']>[1]): Promise<void> {
  site = await startChanges();
  await site.plan('basic', fields);
  await site.buy(site.xia, 'xia', 'basic');
}
before(() => fresh({ cancel_refund: 'unused', pause_days_max: 60 }));
after(() => site.close());

const ending = () =>
  site.app.db.selectFrom('subscription_endings').select(['kind', 'reason']).executeTakeFirstOrThrow();

test('V36 cancelled now, unused time refunded', async () => {
  site.moveTo(H);
  const call = await site.signIn('xia');
  assert.equal((await call('POST', url, { at: 'now', refund: 'unused' })).json()['code'], 'preview_required');
  assert.equal((await call('GET', `${url}?at=now&refund=full`)).json()['code'], 'refund_not_offered');
  const events = await eventsPostedBy(site, async () => {
    const done = await cancel(call, 'now', 'unused');
    assert.deepEqual([done.json()['refund_amount'], done.json()['credit_amount']], [4500, 0]);
  });
  assert.deepEqual(events, [
    '`sub_1/` cowork:Income→cowork:Backlog 4500 · `cha_1/1/` xia:Refunded→cowork:Refund 4500 · stripe:Funds→stripe:Refund 145 · cowork:Funds→stripe:Refund 4355 · `sub_1/` cowork:Refund→cowork:Backlog 4500',
  ]);
  assert.equal(
    await balancesOf(site, 'cowork', 'xia'),
    'cowork Expenses 291 Funds 4354 Income -4500 · xia Refunded -4500',
  );
  assert.equal(await dueOf(call, 'xia'), 0);
  assert.deepEqual(await ending(), { kind: 'cancelled', reason: 'too_expensive' });
});

test('V31 cancelled while paused', async () => {
  await site.close();
  await fresh({ cancel_refund: 'unused', pause_days_max: 60 });
  site.moveTo('2026-01-20T10:00:00Z');
  const paused = await eventsPostedBy(site, () =>
    expectStatus(site.xia('POST', '/api/profile/xia/subscriptions/basic/pause', {}), 200),
  );
  assert.deepEqual(paused, ['`sub_1/` cowork:Income→cowork:Backlog 2903']);
  site.moveTo('2026-02-01T10:00:00Z');
  const call = await site.signIn('xia');
  const events = await eventsPostedBy(site, () => cancel(call, 'now', 'unused'));
  assert.deepEqual(events, [
    '`cha_1/1/` xia:Refunded→cowork:Refund 6097 · stripe:Funds→stripe:Refund 197 · cowork:Funds→stripe:Refund 5900 · `sub_1/` cowork:Refund→cowork:Backlog 6097',
  ]);
  assert.equal(
    await balancesOf(site, 'cowork', 'xia'),
    'cowork Expenses 291 Funds 2809 Income -2903 · xia Refunded -6097',
  );
  assert.equal(await dueOf(call, 'xia'), 0);
  const again = await call('DELETE', '/api/profile/xia/subscriptions/basic/pause');
  assert.deepEqual([again.status, again.json()['code']], [404, 'subscription_unknown']);
});

test('V37 money back', async () => {
  await site.close();
  await fresh({ money_back_days: 14 });
  site.moveTo('2026-01-12T10:00:00Z');
  const events = await eventsPostedBy(site, () => cancel(site.xia, 'now', 'full'));
  assert.deepEqual(events, [
    '`sub_1/` cowork:Income→cowork:Backlog 580 · `cha_1/1/` xia:Refunded→cowork:Refund 9000 · stripe:Funds→stripe:Refund 291 · cowork:Funds→stripe:Refund 8709 · `sub_1/` cowork:Refund→cowork:Backlog 8420',
  ]);
  assert.equal(
    await balancesOf(site, 'cowork', 'xia'),
    'cowork Expenses 291 Income -580 Refund 580 · xia Refunded -9000',
  );
});

test('a cancellation at the end of the period is withdrawn, and one with credit makes a lot', async () => {
  await site.close();
  await fresh({ cancel_refund: 'credit' });
  site.moveTo(H);
  const call = await site.signIn('xia');
  const planned = await expectStatus(call('POST', url, { reason: 'temporary' }), 200);
  assert.deepEqual([planned.json()['ends_at'], planned.json()['auto_renew']], ['2026-02-10T10:00:00.000Z', false]);
  const back = await expectStatus(call('DELETE', url), 200);
  assert.deepEqual(back.json(), { ends_at: '2026-02-10T10:00:00.000Z', auto_renew: true });
  assert.equal((await call('DELETE', url)).json()['code'], 'cancellation_unknown');
  const events = await eventsPostedBy(site, () => cancel(call, 'now', 'credit'));
  assert.deepEqual(events, [
    '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→xia:Refunded 4500',
  ]);
});

test('a repeated cancellation at the end of the period keeps its instant and emits nothing again', async () => {
  await site.close();
  await fresh({ cancel_refund: 'none' });
  const emitted = () =>
    site.app.db.selectFrom('outbox_events').select('id').where('name', '=', 'subscription_cancelled').execute();
  const cancelled_at = async () =>
    (await site.app.db.selectFrom('subscriptions').select('cancelled_at').executeTakeFirstOrThrow()).cancelled_at;
  site.moveTo(H);
  const call = await site.signIn('xia');
  await expectStatus(call('POST', url, { reason: 'temporary' }), 200);
  site.moveTo('2026-01-26T10:00:00Z');
  const again = await expectStatus(call('POST', url, { reason: 'too_expensive' }), 200);
  assert.deepEqual([again.json()['ends_at'], again.json()['auto_renew']], ['2026-02-10T10:00:00.000Z', false]);
  assert.equal((await emitted()).length, 1);
  assert.deepEqual(await cancelled_at(), new Date(H));
  assert.deepEqual(await ending(), { kind: 'cancelled', reason: 'too_expensive' }, 'the newer reason counts');
  // Taken back and cancelled once more: that is news.
  await expectStatus(call('DELETE', url), 200);
  await expectStatus(call('POST', url, { reason: 'temporary' }), 200);
  assert.equal((await emitted()).length, 2);
});

test('a cancellation that was shown more than ten minutes before is shown again, and nothing is written', async () => {
  await site.close();
  await fresh({ cancel_refund: 'unused' });
  site.moveTo(H);
  const call = await site.signIn('xia');
  const { preview_key } = (await expectStatus(call('GET', `${url}?at=now&refund=unused`), 200)).json<{
    preview_key: string;
  }>();
  site.moveTo('2026-01-25T22:10:01Z');
  const events = await eventsPostedBy(site, async () => {
    const late = await call('POST', url, { at: 'now', refund: 'unused', preview_key });
    assert.deepEqual([late.status, late.json()['code']], [409, 'preview_outdated']);
  });
  assert.deepEqual(events, []);
  assert.equal(await site.app.db.selectFrom('subscription_endings').selectAll().executeTakeFirst(), undefined);
});

test('a key with an instant that the caller wrote neither extends a subscription nor ends it in the past', async () => {
  await site.close();
  await fresh({ cancel_refund: 'none' });
  site.moveTo(H);
  const call = await site.signIn('xia');
  const read = async () => (await call('GET', '/api/profile/xia/subscriptions/basic')).json()['ends_at'];
  const paid_until = await read();
  for (const instant of ['2099-01-01T00:00:00Z', '2026-01-11T10:00:00Z']) {
    const preview_key = `${Date.parse(instant).toString(36)}-${'0'.repeat(40)}`;
    const refused = await call('POST', url, { at: 'now', refund: 'none', preview_key });
    assert.deepEqual([refused.status, refused.json()['code']], [409, 'preview_outdated'], refused.text);
    assert.equal(await read(), paid_until, instant);
  }
});
