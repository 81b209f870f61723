import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { BEGIN, expectStatus, H, startChanges, type ChangeSite } from '../../test/support/changes.ts';
import { checkRules } from './check-rules.ts';

let site: ChangeSite;
const RESUMED = new Date(Date.parse(H) + 23 * 86_400_000);
const pause_url = '/api/profile/zoe/subscriptions/desk/pause';

before(async () => {
  site = await startChanges();
  for (const plan of ['basic', 'pro']) await site.plan(plan, { downgrade_mode: 'prorate' });
  // The period of sub_1 runs with a change and its reverse at H; the one of sub_2 ended, and its subscription with it.
  await site.plan('once', { period_amount: 5000, renewal_type: 'one-time' });
  const yan = await site.register('yan');
  await site.buy(yan, 'yan', 'once');
  site.moveTo(new Date(Date.parse(BEGIN) + 20 * 86_400_000).toISOString());
  await site.buy(site.xia, 'xia', 'basic');
  // The pause of zoe moves a period that was bought ahead and has not begun.
  await site.plan('desk', { period_amount: 1900, pause_days_max: 45 });
  const zoe = await site.register('zoe');
  for (const _period of ['first', 'second']) await site.buy(zoe, 'zoe', 'desk');
  site.moveTo(new Date(Date.parse(H) + 20 * 86_400_000).toISOString());
  for (const [from, to] of [
    ['basic', 'pro'],
    ['pro', 'basic'],
  ])
    await changeNow(site.xia, 'xia', from, to);
  await expectStatus(zoe('POST', pause_url, {}), 200);
  site.moveTo(RESUMED.toISOString());
  await expectStatus(zoe('DELETE', pause_url), 200);
  await site.runAt(site.app.clock.now().toISOString(), 'recognise_income');
});
after(() => site.close());

async function changeNow(call: ChangeSite['xia'], name: string, from: string | undefined, to: string | undefined) {
  const url = `/api/profile/${name}/subscriptions/${from}/change`;
  const shown = await expectStatus(call('GET', `${url}?to=${to}&at=now`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  await expectStatus(call('POST', url, { to, at: 'now', preview_key }), 200);
}

const of_once = sql`(select line.id from order_lines line join plans on plans.id = line.plan_id where plans.slug = 'once')`;

// oxfmt-ignore
/** Faults by the rule that finds them. The numbers are those of the properties of changes. */
const faults: Readonly<Record<string, [rule: RegExp, fault: RawBuilder<unknown>]>> = {
  'a payment settles less than it is': [/every payment settles orders/,
    sql`update ledger_balances set amount = amount + 1 where account = 'Liability'
      and ctid = (select min(ctid) from ledger_balances where account = 'Liability')`],
  '4: a part of what was bought at the instant is kept': [/given back whole \(4\)/,
    sql`update coverages set amount = amount + 1, recognised = recognised + 1 where starts_at = ends_at`],
  '4: the reverse costs more than the change': [/its reverse at one instant cost nothing at list price \(4\)/,
    sql`update subscription_changes set terms = jsonb_set(terms, '{shown,lines,0,amount}', '-4499') where id = (select min(id) from subscription_changes)`],
  '5: an amount disappears at a cut': [/adds up to the price of the lines of a subject \(5\)/,
    sql`update coverages set amount = amount - 1 where recognised < amount`],
  '5: a cut gives more than the time that passed': [/a cut divides the price .* \(5\)/,
    sql`update coverages set amount = amount + 1, recognised = recognised + 1
      where (order_line_id, rank) in (select order_line_id, rank from coverages where ends_at > starts_at and next_window_at is null and order_line_id not in (select id from order_lines where id in ${of_once}))`],
  '6: a payment of earned time stays in Backlog': [/has no Backlog, and no Receivable .* \(6\)/,
    sql`update ledger_entries set orig_account = 'Expenses' where dest_account = 'Receivable' and orig_account = 'Backlog'
      and subject_id = (select subject_id from order_lines where id in ${of_once})`],
  '9: a period begins before the one that it follows ends': [/overlap only for seats \(9\)/,
    sql`update coverages set starts_at = starts_at - interval '1 day' where starts_at = (select max(starts_at) from coverages)`],
  '12: income has the date of a late job': [/regardless of when the job ran \(12\)/,
    sql`update ledger_entries set created_at = created_at + interval '1 day' where orig_account = 'Income'`],
  '13: a period ends at midnight of a zone': [/whole periods in UTC after the anchor \(13\)/,
    sql`update order_lines set covers_to = covers_to + interval '1 hour' where id in ${of_once}`],
  '16: more is recognised than was earned': [/what a second program computes \(16\)/,
    sql`update coverages set recognised = recognised + 1 where recognised < amount`],
};

test('a business without a fault breaks no rule', async () => {
  assert.deepEqual(await checkRules(site.app.db, { is_final: false }), []);
});

test('coverages of one subscription overlap only for seats (9): a period that a pause moved leaves no time', async () => {
  const empty = await sql`select from coverages where starts_at = ends_at and starts_at > ${RESUMED}`.execute(
    site.app.db,
  );
  assert.equal(empty.rows.length, 1);
  const broken = await checkRules(site.app.db, { is_final: false });
  assert.deepEqual(
    broken.filter(({ rule }) => rule.endsWith('(9)')),
    [],
  );
});

test('no Backlog and no Receivable (6): a sale outside of the site covers a period that is not paid', async () => {
  await site.plan('gym', { period_type: 'weekly', period_amount: 700 });
  const wes = await site.register('wes');
  await site.buy(wes, 'wes', 'gym');
  const day = (days: number) => new Date(RESUMED.getTime() + days * 86_400_000).toISOString();
  const sale = { subscription: 'wes:gym', created_at: day(0), amount: '35.00', descr: 'bank' };
  await expectStatus(site.broker('POST', '/api/billing/cowork/transfers/import', sale), 201);
  await expectStatus(wes('DELETE', '/api/billing/wes/card'), 204);
  await site.runAt(day(7 - 1 / 24), 'renew_subscriptions');
  await site.runAt(day(14), 'recognise_income');
  const owed = await sql<{ amount: number }>`select sum(amount)::int as amount from ledger_subject_balances
    join profiles on profiles.id = profile_id where slug = 'wes'`.execute(site.app.db);
  assert.deepEqual(owed.rows, [{ amount: 700 }]);
  assert.deepEqual(await checkRules(site.app.db, { is_final: false }), []);
});

for (const [name, [rule, fault]] of Object.entries(faults))
  test(`the daily rules find a fault of property ${name}`, async () => {
    await site.app.db
      .transaction()
      .execute(async (tx) => {
        // The guards of the ledger would refuse the fault.
        await sql`set local session_replication_role = replica`.execute(tx);
        const { numAffectedRows = 0n } = await fault.execute(tx);
        assert.ok(numAffectedRows > 0n, 'the fault changes a row');
        const broken = await checkRules(tx, { is_final: false });
        assert.ok(
          broken.some((each) => rule.test(each.rule)),
          JSON.stringify(broken),
        );
        throw new Error('rollback');
      })
      .catch((error: unknown) => assert.match(String(error), /^Error: rollback$/));
  });

test('a change and its reverse cost nothing (4): time that was bought ahead becomes credit', async () => {
  for (const slug of ['silver', 'gold'])
    await site.plan(slug, { period_amount: 4900, crossgrade_mode: 'prorate', downgrade_mode: 'prorate' });
  const amy = await site.register('amy');
  for (const _period of ['first', 'second']) await site.buy(amy, 'amy', 'silver');
  site.moveTo(new Date(site.app.clock.now().getTime() + 5 * 86_400_000).toISOString());
  for (const [from, to] of [
    ['silver', 'gold'],
    ['gold', 'silver'],
  ])
    await changeNow(amy, 'amy', from, to);
  const credit = await sql<{ amount: number }>`select sum(balance)::int as amount from credits
    join profiles on profiles.id = profile_id where slug = 'amy'`.execute(site.app.db);
  assert.deepEqual(credit.rows, [{ amount: 4900 }]);
  await site.runAt(site.app.clock.now().toISOString(), 'recognise_income');
  assert.deepEqual(await checkRules(site.app.db, { is_final: false }), []);
});

test('Liability is what was earned of uses that are not paid', async () => {
  const use_charges = [{ slug: 'requests', title: 'Requests', quota: 0, use_amount: 15 }];
  await site.plan('metered', { period_type: 'weekly', period_amount: 700, use_charges });
  const ula = await site.register('ula');
  await site.buy(ula, 'ula', 'metered');
  const uses = { plan: 'metered', use: 'requests', quantity: 3 };
  await expectStatus(site.broker('POST', '/api/billing/ula/balance', uses), 200, 201);
  await expectStatus(ula('DELETE', '/api/billing/ula/card'), 204);
  await site.runAt(new Date(RESUMED.getTime() + 60 * 86_400_000).toISOString(), 'recognise_income');
  const debt = await sql<{ amount: number }>`select sum(ledger_balances.amount)::int as amount from ledger_balances
    join profiles on profiles.id = profile_id where account = 'Liability' and slug = 'ula'`.execute(site.app.db);
  assert.deepEqual(debt.rows, [{ amount: 45 }]);
  assert.deepEqual(await checkRules(site.app.db, { is_final: false }), []);
});
