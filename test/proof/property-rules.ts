import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { verifyLedger } from '#ledger';
import { ledgerChecks } from '../../src/ledger-checks.ts';
import { checkRules } from '../../src/simulate/check-rules.ts';
import type { Db } from '../../src/platform/db/database.ts';
import { isMove } from '../../src/simulate/recount/recount-money.ts';
import { readLedger, type RecountEntry } from '../../src/simulate/recount/rows-store.ts';
import type { TestApp } from '../support/start-app.ts';
import { recountValues } from '../../src/simulate/recount/recount-customers.ts';

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

/** Properties 3 to 14 and 16 of changes of subscriptions, at any instant. */
export async function checkProperties({ db, world }: TestApp, provider: number): Promise<void> {
  const processor = world ? { processor: world.rows() } : {};
  assert.deepEqual(await checkRules(db, { is_final: false, ...processor }), []);
  assert.deepEqual(world?.violations() ?? [], []);
  assert.deepEqual((await verifyLedger(db, { checks: ledgerChecks })).violations, []);
  const entries = await readLedger(db);
  checkBalance(entries);
  checkCash(entries, provider);
  await checkOnce(db);
}

/** Property 3: each event, and with it all accounts, sums to zero in each unit. */
function checkBalance(entries: readonly RecountEntry[]): void {
  for (const event of Map.groupBy(entries, ({ ledger_event_id }) => ledger_event_id).values())
    for (const unit of new Set(event.flatMap(({ orig_unit, dest_unit }) => [orig_unit, dest_unit]))) {
      const received = sum(event.map(({ dest_unit, dest_amount }) => (dest_unit === unit ? dest_amount : 0)));
      const sent = sum(event.map(({ orig_unit, orig_amount }) => (orig_unit === unit ? orig_amount : 0)));
      assert.equal(received, sent, `property 3: event ${event[0]?.ledger_event_id} in ${unit}`);
    }
}

/**
 * Property 8: money that came in and stayed is income of paid time, what is still to earn and credit that is left, less
 * credit that the provider gave and refunds of time that was not earned. Disputes are no refunds.
 */
function checkCash(entries: readonly RecountEntry[], provider: number): void {
  const own = (entry: RecountEntry, orig: string, dest: string) =>
    isMove(entry, orig, dest) && (entry.orig_profile_id === provider || entry.dest_profile_id === provider);
  const total = (orig: string, dest: string) =>
    sum(entries.map((entry) => (own(entry, orig, dest) ? entry.orig_amount : 0)));
  const balanceOf = (account: string) =>
    sum(
      entries.map(
        (entry) =>
          (entry.dest_profile_id === provider && entry.dest_account === account ? entry.dest_amount : 0) -
          (entry.orig_profile_id === provider && entry.orig_account === account ? entry.orig_amount : 0),
      ),
    );
  const cash = sum([...recountValues(entries, provider).values()].map((value) => value.cash));
  const income = -balanceOf('Income');
  const unpaid_income = total('Income', 'Receivable') - total('Receivable', 'Backlog') + total('Funds', 'Liability');
  const notes = total('Refunded', 'Backlog');
  const credit = notes - total('Liability', 'Credit');
  // Credit notes take what disputes and write-offs had taken from Backlog, too.
  const taken = total('Chargeback', 'Backlog') + total('Writeoff', 'Backlog');
  const refunds = total('Refunded', 'Refund') - total('Refund', 'Backlog') - taken;
  assert.equal(cash, income - unpaid_income - balanceOf('Backlog') + credit - refunds, 'property 8: cash');
}

/** Property 11: one trial of a profile and a plan. */
async function checkOnce(db: Db): Promise<void> {
  const { rows } = await sql`
    select profile_id, plan_id, count(*) from subscriptions where trial_ends_at is not null and replaces_id is null
    group by profile_id, plan_id having count(*) > 1`.execute(db);
  assert.deepEqual(rows, [], 'property 11: one trial of a plan');
}

/** Property 6: when all coverages have ended, each is earned, and no subject has a Backlog. */
export async function checkLife(db: Db): Promise<void> {
  const { rows: coverages } = await sql`
    select order_line_id, rank, amount, recognised from coverages where amount <> recognised`.execute(db);
  assert.deepEqual(coverages, [], 'property 6: a coverage is not earned whole');
  const entries = await readLedger(db);
  // Imported sales have no coverage. They, and their reversals, are paid outside of the site at once.
  const imports = new Set(
    [...Map.groupBy(entries, ({ ledger_event_id }) => ledger_event_id)].flatMap(([id, event]) =>
      event.some((entry) => isMove(entry, 'Funds', 'Offline') || isMove(entry, 'Offline', 'Funds')) &&
      event.some((entry) => isMove(entry, 'Receivable', 'Payable') || isMove(entry, 'Payable', 'Receivable'))
        ? [id]
        : [],
    ),
  );
  const subjects = Map.groupBy(
    entries.filter(
      ({ subject_kind, ledger_event_id }) =>
        (subject_kind === 'sub' || subject_kind === 'cpn') && !imports.has(ledger_event_id),
    ),
    ({ subject_kind, subject_id, subject_part }) => `${subject_kind}_${subject_id}/${subject_part}`,
  );
  for (const [subject, of] of subjects) {
    const backlog = sum(
      of.map(
        (entry) =>
          (entry.dest_account === 'Backlog' ? entry.dest_amount : 0) -
          (entry.orig_account === 'Backlog' ? entry.orig_amount : 0),
      ),
    );
    assert.equal(backlog, 0, `property 6: Backlog of ${subject}`);
  }
}

interface Covered {
  amount: number;
  periods: number;
  period_type: 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';
}

const per_month = { hourly: 730, daily: 365 / 12, weekly: 365 / 84, monthly: 1, yearly: 1 / 12 } as const;

/** Recurring revenue per month at an instant (exclusive), of the coverages that run there: property 15. */
export async function recountRevenue(db: Db, provider: number, at: Date): Promise<number> {
  const { rows } = await sql<Covered>`
    select line.recurring_amount as amount, line.recurring_periods as periods, line.period_type
    from coverages join order_lines line on line.id = order_line_id
      join subscriptions subscription on subscription.id = coverages.subscription_id
    where line.provider_id = ${provider} and recurring_amount is not null
      and coverages.starts_at < ${at} and least(coverages.ends_at, subscription.ends_at) >= ${at}
      and coverages.starts_at < subscription.ends_at
      and subscription.grant_key is null and subscription.request_key is null`.execute(db);
  return sum(rows.map(({ amount, periods, period_type }) => Math.round((amount * per_month[period_type]) / periods)));
}
