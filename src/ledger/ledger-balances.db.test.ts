import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { inTransaction, type Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { countStatements } from '../../bench/statement-count.ts';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry, paidEntry, writtenOffEntry } from '../../test/support/factories/ledger.ts';
import {
  findBalance,
  findHoldings,
  findOwingSubjects,
  findStatementBalance,
  selectUnpaidOrders,
} from './balance-store.ts';
import { accounts, convertAmount, type Entry, moveAmount, type NewEntry } from './entry.ts';
import { postEvent, postEvents } from './post-event.ts';
import { fromSubjectColumns, type LedgerSubject, subjectText } from './subject.ts';
import { verifyLedger } from './verification/index.ts';

const at = new Date('2026-03-10T15:00:00Z');
const addMs = (ms: number) => new Date(at.getTime() + ms);
const findUnpaidOrders = async (reader: Reader, ...of: Parameters<typeof selectUnpaidOrders>): Promise<Entry[]> => {
  const { rows } = await sql<Entry>`${selectUnpaidOrders(...of)} order by entry.created_at desc, entry.id desc`.execute(
    reader,
  );
  return rows;
};

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const post = (...entries: NewEntry[]) =>
  inTransaction(database.db, (tx) => postEvent(tx, { key: next('event'), kind: 'test', at, entries }));

/** Entries of the parties of one run, read without the projection. */
async function readEntries(parties: readonly ProfileId[]): Promise<Entry[]> {
  return database.db.selectFrom('ledger_entries').selectAll().where('dest_profile_id', 'in', parties).execute();
}

const subjectOf = (entry: Entry) => {
  const subject = fromSubjectColumns(entry);
  return subject && subjectText(subject);
};
const addTo = (sums: Map<string, number>, key: string, amount: number) => sums.set(key, (sums.get(key) ?? 0) + amount);
const sorted = (sums: Map<string, number>) => new Map([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** Change of the amount due by an entry. */
function dueOf({ orig_account, dest_account, dest_amount }: Entry): number {
  if (dest_account === 'Payable') return dest_amount;
  const is_settlement =
    (orig_account === 'Backlog' && dest_account === 'Receivable') ||
    (orig_account === 'Receivable' && dest_account === 'Canceled');
  return is_settlement ? -dest_amount : 0;
}

interface Viewed {
  payer: ProfileId;
  when: Date;
  sellers: ProfileId[] | null;
}

/** Amounts due by subject and unit as sums over all entries. */
function sumStatement(entries: readonly Entry[], { payer, when, sellers }: Viewed): Map<string, number> {
  const past = entries.filter(({ created_at }) => created_at <= when);
  const ordered = new Set(
    past
      .filter((each) => each.dest_profile_id === payer && each.dest_account === 'Payable')
      .filter((each) => sellers === null || sellers.includes(each.orig_profile_id))
      .map(subjectOf),
  );
  const sums = new Map<string, number>();
  for (const entry of past) {
    const subject = subjectOf(entry);
    if (subject !== null && ordered.has(subject)) addTo(sums, `${subject} ${entry.dest_unit}`, dueOf(entry));
  }
  return sorted(new Map([...sums].filter(([, amount]) => amount !== 0)));
}

/** Ids of the unpaid orders as the newest orders up to each amount due. */
function selectUnpaid(entries: readonly Entry[], viewed: Viewed): number[] {
  const newest_first = entries.toSorted((a, b) => b.created_at.getTime() - a.created_at.getTime() || b.id - a.id);
  const left = new Map(sumStatement(entries, viewed));
  return newest_first
    .filter((each) => each.orig_account === 'Receivable' && each.dest_account === 'Payable' && each.dest_amount > 0)
    .filter((each) => {
      const key = `${subjectOf(each)} ${each.dest_unit}`;
      const owed = left.get(key) ?? 0;
      if (each.created_at > viewed.when || owed <= 0) return false;
      left.set(key, owed - each.dest_amount);
      return each.dest_profile_id === viewed.payer && (viewed.sellers?.includes(each.orig_profile_id) ?? true);
    })
    .map(({ id }) => id);
}

async function checkPayer(entries: readonly Entry[], viewed: Viewed): Promise<void> {
  const { payer, when, sellers } = viewed;
  const { subjects } = await findStatementBalance(database.db, payer, when, sellers);
  const found = new Map(subjects.map(({ subject, unit, amount }) => [`${subjectText(subject)} ${unit}`, amount]));
  assert.deepEqual(sorted(found), sumStatement(entries, viewed));
  const unpaid = await findUnpaidOrders(database.db, payer, when, sellers);
  assert.deepEqual(
    unpaid.map(({ id }) => id),
    selectUnpaid(entries, viewed),
  );
}

async function checkAccounts(entries: readonly Entry[], parties: readonly ProfileId[]): Promise<void> {
  const expected = new Map<string, number>();
  for (const entry of entries) {
    addTo(expected, `${entry.dest_profile_id} ${entry.dest_account} ${entry.dest_unit}`, entry.dest_amount);
    addTo(expected, `${entry.orig_profile_id} ${entry.orig_account} ${entry.orig_unit}`, -entry.orig_amount);
  }
  const { rows } = await sql<{ profile_id: ProfileId; account: string; unit: string; amount: number }>`
    select profile_id, account, unit, sum(amount) as amount from ledger_balances
    where profile_id = any(${[...parties]}::bigint[]) group by profile_id, account, unit`.execute(database.db);
  const found = new Map(
    rows.map(({ profile_id, account, unit, amount }) => [`${profile_id} ${account} ${unit}`, amount]),
  );
  assert.deepEqual(sorted(found), sorted(expected));
}

async function checkSubjects(entries: readonly Entry[], subjects: readonly LedgerSubject[], payers: ProfileId[]) {
  const payables = new Map<string, number>();
  const owing = new Map<string, number>();
  for (const entry of entries) {
    const subject = fromSubjectColumns(entry);
    if (subject === null) continue;
    addTo(owing, `${subject.id} ${entry.dest_unit}`, dueOf(entry));
    for (const [account, profile_id, unit, amount] of [
      [entry.dest_account, entry.dest_profile_id, entry.dest_unit, entry.dest_amount],
      [entry.orig_account, entry.orig_profile_id, entry.orig_unit, -entry.orig_amount],
    ] as const) {
      if (account !== 'Payable') continue;
      addTo(payables, `${subjectText(subject)} ${profile_id} ${unit}`, amount);
      addTo(owing, `${subject.id} ${unit} ${profile_id}`, amount);
    }
  }
  const holdings = await findHoldings(database.db, subjects, accounts.payable);
  const found = holdings.map((each): [string, number] => [
    `${subjectText(each.subject)} ${each.profile_id} ${each.unit}`,
    each.amount,
  ]);
  assert.deepEqual(sorted(new Map(found)), sorted(payables));

  const owned = subjects.flatMap(({ kind, id }) => payers.map((owner_id) => ({ kind, id, owner_id })));
  const owes = owned.filter(({ id, owner_id }) =>
    ['usd', 'cad'].some(
      (unit) => (owing.get(`${id} ${unit}`) ?? 0) > 0 && (owing.get(`${id} ${unit} ${owner_id}`) ?? 0) > 0,
    ),
  );
  assert.deepEqual(await findOwingSubjects(database.db, owned), owes);
}

const step = fc.record({
  kind: fc.constantFrom('order', 'order', 'pay', 'write off', 'settle', 'refund', 'convert', 'none'),
  payer: fc.nat(1),
  seller: fc.nat(1),
  subject: fc.nat(3),
  unit: fc.constantFrom('usd', 'usd', 'cad'),
  amount: fc.integer({ min: 0, max: 3 }),
  /** Relative to `at`: in the past or in the future. */
  after_ms: fc.integer({ min: -3, max: 3 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Parties {
  sellers: ProfileId[];
  payers: ProfileId[];
  subjects: LedgerSubject[];
}

function entriesOf(drawn: Step, parties: Parties): NewEntry[] {
  const provider = parties.sellers[drawn.seller]!;
  const payer = parties.payers[drawn.payer]!;
  const subject = parties.subjects[drawn.subject]!;
  const facts = { provider, payer, subject, unit: drawn.unit, amount: drawn.amount, created_at: addMs(drawn.after_ms) };
  const funds = { profile_id: provider, account: accounts.funds };
  const rest = { amount: drawn.amount, unit: drawn.unit, created_at: facts.created_at, description: drawn.kind };
  switch (drawn.kind) {
    case 'order':
      return [orderEntry(facts)];
    case 'pay':
      return [paidEntry(facts)];
    case 'write off':
      return [writtenOffEntry(facts)];
    case 'settle': {
      const [from, to] = [accounts.payable, accounts.liability].map((account) => ({ profile_id: payer, account }));
      return [moveAmount({ from: from!, to: to!, subject, ...rest }), paidEntry(facts)];
    }
    case 'refund': {
      const from = { profile_id: payer, account: accounts.refunded };
      return [moveAmount({ from, to: funds, subject, ...rest })];
    }
    case 'convert': {
      // A payment in another unit than the order: each side counts in its own unit.
      const from = { profile_id: provider, account: accounts.backlog };
      const to = { profile_id: provider, account: accounts.receivable };
      const other = { to_amount: drawn.amount * 2, to_unit: drawn.unit === 'usd' ? 'cad' : 'usd' };
      const paid = convertAmount({ from, to, subject, ...rest, ...other });
      const back = convertAmount({
        from: funds,
        to: { profile_id: payer, account: accounts.offline },
        ...rest,
        amount: other.to_amount,
        unit: other.to_unit,
        to_amount: rest.amount,
        to_unit: rest.unit,
        subject: null,
      });
      return [paid, back];
    }
    default:
      return [
        moveAmount({ from: funds, to: { profile_id: payer, account: accounts.offline }, subject: null, ...rest }),
      ];
  }
}

async function makeParties(): Promise<Parties> {
  const { kind, id } = makeSubject();
  return {
    sellers: [await makeParty(database.db), await makeParty(database.db)],
    payers: [await makeParty(database.db), await makeParty(database.db)],
    subjects: [
      { kind, id, part: '' },
      { kind, id, part: 'requests' },
      makeSubject(),
      makeSubject({ kind: 'cpn', part: null }),
    ],
  };
}

test('balances equal the sums of the entries after each group of concurrent events, at each instant', async () => {
  const groups = fc.array(fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(groups, fc.integer({ min: -4, max: 4 }), async (drawn, after_ms) => {
      const parties = await makeParties();
      const all = [...parties.sellers, ...parties.payers];
      for (const events of drawn) {
        const posts = events.map((steps) => post(...steps.flatMap((each) => entriesOf(each, parties))));
        await Promise.all(posts);
        const entries = await readEntries(all);
        await checkAccounts(entries, all);
        await checkSubjects(entries, parties.subjects, parties.payers);
        for (const payer of parties.payers) {
          await checkPayer(entries, { payer, when: addMs(10), sellers: null });
          await checkPayer(entries, { payer, when: addMs(after_ms), sellers: null });
          await checkPayer(entries, { payer, when: addMs(after_ms), sellers: parties.sellers.slice(1) });
        }
      }
    }),
    { numRuns: 20 },
  );
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});

/** The entries of a paid purchase: an order and its payment. */
function purchase(facts: { provider: ProfileId; payer: ProfileId; processor: ProfileId; subject: LedgerSubject }) {
  const { provider, payer, processor, subject } = facts;
  const amounts = { amount: 2000, unit: 'usd', description: 'A payment' };
  return {
    order: [orderEntry({ ...facts, amount: 2000 })],
    charge: [
      moveAmount({
        from: { profile_id: payer, account: accounts.liability },
        to: { profile_id: processor, account: accounts.funds },
        subject: makeSubject({ kind: 'cha' }),
        ...amounts,
      }),
      moveAmount({
        from: { profile_id: payer, account: accounts.payable },
        to: { profile_id: payer, account: accounts.liability },
        subject,
        ...amounts,
      }),
      moveAmount({
        from: { profile_id: processor, account: accounts.funds },
        to: { profile_id: provider, account: accounts.funds },
        subject: makeSubject({ kind: 'cha' }),
        ...amounts,
      }),
      paidEntry({ ...facts, amount: 2000 }),
    ],
  };
}

async function makeTrade() {
  return {
    provider: await makeParty(database.db),
    payer: await makeParty(database.db),
    processor: await makeParty(database.db),
    subject: makeSubject(),
  };
}

const eventsOf = ({ order, charge }: ReturnType<typeof purchase>, when: Date) => [
  { key: next('order'), kind: 'order', at: when, entries: order },
  { key: next('charge'), kind: 'charge', at: when, entries: charge },
];

/** Rows that one transaction read from the tables of the ledger. */
async function countRowsRead(work: (reader: Reader) => Promise<unknown>): Promise<number> {
  return inTransaction(database.db, async (tx) => {
    const count = async () => {
      const { rows } = await sql<{ count: number }>`
        select coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::bigint as count
        from pg_stat_xact_user_tables where relname like 'ledger%'`.execute(tx);
      return rows[0]?.count ?? 0;
    };
    const former = await count();
    await work(tx);
    return (await count()) - former;
  });
}

test('the rows that a balance reads do not grow with the purchases of a payer', async () => {
  const trade = await makeTrade();
  const { payer, provider, subject } = trade;
  const [gift, now] = [makeSubject({ kind: 'cpn', part: null }), addMs(1000)];
  const reads: Record<string, (reader: Reader) => Promise<unknown>> = {
    balance: (reader) => findBalance(reader, provider, accounts.funds),
    holdings: (reader) => findHoldings(reader, [subject], accounts.payable),
    owing: (reader) => findOwingSubjects(reader, [{ kind: subject.kind, id: subject.id, owner_id: payer }]),
    statement: (reader) => findStatementBalance(reader, payer, now),
    seen_statement: (reader) => findStatementBalance(reader, payer, now, [provider]),
    unpaid: (reader) => findUnpaidOrders(reader, payer, now),
  };
  const counts: Record<string, number[]> = {};
  let purchases = 0;
  for (const total of [30, 300, 3000]) {
    while (purchases < total) {
      const events = Array.from({ length: 30 }, (_, index) => {
        const about = index % 3 === 0 ? makeSubject({ kind: 'cpn', part: null }) : subject;
        return eventsOf(purchase({ ...trade, subject: about }), addMs(-10_000_000 + purchases + index));
      });
      await inTransaction(database.db, (tx) => postEvents(tx, events.flat()));
      purchases += 30;
    }
    if (total === 30)
      await post(orderEntry({ ...trade, amount: 500, subject: gift }), orderEntry({ ...trade, amount: 700 }));
    for (const table of ['ledger_entries', 'ledger_balances', 'ledger_subject_balances'])
      await sql`analyze ${sql.table(table)}`.execute(database.db);
    for (const [name, read] of Object.entries(reads)) {
      await countRowsRead(read);
      (counts[name] ??= []).push(await countRowsRead(read));
    }
  }
  for (const [name, [few = 0, , many = 0]] of Object.entries(counts))
    assert.ok(many <= Math.max(few * 2, 40), `${name} reads ${few}, then ${many} rows`);
  assert.equal((await findUnpaidOrders(database.db, payer, now)).length, 2);
});

/** Statements on the ledger; a new connection of the pool sends others. */
const countOf = (statements: readonly string[]) => statements.filter((text) => text.includes('ledger_')).length;

test('each read and each post is one statement', async () => {
  const trade = await makeTrade();
  const owned = { kind: trade.subject.kind, id: trade.subject.id, owner_id: trade.payer };
  const posts = await countStatements(() =>
    inTransaction(database.db, (tx) => postEvents(tx, eventsOf(purchase(trade), at))),
  );
  assert.equal(countOf(posts.statements), 1);
  const reads = await countStatements(async () => {
    await findBalance(database.db, trade.provider, accounts.funds);
    await findHoldings(database.db, [trade.subject], accounts.payable);
    await findOwingSubjects(database.db, [owned]);
    await findStatementBalance(database.db, trade.payer, at);
    await findUnpaidOrders(database.db, trade.payer, at);
  });
  assert.equal(countOf(reads.statements), 5);
});

test('concurrent sales of one provider neither deadlock nor lose an amount', async () => {
  const trade = await makeTrade();
  const subjects = Array.from({ length: 6 }, () => makeSubject());
  const deadlocks = async () => {
    const { rows } = await sql<{ deadlocks: number }>`
      select deadlocks from pg_stat_database where datname = current_database()`.execute(database.db);
    return rows[0]?.deadlocks;
  };
  const former = await deadlocks();
  const clients = Array.from({ length: 8 }, async (_, client) => {
    for (let run = 0; run < 12; run += 1) {
      // Each client has another order of subjects in its events.
      const order = subjects.map((__, index) => subjects[(index * (client % 2 ? 1 : 5) + run) % subjects.length]!);
      const events = order.flatMap((subject) => eventsOf(purchase({ ...trade, subject }), at));
      await inTransaction(database.db, (tx) => postEvents(tx, events));
    }
  });
  await Promise.all(clients);
  assert.deepEqual(await findBalance(database.db, trade.provider, accounts.funds), [
    { unit: 'usd', amount: 8 * 12 * 6 * 2000 },
  ]);
  assert.deepEqual((await findStatementBalance(database.db, trade.payer, at)).subjects, []);
  assert.equal(await deadlocks(), former);
});

test('a sale does not wait for another transaction of the same provider, broker and processor', async (t) => {
  if (database.kind === 'pglite') return t.skip('PGlite has one connection');
  const trade = await makeTrade();
  const other = { ...trade, payer: await makeParty(database.db), subject: makeSubject() };
  const [posted, committed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = inTransaction(database.db, async (tx) => {
    await postEvents(tx, eventsOf(purchase(trade), at));
    posted.resolve();
    await committed.promise;
  });
  await posted.promise;
  try {
    await inTransaction(database.db, async (tx) => {
      await sql`set local lock_timeout = '2s'`.execute(tx);
      await postEvents(tx, eventsOf(purchase(other), at));
    });
  } finally {
    committed.resolve();
    await first;
  }
  assert.deepEqual(await findBalance(database.db, trade.provider, accounts.funds), [{ unit: 'usd', amount: 4000 }]);
});

test('the database rejects changes of the balances by each kind of statement', async () => {
  const { provider } = await makeTrade();
  const attempts = [
    sql`insert into ledger_balances (profile_id, account, unit, amount) values (${provider}, 'Funds', 'usd', 1)`,
    sql`update ledger_balances set amount = 0`,
    sql`delete from ledger_balances`,
    sql`truncate ledger_balances`,
    sql`insert into ledger_subject_balances (subject_kind, subject_id, unit, amount) values ('sub', '1', 'usd', 1)`,
    sql`update ledger_subject_balances set amount = 0`,
    sql`delete from ledger_subject_balances`,
    sql`truncate ledger_subject_balances`,
  ];
  for (const attempt of attempts)
    await assert.rejects(attempt.execute(database.db), /derived from its entries/, attempt.compile(database.db).sql);
});
