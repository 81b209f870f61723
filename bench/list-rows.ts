import type pg from 'pg';

/** The large tables. */
export const tables = [
  'users',
  'profiles',
  'contacts',
  'activities',
  'subscriptions',
  'cart_items',
  'charges',
  'charge_items',
  'seller_charges',
  'ledger_entries',
] as const;

/** Slug of the provider of all plans. */
export const PROVIDER = 'bench-provider';

/**
 * Fills the large tables up to `rows` rows each, with distinct names and instants. Triggers and foreign keys are off
 * (`session_replication_role`): a scratch database only. The names of rows depend on their number alone, so that a
 * second call adds the missing rows.
 */
export async function fillTables(client: pg.Client, from: number, rows: number): Promise<void> {
  await client.query('set session_replication_role = replica');
  await client.query("set work_mem = '256MB'");
  await client.query("set maintenance_work_mem = '1GB'");
  const indexes = await dropIndexes(client, tables);
  for (const text of statements(from, rows)) await client.query(text);
  for (const text of indexes) await client.query(text);
  // The totals of entries and charges end at the value of the sequence at the latest.
  for (const table of [...tables.filter((each) => each !== 'seller_charges'), 'ledger_events'])
    await client.query(`select setval(pg_get_serial_sequence($1, 'id'), (select max(id) from ${table}))`, [table]);
  await client.query('set session_replication_role = origin');
  await client.query('select rebuild_list_counts()');
  await client.query('vacuum analyze');
}

/** Drops the indexes of tables that no constraint needs; returns the statements that create them again. */
export async function dropIndexes(client: pg.Client, of: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
     where indrelid = any($1::regclass[]) and not indisunique
       and not exists (select from pg_constraint where conindid = indexrelid)`,
    [of],
  );
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}

/** A name of two words that depends on a number, in no order. */
const name = (n: string) => `initcap(translate(left(md5('first' || ${n}), 6), '0123456789', 'ghijklmnop'))
  || ' ' || initcap(translate(left(md5('last' || ${n}), 8), '0123456789', 'qrstuvwxyz'))`;

/** An instant of the last three years that depends on a number. */
const instant = (n: string) =>
  `timestamptz '2023-01-01' + ((${n}::bigint * 7919) % 31536000) * interval '3 second' + (${n} % 1000) * interval '1 ms'`;

/** First id of the rows made here: below it are the rows of the site. */
const BASE = 1000;

function statements(from: number, rows: number): string[] {
  const series = `generate_series(${from + 1}, ${rows}) n`;
  const id = `${BASE} + n`;
  const events = `generate_series(${Math.floor(from / 2) + 1}, ${Math.floor(rows / 2)}) n`;
  const profile = (n: string) => `${BASE} + 1 + (${n}) % ${rows}`;
  return [
    `insert into users (id, username, email, email_verified_at, full_name, created_at, last_login_at)
     overriding system value
     select ${id}, 'user-' || n, 'user-' || n || '@mail' || n % 100 || '.example', ${instant('n')}, ${name('n')}, ${instant('n')},
       ${instant('n')} from ${series}`,
    `insert into profiles (id, slug, personal_user_id, full_name, email, phone, street_address, locality, region, postal_code,
       country, created_at) overriding system value
     select ${id}, 'user-' || n, ${id}, ${name('n')}, 'user-' || n || '@mail' || n % 100 || '.example', '+1415' || (1000000 + n),
       n || ' ' || ${name('n + 1')} || ' Street', ${name('n % 5000')}, 'Region ' || n % 50, (10000 + n % 90000)::text, 'US',
       ${instant('n')} from ${series}`,
    `insert into contacts (id, slug, email, full_name, created_at) overriding system value
     select ${id}, 'contact-' || n, 'contact-' || n || '@mail.example', ${name('n + 7')}, ${instant('n')} from ${series}`,
    `insert into profiles (id, slug, full_name, email, is_provider, created_at) overriding system value
     values (${BASE}, '${PROVIDER}', 'Bench Provider', 'p@x.example', true, timestamptz '2022-01-01') on conflict do nothing`,
    `insert into plans (id, profile_id, slug, title, is_active, period_amount, created_at) overriding system value
     select ${BASE} + n, ${BASE}, 'bench-plan-' || n, 'Bench plan ' || n, true, n * 1000, timestamptz '2022-01-01'
     from generate_series(1, 5) n on conflict do nothing`,
    `insert into subscriptions (id, profile_id, plan_id, created_at, ends_at) overriding system value
     select ${id}, ${id}, ${BASE} + 1 + n % 5, ${instant('n')},
       case when n % 4 = 0 then ${instant('n')} + interval '30 days' else timestamptz '2099-01-01' + n * interval '1 s' end
     from ${series}`,
    `insert into activities (id, contact_id, text, created_at) overriding system value
     select ${id}, ${BASE} + 1 + n % 1000, 'Note ' || n, ${instant('n')} from ${series}`,
    `insert into cart_items (id, user_id, plan_id, created_at) overriding system value
     select ${id}, ${id}, ${BASE} + 1 + n % 5, ${instant('n')} from ${series}`,
    `insert into charges (id, claim_code, profile_id, amount, unit, description, last4, processor, processor_key, state, created_at)
     overriding system value
     select ${id}, md5(n::text) || left(md5(n || 'x'), 8), ${profile('n::bigint * 7')}, 1 + (n::bigint * 7919) % 100000, 'usd',
       'Charge for subscription ' || n || ' to plan ' || n % 5, '4242', 'test', 'ch_' || md5('charge' || n),
       (array['done', 'done', 'done', 'failed', 'created', 'disputed'])[1 + n % 6], ${instant('n')} from ${series}`,
    `insert into charge_items (id, charge_id, rank, invoiced_entry_id, provider_id, amount, title) overriding system value
     select ${id}, ${id}, 0, ${BASE} + 2 * n, ${BASE}, 1 + (n::bigint * 7919) % 100000, 'Plan ' || n % 5 || ', subscription ' || n
     from ${series}`,
    `insert into seller_charges (charge_id, provider_id, profile_id, processor_key, created_at, state, unit, amount, lines_count, title)
     select charge.id, ${BASE}, charge.profile_id, charge.processor_key, charge.created_at, charge.state, charge.unit, charge.amount,
       1, item.title
     from charges charge join charge_items item on item.charge_id = charge.id
     where charge.id > ${BASE} + ${from} and charge.id <= ${BASE} + ${rows}`,
    `insert into ledger_events (id, key, kind, created_at) overriding system value
     select ${id}, 'bench:' || n, 'order', ${instant('n')} from ${events}`,
    `insert into ledger_entries (id, ledger_event_id, rank, created_at, description, orig_profile_id, orig_account, orig_amount,
       orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit) overriding system value
     select ${BASE} + 2 * n + side, ${id}, side, ${instant('n')},
       case side when 0 then 'Subscription to plan ' || n % 5 || ' until period ' || n else 'Payment of order ' || n end,
       case side when 0 then ${BASE} else ${profile('n::bigint * 7')} end, case side when 0 then 'Receivable' else 'Liability' end,
       1 + (n::bigint * 7919) % 100000, 'usd',
       case side when 0 then ${profile('n::bigint * 7')} else ${BASE} end, case side when 0 then 'Payable' else 'Funds' end,
       1 + (n::bigint * 7919) % 100000, 'usd'
     from ${events}, generate_series(0, 1) side`,
  ];
}
