import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { countStatements } from '../../bench/statement-count.ts';
import { apiClient } from '../support/client.ts';
import { startDemoApp, type DemoApp } from '../support/start-demo-app.ts';

/** The index that serves each documented order of a list of a large table. */
const orders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/api/profile': {
    full_name: 'profiles_full_name',
    created_at: 'profiles_created_at',
    slug: 'profiles_slug_key',
  },
  '/api/users': {
    full_name: 'users_full_name',
    created_at: 'users_created_at',
    username: 'users_username',
  },
  '/api/billing/charges': {
    created_at: 'charges_created_at',
    amount: 'charges_amount',
    state: 'charges_state',
    description: 'charges_description',
    customer__full_name: 'profiles_full_name',
  },
  // A page, which has no operation of the API.
  '/billing/cowork/charges/': {
    created_at: 'seller_charges_provider_id',
    amount: 'seller_charges_amount',
    description: 'seller_charges_title',
    full_name: 'seller_charges_profile_id',
  },
  '/api/billing/transactions': {
    created_at: 'ledger_entries_created_at',
    amount: 'ledger_entries_dest_amount',
    orig_amount: 'ledger_entries_orig_amount',
    dest_amount: 'ledger_entries_dest_amount',
    orig_account: 'ledger_entries_orig_account',
    dest_account: 'ledger_entries_dest_account',
    description: 'ledger_entries_description',
    orig_profile: 'ledger_entries_orig_profile',
    orig_profile__full_name: 'ledger_entries_orig_profile',
    dest_profile: 'ledger_entries_dest_profile',
    dest_profile__full_name: 'ledger_entries_dest_profile',
  },
  '/api/billing/cowork/receivables': {
    dest_profile: 'ledger_entries_sales',
    dest_profile__full_name: 'ledger_entries_sales',
  },
  '/api/billing/cowork/transfers': {
    orig_profile: 'ledger_entries_funds_in',
    orig_profile__full_name: 'ledger_entries_funds_in',
    dest_profile: 'ledger_entries_funds_out',
    dest_profile__full_name: 'ledger_entries_funds_out',
  },
  '/api/profile/cowork/subscribers': {
    full_name: 'profiles_full_name',
    created_at: 'profiles_created_at',
    slug: 'profiles_slug_key',
  },
  '/api/profile/cowork/subscribers/subscriptions': {
    ends_at: 'subscriptions_plan_id',
    created_at: 'subscriptions_plan_created_at',
    plan: 'subscriptions_plan_id',
    plan__title: 'subscriptions_plan_id',
    profile: 'profiles_slug_key',
    profile__full_name: 'profiles_full_name',
    profile__email: 'profiles_email_order',
    profile__phone: 'profiles_phone',
    profile__street_address: 'profiles_street_address',
    profile__locality: 'profiles_locality',
    profile__region: 'profiles_region',
    profile__postal_code: 'profiles_postal_code',
    profile__country: 'profiles_country',
  },
  '/api/contacts/donny/activities': { created_at: 'activities_contact_id' },
  '/api/billing/cartitems': { created_at: 'cart_items_created_at', username: 'users_username' },
};

let app: DemoApp;
let call: ReturnType<typeof apiClient>;

before(async () => {
  app = await startDemoApp();
  const token = await app.signIn('donny');
  assert.ok(token);
  call = apiClient(app, token);
  // Activities are listed for a contact.
  const note = await call('POST', '/api/contacts/donny/activities', { text: 'Called', account: null });
  assert.equal(note.status, 201, note.text);
});
after(() => app.close());

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  Plans?: PlanNode[];
}

/** Names of the indexes that are read for a limited number of rows: those of the page, and not those of its count. */
function limitedIndexes(node: PlanNode, is_limited = false): string[] {
  const own = is_limited && node['Node Type'].startsWith('Index') ? [node['Index Name'] ?? ''] : [];
  const below = is_limited || node['Node Type'] === 'Limit';
  return [...own, ...(node.Plans ?? []).flatMap((each) => limitedIndexes(each, below))];
}

/** Runs a request, and returns the indexes of its page without sorts and scans of whole tables where possible. */
async function findIndexes(url: string): Promise<string[]> {
  const { statements } = await countStatements(async () => {
    const reply = await call('GET', url);
    assert.equal(reply.status, 200, reply.text);
  });
  const is_page = !url.startsWith('/api/');
  const [text] = statements.filter(
    (each) =>
      each.includes('json_agg') && each.includes('order by') && (!is_page || each.includes('from "seller_charges"')),
  );
  assert.ok(text, url);
  const count = Math.max(...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  return app.db.connection().execute(async (connection) => {
    for (const way of ['sort', 'seqscan', 'bitmapscan']) await sql.raw(`set enable_${way} = off`).execute(connection);
    await sql.raw('set plan_cache_mode = force_generic_plan').execute(connection);
    await sql.raw(`prepare ordered as ${text}`).execute(connection);
    try {
      const nulls = Array.from({ length: count }, () => 'null').join(', ');
      const plan = await sql
        .raw<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`explain (format json) execute ordered(${nulls})`)
        .execute(connection);
      return (plan.rows[0]?.['QUERY PLAN'] ?? []).flatMap(({ Plan }) => limitedIndexes(Plan));
    } finally {
      await sql.raw('deallocate ordered').execute(connection);
      await sql.raw('reset all').execute(connection);
    }
  });
}

test('each documented order of a large table is read from its index, in both directions', async () => {
  const missing: string[] = [];
  for (const [path, indexes] of Object.entries(orders)) {
    for (const [order, index] of Object.entries(indexes)) {
      for (const direction of ['', '-']) {
        if (!(await findIndexes(`${path}?o=${direction}${order}`)).includes(index))
          missing.push(`${path} ${direction}${order}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});

test('a search finds its candidates by an index of texts where the server has pg_trgm', async (t) => {
  const { rows } = await sql`select from pg_extension where extname = 'pg_trgm'`.execute(app.db);
  if (rows.length === 0) return t.skip('the server has no pg_trgm');
  const { rows: indexes } = await sql<{ name: string }>`
    select indexname as name from pg_indexes where indexname like '%\\_text' order by 1`.execute(app.db);
  assert.deepEqual(
    indexes.map(({ name }) => name),
    [
      'charges_text',
      'contacts_text',
      'ledger_entries_text',
      'profiles_address_text',
      'profiles_names_text',
      'seller_charges_text',
      'users_text',
    ],
  );
});
