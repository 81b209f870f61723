import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#platform/db/database';
import { foldListCounts } from '#platform/lists/row-count-store';
import { budgets, PAGE_BYTES_MAX } from '../../bench/budgets.ts';
import { countStatements } from '../../bench/statement-count.ts';
import { apiClient } from '../support/client.ts';
import { requirePageBudget } from '../support/page-statements.ts';
import { startDemoApp, type DemoApp } from '../support/start-demo-app.ts';

/** Sales of one provider, and payments to its funds. */
const SALES = 100_000;
const PAYMENTS = 6000;
const CUSTOMERS = 2000;
/** A sale for each hundred says so: fewer than the candidates of a search that is broad. */
const GIFTS = SALES / 100;
/** Budget of a response. The statements end after 10 s (`STATEMENT_TIMEOUT_MS`). */
const RESPONSE_MS_MAX = 10_000;
/** A row of the API has about 600 bytes. */
const API_BYTES_MAX = 25 * 1500;

const skip = process.env['TEST_DATABASE_URL']
  ? false
  : 'PGlite takes minutes to insert the rows: TEST_DATABASE_URL is not set';

let app: DemoApp;
let token: string;
before(async () => {
  if (skip !== false) return;
  app = await startDemoApp();
  const signed_in = await app.signIn('donny');
  assert.ok(signed_in);
  token = signed_in;
  const at = app.clock.now();
  await inTransaction(app.db, async (tx) => {
    // The foreign keys and triggers of 106,000 rows take a minute.
    await sql`set local session_replication_role = replica`.execute(tx);
    await sql`set local statement_timeout = 0`.execute(tx);
    await sql`insert into profiles (slug, full_name, email, created_at)
      select 'bulk-' || n, 'Bulk ' || n % 300, 'bulk-' || n || '@x.example', ${at} from generate_series(1, ${CUSTOMERS}) n`.execute(
      tx,
    );
    await sql`insert into ledger_events (key, kind, created_at)
      select 'bulk:' || n, 'order', ${at}::timestamptz - n * interval '1 s' from generate_series(1, ${SALES / 10}) n`.execute(
      tx,
    );
    const entries = (rows: number, from: string, to: string, text: string, ranks: number) => sql`
      insert into ledger_entries (ledger_event_id, rank, created_at, description, orig_profile_id, orig_account, orig_amount,
        orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit)
      select event.id, ${ranks}::int + (n - 1) / ${SALES / 10}, event.created_at, ${sql.raw(text)}, ${sql.raw(from)}, n % 997 + 1, 'usd',
        ${sql.raw(to)}, n % 997 + 1, 'usd'
      from generate_series(1, ${rows}) n
        join ledger_events event on event.key = 'bulk:' || (n - 1) % ${SALES / 10} + 1
        join profiles customer on customer.slug = 'bulk-' || n % ${CUSTOMERS} + 1
        cross join (select id from profiles where slug = 'cowork') provider`;
    await entries(
      SALES,
      `provider.id, 'Receivable'`,
      `customer.id, 'Payable'`,
      `case when n % 100 = 0 then 'Gift' else 'Subscription' end || ' of period ' || n`,
      0,
    ).execute(tx);
    await entries(
      PAYMENTS,
      `customer.id, 'Liability'`,
      `provider.id, 'Funds'`,
      `'Payment of order ' || n`,
      100,
    ).execute(tx);
  });
  await sql`analyze`.execute(app.db);
  // The second run adds what the first one chose.
  for (let run = 0; run < 2; run += 1) await foldListCounts(app.db);
});
after(() => app?.close());

interface Row {
  description: string;
  amount: string;
}

async function read(url: string) {
  const began = performance.now();
  const reply = await apiClient(app, token)('GET', url);
  assert.equal(reply.status, 200, `${url}: ${reply.text}`);
  assert.ok(performance.now() - began < RESPONSE_MS_MAX, url);
  assert.ok(Buffer.byteLength(reply.text) < API_BYTES_MAX, `${url}: ${Buffer.byteLength(reply.text)} bytes`);
  return reply.json<{ count: number; balance_amount: number; results: Row[] }>();
}

const receivables = '/api/billing/cowork/receivables';
const transfers = '/api/billing/cowork/transfers';
const is_sale = `entry.orig_account = 'Receivable' and entry.dest_account not in ('Canceled', 'Backlog') and entry.orig_amount > 0
  and entry.orig_profile_id = provider.id`;
const is_transfer = `((entry.orig_account = 'Funds' and entry.orig_profile_id = provider.id)
  or (entry.dest_account = 'Funds' and entry.dest_profile_id = provider.id))`;

/** Reads the descriptions, the number and the sum of all rows of a list, by one plain statement. */
async function selectAll(filter: string, order = 'entry.created_at, entry.id') {
  const { rows } = await sql<{ description: string; amount: number }>`
    select entry.description, entry.orig_amount as amount
    from ledger_entries entry join profiles dest on dest.id = entry.dest_profile_id
      join profiles orig on orig.id = entry.orig_profile_id
      cross join (select id from profiles where slug = 'cowork') provider
    where ${sql.raw(filter)} order by ${sql.raw(order)}`.execute(app.db);
  return { texts: rows.map(({ description }) => description), sum: rows.reduce((sum, { amount }) => sum + amount, 0) };
}

/** Descriptions without the links to charges. */
const textsOf = ({ results }: { results: Row[] }) =>
  results.map(({ description }) => description.replaceAll(/<[^>]*>/g, ''));

test('the count, the sum, the first, a middle and the last page of 100,000 rows are exact', { skip }, async () => {
  const all = await selectAll(is_sale);
  assert.ok(all.texts.length > SALES);
  for (const page of [1, 40, 2000, Math.ceil(all.texts.length / 25)]) {
    const found = await read(`${receivables}?o=created_at&page=${page}`);
    assert.equal(found.count, all.texts.length);
    assert.equal(found.balance_amount, all.sum);
    assert.deepEqual(textsOf(found), all.texts.slice((page - 1) * 25, page * 25), String(page));
  }
});

test('an order by the other profile has the rows of a sort, in both directions', { skip }, async () => {
  const orders: [string, string, string, string][] = [
    [receivables, is_sale, 'dest_profile', 'dest.slug, dest.id'],
    [receivables, is_sale, 'dest_profile__full_name', 'dest.full_name, dest.id'],
    [receivables, is_sale, 'orig_profile', 'orig.slug'],
    [transfers, is_transfer, 'orig_profile', 'orig.slug, orig.id'],
    [transfers, is_transfer, 'orig_profile__full_name', 'orig.full_name, orig.id'],
    [transfers, is_transfer, 'dest_profile', 'dest.slug, dest.id'],
  ];
  for (const [list, filter, field, order] of orders) {
    const { texts } = await selectAll(filter, `${order}, entry.created_at, entry.id`);
    for (const page of [1, 7]) {
      const [from, to] = [(page - 1) * 25, page * 25];
      assert.deepEqual(
        textsOf(await read(`${list}?o=${field}&page=${page}`)),
        texts.slice(from, to),
        `${field} ${page}`,
      );
      const descending = textsOf(await read(`${list}?o=-${field}&page=${page}`));
      assert.deepEqual(descending, texts.toReversed().slice(from, to), `-${field} ${page}`);
    }
  }
});

test('a search of few rows and one that matches most rows are counted and summed exactly', { skip }, async () => {
  const all = await selectAll(is_sale);
  const matching = (word: string) => all.texts.filter((text) => text.toLowerCase().includes(word));
  for (const word of ['gift of', 'period 77777', 'subscription', 'no-such-text']) {
    const found = await read(`${receivables}?o=created_at&q=${encodeURIComponent(word)}`);
    assert.equal(found.count, matching(word).length, word);
    assert.deepEqual(textsOf(found), matching(word).slice(0, 25), word);
    const { sum } = await selectAll(`${is_sale} and entry.description ilike '%${word}%'`);
    assert.equal(found.balance_amount, sum, word);
  }
  assert.ok(matching('gift of').length >= GIFTS && matching('subscription').length > SALES / 2);
});

test('the list keeps the budget of statements, also when it is searched or sorted by a profile', { skip }, async () => {
  const queries = ['', '?o=dest_profile', '?o=-amount', '?page=4000', '?q=subscription', '?q=gift'];
  for (const query of queries) {
    const url = `${receivables}${query}`;
    await read(url);
    const counts = [];
    for (let run = 0; run < 3; run += 1) counts.push((await countStatements(() => read(url))).statements.length);
    assert.ok(Math.min(...counts) <= budgets.read_list.statements_max, `${url}: ${Math.min(...counts)} statements`);
  }
});

test(
  'the page of the list shows the count and 25 rows within its budgets of statements and bytes',
  { skip },
  async () => {
    const { count } = await read(receivables);
    const send = (url: string) =>
      app.http.inject({ method: 'GET', url, headers: { accept: 'text/html', authorization: `Bearer ${token}` } });
    const page = '/billing/cowork/receivables/';
    for (const url of [page, `${page}?q=subscription`, `${page}?page=3000`, `${page}?o=dest_profile`]) {
      const { statusCode, body } = await send(url);
      assert.equal(statusCode, 200, body);
      assert.ok(Buffer.byteLength(body) < PAGE_BYTES_MAX, `${url}: ${Buffer.byteLength(body)} bytes`);
      assert.ok((body.match(/<tr/g) ?? []).length <= 60, url);
    }
    assert.ok((await send(page)).body.includes(count.toLocaleString('en')), 'the page shows the count');
    await requirePageBudget(send, [page, `${page}?q=subscription`]);
  },
);
