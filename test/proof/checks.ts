import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { verifyLedger } from '#ledger';
import { ledgerChecks } from '../../src/ledger-checks.ts';
import type { Db } from '../../src/platform/db/database.ts';
import type { ProcessorRows } from '../../src/simulate/outside/outside-world.ts';
import type { TestApp } from '../support/start-app.ts';
import type { Model } from './model/model.ts';
import { rowsAt } from './outside.ts';
import type { Site } from './site.ts';

/** Rules that hold after every command; each query returns the rows that break one. */
const rulesOf = ({ charges, refunds }: ProcessorRows) =>
  [
    [
      'a charge is the sum of its lines',
      sql`select charges.processor_key, charges.amount, sum(item.amount) as lines from charges
      left join charge_items item on item.charge_id = charges.id
      group by charges.id having charges.amount is distinct from sum(item.amount)`,
    ],
    [
      'an order is covered by at most one charge that did not fail',
      sql`select invoiced_entry_id, count(*) from charge_items join charges on charges.id = charge_id
      where state <> 'failed' group by invoiced_entry_id having count(*) > 1`,
    ],
    [
      'every charge has its order',
      sql`select charges.processor_key from charges where not exists (
      select from orders where orders.charge_attempt_id = charges.charge_attempt_id and orders.state = 'settled')`,
    ],
    [
      'the processor has one charge for each paid attempt, with its amount',
      sql`select attempt.key, attempt.amount, test.amount as charged from charge_attempts attempt
      left join ${charges} test on test.idempotency_key = attempt.key and test.outcome = 'accepted'
      where attempt.state = 'accepted' and attempt.amount is distinct from test.amount`,
    ],
    [
      'no line is refunded above its amount',
      sql`select item.id, item.amount, sum(line.amount) as refunded from charge_items item
      join refund_lines line on line.charge_item_id = item.id join refunds on refunds.id = line.refund_id
      where refunds.state in ('reserved', 'settled') group by item.id having sum(line.amount) > item.amount`,
    ],
    [
      'the processor and the site agree on the refunds of a charge',
      sql`select processor_key, booked, made from (
        select processor_key, coalesce((select sum(amount) from refunds where charge_id = charges.id and state = 'settled'), 0) as booked,
          coalesce((select sum(amount) from ${refunds} made where charge_key = processor_key and state = 'succeeded'), 0) as made
        from charges) refund
      where booked <> made and not exists (
        select from refunds join charges on charges.id = refunds.charge_id
        where charges.processor_key = refund.processor_key and refunds.state = 'reserved')`,
    ],
    [
      'a subscription ends after it began, and overlaps no other of its slot',
      sql`select id from subscriptions one where ends_at < created_at or exists (
      select from subscriptions other where other.profile_id = one.profile_id and other.plan_id = one.plan_id
        and other.id <> one.id and other.created_at < one.ends_at and one.created_at < other.ends_at)`,
    ],
    [
      'a coupon has no negative number of redemptions left',
      sql`select code, nb_attempts from coupons where nb_attempts < 0`,
    ],
    [
      'the numbers of each series of documents are 1 to n without a gap',
      sql`select provider_id, series, year, count(*), max(serial) from documents
      group by provider_id, series, year having count(*) <> max(serial)`,
    ],
    [
      'every paid or placed order of a provider has one invoice',
      sql`select entry.ledger_event_id, entry.orig_profile_id from ledger_entries entry
      join ledger_events event on event.id = ledger_event_id and event.kind = 'order'
      left join documents on documents.ledger_event_id = entry.ledger_event_id and series = 'invoice'
        and provider_id = entry.orig_profile_id
      where orig_account = 'Receivable' and dest_account = 'Payable'
      group by entry.ledger_event_id, entry.orig_profile_id
      having sum(entry.orig_amount) > 0 and count(distinct documents.id) <> 1`,
    ],
    [
      'credit notes do not exceed their invoice',
      sql`select invoice.id, invoice.amount, sum(note.amount) from documents note
      join documents invoice on invoice.id = note.invoice_id group by invoice.id having sum(note.amount) > invoice.amount`,
    ],
    [
      'Payable is never negative',
      sql`select profile_id, unit, sum(amount) from ledger_balances where account = 'Payable'
      group by profile_id, unit having sum(amount) < 0`,
    ],
    [
      'Liability is zero: every payment settles orders',
      sql`select profile_id, unit, sum(amount) from ledger_balances where account = 'Liability'
      group by profile_id, unit having sum(amount) <> 0`,
    ],
    [
      'no subject is overpaid',
      sql`select subject_kind, subject_id, unit, sum(amount) from ledger_subject_balances where profile_id is null
      group by subject_kind, subject_id, subject_part, unit having sum(amount) < 0`,
    ],
  ] as const;

/** Fails if the ledger or another rule of money is broken. */
export async function checkInvariants(app: Pick<TestApp, 'db' | 'world'>): Promise<void> {
  const { db } = app;
  const { violations } = await verifyLedger(db, { checks: ledgerChecks });
  assert.deepEqual(violations, [], 'tollgate ledger verify');
  for (const [rule, query] of rulesOf(rowsAt(app))) {
    const { rows } = await query.execute(db);
    assert.deepEqual(rows, [], rule);
  }
}

/** Fails unless the site has the balances, subscriptions and coupons of the model. */
export async function checkAgainstModel(site: Site, model: Model, payers: readonly string[]): Promise<void> {
  const { db } = site.app;
  await checkInvariants(site.app);
  const expected = new Map([...model.books.moved].filter(([, amount]) => amount !== 0));
  assert.deepEqual(sorted(await sumAccounts(site)), sorted(expected), 'balances of accounts');
  assert.deepEqual(
    await findSubscriptions(db, model),
    model.subscriptions
      .map(({ profile, plan, created_at, ends_at }) => line(profile, plan, created_at, ends_at))
      .toSorted(),
    'subscriptions',
  );
  const coupons = await db
    .selectFrom('coupons')
    .select(['code', 'nb_attempts'])
    .where(
      'code',
      'in',
      model.coupons.map(({ code }) => code),
    )
    .orderBy('code')
    .execute();
  assert.deepEqual(
    coupons.map(({ code, nb_attempts }) => [code, nb_attempts]),
    model.coupons.map(({ code, left }) => [code, left]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    'redemptions left',
  );
  for (const payer of payers) await checkStatement(site, model, payer);
}

/** Compares the statement balance of a payer and the present subscriptions with the API. */
async function checkStatement(site: Site, model: Model, payer: string): Promise<void> {
  const reply = await site.call(payer, 'GET', `/api/billing/${payer}/balance`);
  assert.equal(reply.status, 200, reply.text);
  const { balances } = reply.json<{ balances: { amount: number; unit: string }[] }>();
  const shown = new Map(balances.filter(({ amount }) => amount !== 0).map(({ amount, unit }) => [unit, amount]));
  assert.deepEqual(sorted(shown), sorted(model.books.statement(payer)), `statement balance of ${payer}`);
  const list = await site.call(payer, 'GET', `/api/profile/${payer}/subscriptions?page_size=100`);
  assert.equal(list.status, 200, list.text);
  const { results } = list.json<{ results: { plan: { slug: string }; ends_at: string }[] }>();
  assert.deepEqual(
    results.map(({ plan, ends_at }) => `${plan.slug} ${Date.parse(ends_at)}`).toSorted(),
    model.subscriptions
      .filter(({ profile, ends_at }) => profile === payer && ends_at > model.now)
      .map(({ plan, ends_at }) => `${plan} ${ends_at}`)
      .toSorted(),
    `present subscriptions of ${payer}`,
  );
}

const sorted = (map: ReadonlyMap<string, number>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));

const line = (profile: string, plan: string, created_at: number, ends_at: number) =>
  `${profile} ${plan} ${new Date(created_at).toISOString()} ${new Date(ends_at).toISOString()}`;

/** Sums the entries of this sequence by profile, account and unit; excludes zero. */
async function sumAccounts({ app, first_entry }: Site): Promise<Map<string, number>> {
  const { rows } = await sql<{ place: string; amount: string }>`
    select slug || ' ' || account || ' ' || unit as place, sum(amount)::text as amount from (
      select dest_profile_id as profile_id, dest_account as account, dest_unit as unit, dest_amount as amount
      from ledger_entries where id > ${first_entry}
      union all select orig_profile_id, orig_account, orig_unit, -orig_amount from ledger_entries where id > ${first_entry}
    ) posting join profiles on profiles.id = profile_id
    group by slug, account, unit having sum(amount) <> 0`.execute(app.db);
  return new Map(rows.map(({ place, amount }) => [place, Number(amount)]));
}

async function findSubscriptions(db: Db, { buyers, people }: Model): Promise<string[]> {
  const rows = await db
    .selectFrom('subscriptions')
    .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select(['profiles.slug as profile', 'plans.slug as plan', 'subscriptions.created_at', 'subscriptions.ends_at'])
    .where('profiles.slug', 'in', [...buyers, ...people.values()])
    .execute();
  return rows
    .map(({ profile, plan, created_at, ends_at }) => line(profile, plan, created_at.getTime(), ends_at.getTime()))
    .toSorted();
}

/** Tables that record requests, also refused ones. No money depends on them. */
const REQUEST_TABLES = [
  'sessions',
  'rate_limits',
  'idempotency_records',
  'request_counts',
  'changes',
  'shown_lines',
  'engagements',
  'users',
];
/** Tables of the customers and of the payments that Stripe prepares for a payer who looks at the checkout. */
const PREPARED_TABLES = ['processor_customers', 'processor_intents'];
/** Tables that keep a declined payment as evidence. */
const DECLINED_TABLES = [
  'orders',
  'order_lines',
  'charge_attempts',
  'test_processor_charges',
  'processor_customers',
  'row_count_changes',
];

/** Job that ends a declined payment at the processor. */
const CANCEL = 'job:cancel_payment';

/** Returns the number of rows and a checksum of the rows of each table that a refused request must leave unchanged. */
export async function snapshot(
  { db, world }: Pick<TestApp, 'db' | 'world'>,
  { is_declined }: { is_declined: boolean },
): Promise<Record<string, string>> {
  const excluded = [
    ...REQUEST_TABLES,
    ...(world === null ? [] : PREPARED_TABLES),
    ...(is_declined ? DECLINED_TABLES : []),
  ];
  const tables = await sql<{ name: string }>`
    select relname as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = 'public' and relkind in ('r', 'p') and not relispartition order by relname`.execute(db);
  const names = tables.rows.map(({ name }) => name).filter((name) => !excluded.includes(name));
  const rowsOf = (name: string) =>
    is_declined && name === 'outbox_events'
      ? sql`(select * from outbox_events where name <> ${CANCEL})`
      : sql.table(name);
  const query = sql.join(
    names.map(
      (name) => sql`select ${name}::text as name, count(*) || ' rows, ' ||
        coalesce(sum(hashtextextended(stored::text, 0)::numeric), 0) as content from ${rowsOf(name)} stored`,
    ),
    sql` union all `,
  );
  const { rows } = await sql<{ name: string; content: string }>`${query}`.execute(db);
  return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
}
