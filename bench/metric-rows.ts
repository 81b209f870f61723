import type pg from 'pg';
import { dropIndexes } from './list-rows.ts';

/** Slug of the provider of all rows. */
export const METRIC_PROVIDER = 'metric-provider';
/** Coupon of the provider that some customers used. */
export const METRIC_COUPON = 'HALF';

/** Orders of each customer at most, one a month. */
const ORDERS_OF_CUSTOMER = 13;
/** Entries of a customer on average: the last ones began this month, and some leave after half a year. */
const ENTRIES_OF_CUSTOMER = 44;
/** Ids of entries per order: it is paid and recognised; a refund or a dispute follows some of them. */
const IDS_OF_ORDER = 6;
/** Customers with plans of their own, the members of a federation. Their number does not grow. */
const MEMBERS_COUNT = 20;
const BASE = 10_000;
/** Tables with ids that are filled. */
const filled = [
  'users',
  'profiles',
  'roles',
  'plans',
  'coupons',
  'cart_items',
  'subscriptions',
  'ledger_events',
  'ledger_entries',
  'orders',
  'order_lines',
] as const;

/**
 * Inserts a ledger of about `rows` entries: customers of one provider that began within two years, order each month
 * for a year, and pay; some leave, owe their last order, are refunded or dispute. Triggers and foreign keys are off
 * (`session_replication_role`): a scratch database only.
 */
export async function fillMetricRows(client: pg.Client, rows: number): Promise<void> {
  const run = async (what: string, text: string) => {
    const started_ms = performance.now();
    await client.query(text);
    const took_s = (performance.now() - started_ms) / 1000;
    if (took_s >= 1) console.log(`  ${rows} rows: ${what} ${took_s.toFixed(1)} s`);
  };
  await client.query('set session_replication_role = replica');
  await client.query("set work_mem = '256MB'");
  await client.query("set maintenance_work_mem = '512MB'");
  const indexes = await dropIndexes(client, filled);
  for (const text of statements(Math.floor(rows / ENTRIES_OF_CUSTOMER)))
    await run(/^insert into \w+/.exec(text)?.[0] ?? text, text);
  for (const text of indexes) await run(/index \w+/i.exec(text)?.[0] ?? text, text);
  for (const table of filled)
    await client.query(`select setval(pg_get_serial_sequence($1, 'id'), (select max(id) from ${table}))`, [table]);
  await client.query('set session_replication_role = origin');
  await run('analyze', 'analyze');
  await run('rebuild of balances', 'select ledger_rebuild_balances()');
  await run('rebuild of the sums', 'select rebuild_list_counts()');
  await run('vacuum', 'vacuum analyze');
}

function statements(customers: number): string[] {
  const provider = `${BASE}`;
  const customer = `${BASE} + c`;
  const each_customer = `generate_series(1, ${customers}) c`;
  // Begins of customers are spread over two years; half of them have stopped.
  const begin = `date_trunc('hour', now()) - (c * 7919::bigint % 1051200) * interval '1 minute'`;
  const orders_max = `(case when c % 5 = 0 then 6 else ${ORDERS_OF_CUSTOMER} end)`;
  const orders = `${each_customer} cross join generate_series(0, ${ORDERS_OF_CUSTOMER - 1}) i`;
  const order = `${BASE} + c * ${ORDERS_OF_CUSTOMER}::bigint + i`;
  const amount = `(1000 + (c % 9) * 500 + i / 6 * 300)`;
  const at = `(${begin} + i * interval '1 month')`;
  const is_ordered = `i < ${orders_max} and ${at} <= now()`;
  const is_paid = `not (c % 100 = 7 and i = 4)`;
  const is_refunded = 'c % 20 = 3 and i = 5';
  const is_disputed = 'c % 50 = 9 and i = 8';
  const entry = (
    rank: number,
    orig: string,
    orig_account: string,
    dest: string,
    dest_account: string,
    { when = at, filter = 'true' } = {},
  ) =>
    `select (${order}) * ${IDS_OF_ORDER} + ${rank}, ${order}, ${rank}, ${when}, 'Order', ${orig}, '${orig_account}', ${amount}, 'usd',
       ${dest}, '${dest_account}', ${amount}, 'usd', 'sub', (${customer})::text, '' from ${orders}
     where (${filter}) and ${is_ordered} and ${when} <= now()`;
  const day = (days: number) => `${at} + interval '${days} days'`;
  return [
    `insert into balance_lines (report, title, selector, rank)
     values ('bench', 'Sales', 'Receivable', 1), ('bench', 'Income', 'Income', 2)`,
    `insert into users (id, username, email, email_verified_at, full_name, created_at) overriding system value
     select ${customer}, 'member-' || c, 'm' || c || '@x.example', now(), 'Member ' || c, ${begin}
     from generate_series(1, ${customers + Math.floor(customers / 4)}) c`,
    `insert into profiles (id, slug, full_name, is_provider, created_at) overriding system value
     values (${provider}, '${METRIC_PROVIDER}', 'Metric Provider', true, now() - interval '2 years')`,
    `insert into profiles (id, slug, full_name, email, created_at) overriding system value
     select ${customer}, 'customer-' || c, 'Customer ' || c, 'c' || c || '@x.example', ${begin} from ${each_customer}`,
    `insert into roles (id, user_id, profile_id, role_type_id, accepted_at, created_at) overriding system value
     select ${customer}, ${customer}, ${customer}, (select min(id) from role_types), now(), ${begin} from ${each_customer}`,
    `insert into plans (id, profile_id, slug, title, is_active, period_amount, created_at) overriding system value
     select ${BASE} + n, ${provider}, 'metric-plan-' || n, 'Plan ' || n, true, 1000 + n * 500, now() - interval '2 years'
     from generate_series(0, 8) n`,
    `insert into plans (id, profile_id, slug, title, is_active, period_amount, created_at) overriding system value
     select ${BASE} + 100 + c, ${customer}, 'member-plan-' || c, 'Member plan ' || c, true, 0, now() - interval '2 years'
     from generate_series(1, ${MEMBERS_COUNT}) c`,
    `insert into coupons (id, profile_id, code, discount_type, discount_value, created_at) overriding system value
     values (${BASE}, ${provider}, '${METRIC_COUPON}', 'percentage', 5000, now() - interval '2 years')`,
    `insert into cart_items (id, user_id, plan_id, coupon_id, option, created_at, recorded_at) overriding system value
     select ${customer}, ${customer}, ${BASE} + c % 9, ${BASE}, 1, ${begin}, ${begin} from ${each_customer} where c % 3 = 0`,
    `insert into subscriptions (id, profile_id, plan_id, created_at, anchor_at, auto_renew, ends_at) overriding system value
     select ${customer}, ${customer}, ${BASE} + c % 9, ${begin}, ${begin}, false, case when c <= ${MEMBERS_COUNT}
       then now() + interval '1 year' else ${begin} + ${orders_max} * interval '1 month' end from ${each_customer}`,
    `insert into subscriptions (id, profile_id, plan_id, created_at, anchor_at, auto_renew, ends_at) overriding system value
     select ${customer} + ${customers}, ${customer}, ${BASE} + 101 + c % ${MEMBERS_COUNT}, ${begin}, ${begin}, false,
       ${begin} + interval '${ORDERS_OF_CUSTOMER} months' from ${each_customer}`,
    `insert into orders (id, profile_id, state, cart_version, amount, unit, created_at, closed_at) overriding system value
     select ${order}, ${customer}, 'settled', 'bench', ${amount}, 'usd', ${at}, ${at} from ${orders} where ${is_ordered}`,
    `insert into order_lines (id, order_id, rank, kind, provider_id, beneficiary_id, plan_id, subscription_id, amount, unit, description,
       periods_count, period_type, covers_from, covers_to, recurring_amount, recurring_periods) overriding system value
     select ${order}, ${order}, 0, 'period', ${provider}, ${customer}, ${BASE} + c % 9, ${customer}, ${amount}, 'usd', 'Plan', 1, 'monthly',
       ${at}, ${at} + interval '1 month', ${amount}, 1 from ${orders}
     where ${is_ordered}`,
    `insert into coverages (order_line_id, rank, subscription_id, payer_id, amount, quantity, anchor_at, starts_at, ends_at)
     select ${order}, 0, ${customer}, ${customer}, ${amount}, 1, ${begin}, ${at}, ${begin} + (i + 1) * interval '1 month' from ${orders}
     where ${is_ordered}`,
    `insert into ledger_events (id, key, kind, created_at) overriding system value
     select ${order}, 'bench:' || (${order}), 'order', ${at} from ${orders} where ${is_ordered}`,
    `insert into ledger_entries (id, ledger_event_id, rank, created_at, description, orig_profile_id, orig_account, orig_amount, orig_unit,
       dest_profile_id, dest_account, dest_amount, dest_unit, subject_kind, subject_id, subject_part) overriding system value
     ${[
       entry(0, provider, 'Receivable', customer, 'Payable'),
       entry(1, customer, 'Liability', provider, 'Funds', { filter: is_paid }),
       entry(2, customer, 'Payable', customer, 'Liability', { filter: is_paid }),
       entry(3, provider, 'Backlog', provider, 'Receivable', { filter: is_paid }),
       entry(4, provider, 'Income', provider, 'Backlog', { filter: is_paid, when: day(20) }),
       entry(5, customer, 'Refunded', provider, 'Refund', { filter: is_refunded, when: day(3) }),
       entry(5, customer, 'Refunded', provider, 'Chargeback', { filter: is_disputed, when: day(9) }),
     ].join(' union all ')}`,
  ];
}
