import type pg from 'pg';
import { dropIndexes } from './list-rows.ts';

/** Slug of the provider of all rows. */
export const METRIC_PROVIDER = 'metric-provider';

/** Orders of each customer, one a month. */
const ORDERS_OF_CUSTOMER = 13;
/** Entries of an order that was paid and recognised. */
const ENTRIES_OF_ORDER = 5;
const BASE = 10_000;
/** Tables with ids that are filled. */
const filled = [
  'profiles',
  'plans',
  'subscriptions',
  'ledger_events',
  'ledger_entries',
  'orders',
  'order_lines',
] as const;

/**
 * Inserts a ledger of `rows` entries: customers of one provider that order each month for a year, pay, and begin on
 * different days. Triggers and foreign keys are off (`session_replication_role`): a scratch database only.
 */
export async function fillMetricRows(client: pg.Client, rows: number): Promise<void> {
  await client.query('set session_replication_role = replica');
  await client.query("set work_mem = '256MB'");
  await client.query("set maintenance_work_mem = '512MB'");
  const indexes = await dropIndexes(client, filled);
  for (const text of statements(Math.floor(rows / ENTRIES_OF_ORDER / ORDERS_OF_CUSTOMER))) await client.query(text);
  for (const text of indexes) await client.query(text);
  for (const table of filled)
    await client.query(`select setval(pg_get_serial_sequence($1, 'id'), (select max(id) from ${table}))`, [table]);
  await client.query('set session_replication_role = origin');
  await client.query('analyze');
  await client.query('select rebuild_list_counts()');
  await client.query('vacuum analyze');
}

function statements(customers: number): string[] {
  const provider = `${BASE}`;
  const customer = `${BASE} + c`;
  // Begins of customers are spread over a year; half of them have stopped.
  const begin = `date_trunc('hour', now()) - interval '12 months' - (c * 7919::bigint % 525600) * interval '1 minute'`;
  const orders = `generate_series(1, ${customers}) c, generate_series(0, ${ORDERS_OF_CUSTOMER - 1}) i`;
  const order = `${BASE} + c * ${ORDERS_OF_CUSTOMER}::bigint + i`;
  const amount = `(1000 + (c % 9) * 500 + i / 6 * 300)`;
  const at = `(${begin} + i * interval '1 month')`;
  const entry = (rank: number, orig: string, orig_account: string, dest: string, dest_account: string, when: string) =>
    `select (${order}) * ${ENTRIES_OF_ORDER} + ${rank}, ${order}, ${rank}, ${when}, 'Order', ${orig}, '${orig_account}', ${amount}, 'usd',
       ${dest}, '${dest_account}', ${amount}, 'usd', 'sub', (${customer})::text, '' from ${orders}`;
  return [
    `insert into profiles (id, slug, full_name, is_provider, created_at) overriding system value
     values (${provider}, '${METRIC_PROVIDER}', 'Metric Provider', true, now() - interval '2 years')`,
    `insert into profiles (id, slug, full_name, email, created_at) overriding system value
     select ${customer}, 'customer-' || c, 'Customer ' || c, 'c' || c || '@x.example', ${begin} from generate_series(1, ${customers}) c`,
    `insert into plans (id, profile_id, slug, title, is_active, period_amount, created_at) overriding system value
     select ${BASE} + n, ${provider}, 'metric-plan-' || n, 'Plan ' || n, true, 1000 + n * 500, now() - interval '2 years'
     from generate_series(0, 8) n`,
    `insert into subscriptions (id, profile_id, plan_id, created_at, anchor_at, ends_at) overriding system value
     select ${customer}, ${customer}, ${BASE} + c % 9, ${begin}, ${begin}, ${begin} + interval '${ORDERS_OF_CUSTOMER} months'
     from generate_series(1, ${customers}) c`,
    `insert into orders (id, profile_id, state, cart_version, amount, unit, created_at, closed_at) overriding system value
     select ${order}, ${customer}, 'settled', 'bench', ${amount}, 'usd', ${at}, ${at} from ${orders}`,
    `insert into order_lines (id, order_id, rank, kind, provider_id, beneficiary_id, plan_id, subscription_id, amount, unit, description,
       periods_count, period_type, covers_from, covers_to, recurring_amount, recurring_periods) overriding system value
     select ${order}, ${order}, 0, 'period', ${provider}, ${customer}, ${BASE} + c % 9, ${customer}, ${amount}, 'usd', 'Plan', 1, 'monthly',
       ${at}, ${at} + interval '1 month', ${amount}, 1 from ${orders}`,
    `insert into coverages (order_line_id, rank, subscription_id, payer_id, amount, quantity, anchor_at, starts_at, ends_at)
     select ${order}, 0, ${customer}, ${customer}, ${amount}, 1, ${begin}, ${at}, ${begin} + (i + 1) * interval '1 month' from ${orders}`,
    `insert into ledger_events (id, key, kind, created_at) overriding system value
     select ${order}, 'bench:' || (${order}), 'order', ${at} from ${orders}`,
    `insert into ledger_entries (id, ledger_event_id, rank, created_at, description, orig_profile_id, orig_account, orig_amount, orig_unit,
       dest_profile_id, dest_account, dest_amount, dest_unit, subject_kind, subject_id, subject_part) overriding system value
     ${[
       entry(0, provider, 'Receivable', customer, 'Payable', at),
       entry(1, customer, 'Liability', provider, 'Funds', at),
       entry(2, customer, 'Payable', customer, 'Liability', at),
       entry(3, provider, 'Backlog', provider, 'Receivable', at),
       entry(4, provider, 'Income', provider, 'Backlog', `${at} + interval '20 days'`),
     ].join(' union all ')}`,
  ];
}
