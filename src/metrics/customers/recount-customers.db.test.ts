import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, moveAmount, postEvent } from '#ledger';
import type { ListQuery } from '#kernel/page';
import { inTransaction } from '#platform/db/database';
import { getProcessor, type Profile } from '#profiles';
import { foldListCounts } from '../../platform/lists/row-count-store.ts';
import { makeRandom, type Random } from '../../simulate/random.ts';
import { recountDues, recountValues } from '../../simulate/recount/recount-customers.ts';
import { readLedger } from '../../simulate/recount/rows-store.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { orderEntry } from '../../../test/support/factories/ledger.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { collect, readPages, sorted, url, wholeList } from '../../../test/support/recount/read-pages.ts';
import { ledgerSeeds } from '../../../test/support/recount/seeds.ts';
import { listDueCustomers, readDueCustomers } from './list-balances-due.ts';
import { listLifetimeValues, readLifetimeValues } from './list-lifetime-values.ts';

let database: TestDatabase;
let ctx: TestContext;
let processor_id: Profile['id'];
const sellers: Profile[] = [];
const buyers: Profile[] = [];
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  processor_id = (await getProcessor(ctx.db)).id;
  for (const slug of ['seller', 'other']) sellers.push(await makeOrganization(ctx.db, { slug, is_provider: true }));
  for (const slug of ['ada', 'ben', 'cy', 'dee', 'eve', 'flo', 'gus'])
    buyers.push(await makeOrganization(ctx.db, { slug }));
});
after(() => database.close());

const { receivable, payable, liability, backlog, income, refunded, refund, canceled, chargeback, funds, offline } =
  accounts;
type Row = readonly [from: number, from_account: string, to: number, to_account: string, share?: number];
/** Entries of events, as the operations of the site post them; a share is the part of the amount in 1/10. */
const shapes: Readonly<Record<string, (seller: number, buyer: number) => readonly Row[]>> = {
  order: (p, c) => [[p, receivable, c, payable]],
  payment: (p, c) => [
    [c, liability, processor_id, funds],
    [c, payable, c, liability],
    [p, backlog, p, receivable],
  ],
  late_payment: (p, c) => [
    [c, liability, processor_id, funds],
    [p, backlog, p, receivable],
    [p, receivable, p, backlog, 3],
  ],
  offline_payment: (p, c) => [
    [c, liability, p, funds],
    [c, payable, c, liability],
    [p, backlog, p, receivable],
    [p, receivable, p, backlog, 4],
    [p, funds, p, offline],
  ],
  reversed_payment: (p, c) => [
    [p, offline, p, funds],
    [p, receivable, p, backlog, 6],
    [c, liability, c, payable],
    [p, funds, c, liability],
  ],
  reversed_import: (p, c) => [
    [p, offline, p, funds],
    [p, receivable, p, backlog],
    [c, liability, c, payable],
    [p, funds, c, liability],
    [c, payable, p, receivable],
  ],
  credit_use: (p, c) => [
    [c, liability, p, 'Credit'],
    [c, payable, c, liability],
    [p, backlog, p, receivable],
  ],
  open_note: (p, c) => [[c, payable, p, receivable]],
  credit_note: (p, c) => [
    [c, refunded, p, backlog],
    [p, 'Credit', c, refunded],
  ],
  write_off: (p, c) => [[p, receivable, c, canceled]],
  reversed_write_off: (p, c) => [
    [c, canceled, p, receivable],
    [c, liability, c, payable],
  ],
  refund: (p, c) => [[c, refunded, p, refund]],
  dispute: (p, c) => [[c, refunded, p, chargeback]],
  earned: (p) => [[p, income, p, backlog]],
  earned_before_paid: (p) => [[p, income, p, receivable]],
};
const shape_names = [...Object.keys(shapes), 'order', 'order', 'order', 'payment'];
/** Few instants, so that many customers ordered first at the same one. */
const instants = ['2026-01-31T23:59:59.999Z', '2026-02-28T12:00:00Z', '2026-03-08T10:00:00Z', '2025-11-02T09:30:00Z'];

const pickOf = <T>(random: Random, [first, ...rest]: readonly T[]): T =>
  random.pick([first as T, ...rest] /* the list is not empty */);

let events = 0;
const ordered = new Set<string>();
async function postRandom(random: Random): Promise<void> {
  const [seller, buyer] = [pickOf(random, sellers), pickOf(random, buyers)];
  // Some subjects are paid by several profiles.
  const number = random.chance(0.2) ? `shared-${random.integer(1, 3)}` : `${buyer.id}`;
  const amount = random.integer(1, 5000) * 10;
  const unit = random.chance(0.2) ? 'eur' : 'usd';
  const subject = { kind: 'sub', id: `${seller.id}-${number}`, part: random.chance(0.2) ? 'seats' : '' };
  // A payer ordered before it pays, and before anything is taken back.
  const place = JSON.stringify([subject, buyer.id]);
  const name = ordered.has(place) ? pickOf(random, shape_names) : 'order';
  ordered.add(place);
  const entries = (shapes[name]?.(seller.id, buyer.id) ?? []).map(([from, from_account, to, to_account, share = 10]) =>
    moveAmount({
      from: { profile_id: from, account: from_account },
      to: { profile_id: to, account: to_account },
      amount: (amount * share) / 10,
      unit,
      subject,
      description: name,
    } as Parameters<typeof moveAmount>[0]),
  );
  events += 1;
  const at = new Date(pickOf(random, instants));
  await inTransaction(ctx.db, (tx) => postEvent(tx, { key: `customers:${events}`, kind: 'order', at, entries }));
}

/** Orders by a key and its direction: rows of one key may stand in any order. */
function assertOrdered(keys: readonly string[], descending: boolean): void {
  const expected = keys.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  assert.deepEqual(keys, descending ? expected.toReversed() : expected);
}

async function compareValues(random: Random, provider: Profile): Promise<void> {
  const entries = await readLedger(ctx.db);
  const slugs = new Map(buyers.map(({ id, slug }) => [Number(id), slug]));
  const expected = [...recountValues(entries, provider.id)].flatMap(
    ([key, { contract, cash, unearned, ordered_at }]) => {
      const [id, unit] = key.split(' ');
      if (contract <= 0) return [];
      return {
        slug: slugs.get(Number(id)),
        unit,
        contract,
        cash,
        deferred: Math.max(0, unearned),
        created_at: ordered_at?.toISOString() ?? '',
      };
    },
  );
  const shown = (rows: Awaited<ReturnType<typeof listLifetimeValues>>['results']) =>
    rows.map(({ slug, unit, contract_value, cash_payments, deferred_revenue, created_at }) => ({
      slug,
      unit,
      contract: contract_value,
      cash: cash_payments,
      deferred: deferred_revenue,
      created_at,
    }));
  const read = (list: ListQuery) => listLifetimeValues(ctx.db, provider, list, url);
  const page_size = random.integer(1, 5);
  for (const descending of [true, false]) {
    const rows = shown(await readPages(read, { page_size, order: [{ field: 'created_at', descending }] }));
    assert.deepEqual(sorted(rows), sorted(expected), `customers of ${provider.slug}, ${page_size} a page`);
    assertOrdered(
      rows.map(({ created_at }) => created_at),
      descending,
    );
  }
  for (const field of ['full_name', 'slug']) {
    const order = [{ field, descending: random.chance(0.5) }];
    const rows = shown(await readPages(read, { page_size, order }));
    assert.deepEqual(sorted(rows), sorted(expected), `customers of ${provider.slug} by ${field}`);
  }
  const by_default = shown(await readPages(read, { page_size }));
  assert.deepEqual(sorted(by_default), sorted(expected));
  const [from, until] = [new Date(pickOf(random, instants)), new Date(pickOf(random, instants))];
  const bounded = shown(await readPages(read, { page_size, start_at: from, ends_at: until }));
  const within = expected.filter(({ created_at }) => new Date(created_at) >= from && new Date(created_at) < until);
  assert.deepEqual(sorted(bounded), sorted(within), 'customers between two instants');
  assert.deepEqual(sorted(shown(await collect(readLifetimeValues(ctx.db, provider, wholeList())))), sorted(expected));
}

async function compareDues(random: Random, provider: Profile): Promise<void> {
  const entries = await readLedger(ctx.db);
  const values = recountValues(entries, provider.id);
  const dues = recountDues(entries, provider.id);
  const expected = buyers.flatMap(({ id, slug }) => {
    const due = Object.entries(dues[id] ?? {}).map(([unit, balance]): [string, unknown] => {
      const { contract = 0, cash = 0 } = values.get(`${id} ${unit}`) ?? {};
      // As the list of values, only customers with a contract value have one.
      const is_shown = contract > 0;
      return [unit, { contract_value: is_shown ? contract : 0, cash_payments: is_shown ? cash : 0, balance }];
    });
    return due.length === 0 ? [] : [{ slug, balances: Object.fromEntries(due.toSorted()) }];
  });
  const shown = (rows: Awaited<ReturnType<typeof listDueCustomers>>['results']) =>
    rows.map(({ slug, balances }) => ({ slug, balances: Object.fromEntries(Object.entries(balances).toSorted()) }));
  const read = (list: ListQuery) => listDueCustomers(ctx.db, provider, list, url);
  const page_size = random.integer(1, 4);
  for (const field of ['slug', 'created_at', 'full_name']) {
    const rows = shown(await readPages(read, { page_size, order: [{ field, descending: random.chance(0.5) }] }));
    assert.deepEqual(sorted(rows), sorted(expected), `balances due at ${provider.slug} by ${field}`);
  }
  assert.deepEqual(sorted(shown(await collect(readDueCustomers(ctx.db, provider, wholeList())))), sorted(expected));
}

for (const seed of ledgerSeeds())
  test(`values of customers and balances due are those of a recount, seed ${seed}`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = makeRandom(seed, 'customers');
    for (let round = 0; round < 4; round += 1) {
      for (let index = 0; index < 30; index += 1) {
        await postRandom(random);
        if (random.chance(0.1)) await foldListCounts(ctx.db);
      }
      for (const provider of sellers) {
        await compareValues(random, provider);
        await compareDues(random, provider);
      }
    }
  });

test('many customers who ordered at the same instant stand on one page each, also far from both ends', async () => {
  const provider = await makeOrganization(ctx.db, { slug: 'large', is_provider: true });
  const count = 1250;
  const ids = (
    await ctx.db
      .insertInto('profiles')
      .values(
        Array.from({ length: count }, (_, index) => ({
          slug: `many-${index}`,
          full_name: `Many ${index % 7}`,
          created_at: new Date('2026-01-01T00:00:00Z'),
        })),
      )
      .returning('id')
      .execute()
  ).map(({ id }) => id);
  const chunk = 125;
  for (let start = 0; start < count; start += chunk) {
    const entries = ids.slice(start, start + chunk).map((payer, index) =>
      orderEntry({
        provider: provider.id,
        payer,
        amount: 100 + index,
        subject: { kind: 'sub', id: `large-${payer}`, part: '' },
      }),
    );
    // Two instants for all of them; the last chunk is not in the sums yet.
    const at = new Date(start < 600 ? '2026-02-01T00:00:00Z' : '2026-02-02T00:00:00Z');
    await inTransaction(ctx.db, (tx) => postEvent(tx, { key: `large:${start}`, kind: 'order', at, entries }));
    if (start === count - 2 * chunk) {
      await foldListCounts(ctx.db);
      await foldListCounts(ctx.db);
    }
  }
  const read = (list: ListQuery) => listLifetimeValues(ctx.db, provider, list, url);
  // The download sorts all rows; the pages read those of an index.
  const download = async (list: ListQuery) =>
    (await collect(readLifetimeValues(ctx.db, provider, list))).map(({ slug }) => slug);
  const whole = await download(wholeList());
  const by_name = [{ field: 'full_name', descending: true }];
  assert.equal(new Set(whole).size, count);
  for (const [order, expected] of [
    [[], whole],
    [[{ field: 'created_at', descending: true }], whole],
    [[{ field: 'created_at', descending: false }], whole.toReversed()],
    [by_name, await download(wholeList({ order: by_name }))],
  ] as const)
    for (const page of [1, 6, 11, 12, 13]) {
      const { results, count: counted } = await read(wholeList({ page, order: [...order] }));
      assert.equal(counted, count);
      assert.deepEqual(
        results.map(({ slug }) => slug),
        expected.slice((page - 1) * 100, page * 100),
        `page ${page} by ${JSON.stringify(order)}`,
      );
    }
  await assert.rejects(read(wholeList({ page: 14 })), { code: 'page_out_of_range' });
});
