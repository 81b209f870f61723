import type pg from 'pg';
import { dropIndexes } from './list-rows.ts';

/** Slug of the provider of all subscriptions. */
const PROVIDER = 'renewal-provider';
const BASE = 10_000;
const PLANS_COUNT = 5;
/** Subscriptions that are due `WARM_UP_HOURS` before the others: they warm the process up. */
export const WARM_UP_COUNT = 200;
export const WARM_UP_HOURS = 14;

const filled = [
  'profiles',
  'plans',
  'subscriptions',
  'orders',
  'order_lines',
  'ledger_events',
  'ledger_entries',
] as const;

/** Rows to insert. */
export interface RenewalRows {
  subscriptions: number;
  /** Paid orders of each subscription, one a month; all but the newest are recognised. */
  orders: number;
}

/**
 * Inserts subscriptions of as many payers to the plans of one provider, with a card of the test processor, that are due
 * for renewal at the whole hour before now. Triggers and foreign keys are off (`session_replication_role`): a scratch
 * database only. Returns that hour.
 */
export async function fillRenewalRows(client: pg.Client, rows: RenewalRows): Promise<Date> {
  await client.query('set session_replication_role = replica');
  await client.query("set work_mem = '256MB'");
  const indexes = await dropIndexes(client, filled);
  for (const text of statements(rows)) await client.query(text);
  for (const text of indexes) await client.query(text);
  for (const table of filled)
    await client.query(`select setval(pg_get_serial_sequence($1, 'id'), (select max(id) from ${table}))`, [table]);
  await client.query('set session_replication_role = origin');
  await client.query('analyze');
  await client.query('select ledger_rebuild_balances()');
  await client.query('select rebuild_list_counts()');
  await client.query('vacuum analyze');
  const found = await client.query<{ at: Date }>(`select ${hour} as at`);
  const at = found.rows[0]?.at;
  if (!at) throw new Error('the server has no time');
  return at;
}

const hour = "date_trunc('hour', now())";

function statements({ subscriptions, orders }: RenewalRows): string[] {
  const provider = `${BASE}`;
  const customer = `${BASE} + c`;
  const each_customer = `generate_series(1, ${subscriptions + WARM_UP_COUNT}) c`;
  const ordered = `${each_customer}, generate_series(0, ${orders - 1}) i`;
  // Ends are spread over the 12 hours that become due together after downtime.
  const end = `${hour} + case when c <= ${WARM_UP_COUNT} then interval '9 hours' else interval '11 hours' + c % 720 * interval '1 minute' end`;
  const begin = `(${end} - interval '${orders} months')`;
  const order = `${BASE} + c * ${orders}::bigint + i`;
  const at = `(${begin} + i * interval '1 month')`;
  const until = `(${begin} + (i + 1) * interval '1 month')`;
  const plan = `${BASE} + c % ${PLANS_COUNT}`;
  const amount = `(1000 + c % ${PLANS_COUNT} * 500)`;
  const is_recognised = `i < ${orders - 1}`;
  const entry = (rank: number, orig: string, dest: string, filter = 'true') =>
    `select (${order}) * 5 + ${rank}, ${order}, ${rank}, ${at}, 'Order', ${orig}, ${amount}, 'usd', ${dest}, ${amount}, 'usd',
       'sub', (${customer})::text, '' from ${ordered} where ${filter}`;
  return [
    `insert into profiles (id, slug, full_name, email, is_provider, created_at) overriding system value
     values (${provider}, '${PROVIDER}', 'Renewal Provider', 'p@x.example', true, now() - interval '9 years')`,
    `insert into profiles (id, slug, full_name, email, created_at) overriding system value
     select ${customer}, 'payer-' || c, 'Payer ' || c, 'c' || c || '@x.example', ${begin} from ${each_customer}`,
    `insert into plans (id, profile_id, slug, title, is_active, period_amount, period_type, renewal_type, created_at)
       overriding system value
     select ${BASE} + n, ${provider}, 'renewal-plan-' || n, 'Plan ' || n, true, 1000 + n * 500, 'monthly', 'auto-renew',
       now() - interval '9 years' from generate_series(0, ${PLANS_COUNT - 1}) n`,
    `insert into test_processor_customers (key, card, created_at)
     select 'cus_' || c, '{"last4":"4242","exp_date":"2099-12-01","brand":"visa","outcome":"accepted","card_name":""}', ${begin}
     from ${each_customer}`,
    `insert into payment_methods (profile_id, processor, customer_key, brand, last4, exp_date, updated_at)
     select ${customer}, 'test', 'cus_' || c, 'visa', '4242', '2099-12-01', ${begin} from ${each_customer}`,
    `insert into subscriptions (id, profile_id, plan_id, created_at, anchor_at, ends_at, auto_renew)
       overriding system value
     select ${customer}, ${customer}, ${plan}, ${begin}, ${begin}, ${begin} + interval '${orders} months', true
     from ${each_customer}`,
    `insert into orders (id, profile_id, state, cart_version, amount, unit, created_at, closed_at) overriding system value
     select ${order}, ${customer}, 'settled', 'bench', ${amount}, 'usd', ${at}, ${at} from ${ordered}`,
    `insert into order_lines (id, order_id, rank, kind, provider_id, beneficiary_id, plan_id, subscription_id, amount, full_amount,
       unit, description, periods_count, period_type, covers_from, covers_to, recurring_amount, recurring_periods, subject_kind,
       subject_id, subject_part, ledger_entry_id) overriding system value
     select ${order}, ${order}, 0, 'period', ${provider}, ${customer}, ${plan}, ${customer}, ${amount}, ${amount}, 'usd', 'Plan', 1,
       'monthly', ${at}, ${until}, ${amount}, 1, 'sub', (${customer})::text, '', (${order}) * 5 from ${ordered}`,
    `insert into coverages (order_line_id, rank, subscription_id, payer_id, amount, quantity, anchor_at, starts_at, ends_at,
       recognised, recognised_until, next_window_at)
     select ${order}, 0, ${customer}, ${customer}, ${amount}, 1, ${begin}, ${at}, ${until},
       case when ${is_recognised} then ${amount} else 0 end, case when ${is_recognised} then ${until} end,
       case when ${is_recognised} then null else ${until} end from ${ordered}`,
    `insert into ledger_events (id, key, kind, created_at) overriding system value
     select ${order}, 'bench:' || (${order}), 'order', ${at} from ${ordered}`,
    `insert into ledger_entries (id, ledger_event_id, rank, created_at, description, orig_profile_id, orig_account, orig_amount,
       orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit, subject_kind, subject_id, subject_part)
       overriding system value
     ${[
       entry(0, `${provider}, 'Receivable'`, `${customer}, 'Payable'`),
       entry(1, `${customer}, 'Liability'`, `${provider}, 'Funds'`),
       entry(2, `${customer}, 'Payable'`, `${customer}, 'Liability'`),
       entry(3, `${provider}, 'Backlog'`, `${provider}, 'Receivable'`),
       entry(4, `${provider}, 'Income'`, `${provider}, 'Backlog'`, is_recognised),
     ].join(' union all ')}`,
  ];
}
