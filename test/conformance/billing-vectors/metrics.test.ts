import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { findProfileBySlug } from '#profiles';
import { subscriptionSubject } from '#subscriptions';
import { apiClient, registerUser } from '../../support/client.ts';
import type { TestContext } from '../../support/context.ts';
import { makePlan } from '../../support/factories/catalog.ts';
import { orderEntry } from '../../support/factories/ledger.ts';
import { makePerson, subscribe } from '../../support/factories/subscriptions.ts';
import { rowsPostedBy } from '../../support/ledger-rows.ts';
import { registerBrokerManager, registerProvider } from '../../support/register-managers.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

// Vectors of spec billing.md, Appendix C, that metrics and the balance have.

let app: TestApp;
let ctx: TestContext;
let events = 0;
before(async () => {
  app = await startApp({ now: new Date('2026-01-01T00:00:00Z') });
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
});
after(() => app.close());

/** Posts an unpaid order on a subscription at an instant. */
async function order(provider: ProfileId, payer: ProfileId, subscription_id: number, amount: number, at: string) {
  events += 1;
  const subject = subscriptionSubject(subscription_id as Parameters<typeof subscriptionSubject>[0]); // a stored id
  const entry = orderEntry({ provider, payer, amount, subject });
  const event = { key: `vector:${events}`, kind: 'order', at: new Date(at), entries: [entry] };
  await inTransaction(app.db, (tx) => postEvent(tx, event));
}

interface Series {
  results: { slug: string; values: [string, number][] }[];
  extra?: { slug: string; values: [string, number][] }[];
}

test('C10 §6.2 customers by month: total, new, churned and net, and the churn in percent', async () => {
  app.clock.set(new Date('2026-03-15T00:00:00Z'));
  const { call, profile } = await registerProvider(app, 'c-ten-seller', 'c-ten');
  const plan = await makePlan(ctx, { provider_id: profile.id });
  const [xia, bob] = [await makePerson(app.db), await makePerson(app.db)];
  const ids = new Map<ProfileId, number>();
  for (const { profile: payer } of [xia, bob]) ids.set(payer.id, (await subscribe(ctx, payer, plan, 12)).id);
  const buy = (payer: ProfileId, at: string) => order(profile.id, payer, ids.get(payer) ?? 0, 2000, at);
  await buy(xia.profile.id, '2026-01-10T10:00:00Z');
  await buy(xia.profile.id, '2026-02-10T10:00:00Z');
  await buy(bob.profile.id, '2026-02-11T10:00:00Z');
  await buy(xia.profile.id, '2026-03-10T10:00:00Z');
  const query = 'period_type=monthly&nb_periods=3&ends_at=2026-03-15T00:00:00Z';
  const reply = await call('GET', `/api/metrics/c-ten/customers?${query}`);
  assert.equal(reply.status, 200, reply.text);
  const { results, extra = [] } = reply.json<Series>();
  const counts = Object.fromEntries([...results, ...extra].map((each) => [each.slug, each.values.map(([, n]) => n)]));
  assert.deepEqual(counts['total-customers'], [1, 2, 1]);
  assert.deepEqual(counts['new-customers'], [1, 1, 0]);
  assert.deepEqual(counts['churned-customers'], [0, 0, 1]);
  assert.deepEqual(counts['net-new-customers'], [1, 1, -1]);
  assert.deepEqual(counts['percent-customer-churn'], [0, 0, 50]);
});

test('C11 §2.14 a balance of 3500 that is not the unpaid orders is paid by one settled line', async () => {
  app.clock.set(new Date('2026-04-01T10:00:00Z'));
  const broker = await registerBrokerManager(app, 'vector-operator');
  const buyer = apiClient(app, await registerUser(app, 'c-eleven'));
  const payer = await findProfileBySlug(app.db, 'c-eleven');
  const site = await findProfileBySlug(app.db, 'cowork');
  assert.ok(payer && site);
  const plan = await makePlan(ctx);
  const { id } = await subscribe(ctx, payer, plan);
  for (const hour of ['10', '11']) await order(site.id, payer.id, id, 2000, `2026-04-01T${hour}:00:00Z`);
  app.clock.set(new Date('2026-04-02T10:00:00Z'));
  const part = await broker('DELETE', '/api/billing/c-eleven/balance?amount=500&paid=true');
  assert.ok(part.status < 300, part.text);
  const shown = await buyer('GET', '/api/billing/c-eleven/checkout');
  assert.equal(shown.status, 200, shown.text);
  const rows = await rowsPostedBy(app, async () => {
    const paid = await buyer('POST', '/api/billing/c-eleven/checkout', { processor_token: 'tok_visa' });
    assert.deepEqual([paid.status, paid.json()['amount']], [201, 3500], paid.text);
  });
  assert.deepEqual(rows, [
    'sub_1/ cowork:settled→c-eleven:settled 3500',
    'cha_1/ c-eleven:Liability→stripe:Funds 3500',
    'sub_1/ c-eleven:Payable→c-eleven:Liability 3500',
    'cha_1/ stripe:Backlog→cowork:Expenses 132',
    'sub_1/ cowork:Backlog→cowork:Receivable 3500',
    'cha_1/ stripe:Funds→cowork:Funds 3368',
  ]);
  assert.equal((await buyer('GET', '/api/billing/c-eleven/balance')).json()['balance_amount'], 0);
});

test('C12 §6.1 the bounds of three months are local midnights, then the end itself', async () => {
  app.clock.set(new Date('2026-05-01T10:00:00Z'));
  const { call, profile } = await registerProvider(app, 'c-twelve-seller', 'c-twelve');
  await app.db
    .updateTable('profiles')
    .set({ default_timezone: 'America/Los_Angeles' })
    .where('id', '=', profile.id)
    .execute();
  // Without an offset the instant is read in the zone of the profile; with one it is that instant.
  for (const ends_at of ['2026-03-15T12:00:00', '2026-03-15T19:00:00Z']) {
    const query = `period_type=monthly&nb_periods=3&ends_at=${ends_at}`;
    const reply = await call('GET', `/api/metrics/c-twelve/balances?${query}`);
    assert.equal(reply.status, 200, reply.text);
    const [first] = reply.json<Series>().results;
    assert.deepEqual(
      first?.values.map(([when]) => new Date(when).toISOString()),
      ['2026-01-01T08:00:00.000Z', '2026-02-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z', '2026-03-15T19:00:00.000Z'],
    );
  }
});
