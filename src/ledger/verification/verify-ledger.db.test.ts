import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty, makeSubject, orderEntry } from '../../../test/support/factories/ledger.ts';
import { accounts, convertAmount } from '../entry.ts';
import { csvCell, exportLedger, type ExportFormat } from '../export-ledger.ts';
import { postEvent } from '../post-event.ts';
import { verifyLedger } from './verify-ledger.ts';

const at = new Date('2026-03-10T15:04:05Z');
let database: TestDatabase;
let provider: ProfileId;
let payer: ProfileId;
before(async () => {
  database = await openTestDatabase();
  provider = await makeParty(database.db, 'cowork');
  payer = await makeParty(database.db, 'xia');
  await inTransaction(database.db, (tx) =>
    postEvent(tx, {
      key: 'order:1',
      kind: 'order',
      at,
      entries: [
        orderEntry({ provider, payer, amount: 2000, subject: makeSubject({ id: '1' }) }),
        orderEntry({
          provider,
          payer,
          amount: 5,
          subject: makeSubject({ id: '1' }),
          description: '=cmd()\n\tcowork:Funds  1.00 USD ; x',
        }),
        convertAmount({
          from: { profile_id: provider, account: accounts.backlog },
          to: { profile_id: provider, account: accounts.receivable },
          amount: 7250,
          unit: 'usd',
          to_amount: 10000,
          to_unit: 'cad',
          subject: null,
          description: 'Charge ch "distribution", for xia:basic',
        }),
        convertAmount({
          from: { profile_id: payer, account: accounts.funds },
          to: { profile_id: provider, account: accounts.funds },
          amount: 10000,
          unit: 'cad',
          to_amount: 7250,
          to_unit: 'usd',
          subject: null,
          description: 'Exchange',
        }),
      ],
    }),
  );
});
after(() => database.close());

async function readExport(format: ExportFormat): Promise<string> {
  let all = '';
  for await (const piece of exportLedger(database.db, format)) all += piece;
  return all;
}

test('a journal for ledger-cli has the destination first and one line of text per entry', async () => {
  assert.equal(
    await readExport('ledger'),
    [
      '2026/03/10 15:04:05 #sub_1/ - Subscription to basic until 2026/02/28 (1 month)',
      `\t\txia:Payable${'20.00 USD'.padStart(47)}`,
      '\t\tcowork:Receivable',
      '',
      '2026/03/10 15:04:05 #sub_1/ - =cmd() cowork:Funds 1.00 USD ; x',
      `\t\txia:Payable${'0.05 USD'.padStart(47)}`,
      '\t\tcowork:Receivable',
      '',
      '2026/03/10 15:04:05 Charge ch "distribution", for xia:basic',
      `\t\tcowork:Receivable${'100.00 CAD'.padStart(41)}`,
      `\t\tcowork:Backlog${'-72.50 USD'.padStart(44)}`,
      '',
      '2026/03/10 15:04:05 Exchange',
      `\t\tcowork:Funds${'72.50 USD'.padStart(46)}`,
      `\t\txia:Funds${'-100.00 CAD'.padStart(49)}`,
      '',
      '',
    ].join('\n'),
  );
});

test('a journal for hledger keeps texts of users out of comments and codes', async () => {
  const [head, , first, , , , second] = (await readExport('hledger')).split('\n');
  assert.equal(head, 'decimal-mark .');
  assert.equal(first, '2026-03-10 (sub_1/) Subscription to basic until 2026/02/28 (1 month)  ; time:15:04:05');
  assert.equal(second, '2026-03-10 (sub_1/) =cmd() cowork:Funds 1.00 USD , x  ; time:15:04:05');
});

test('a CSV export has no formulas', async () => {
  const csv = await readExport('csv');
  assert(csv.includes(`,"'=cmd()\n\tcowork:Funds  1.00 USD ; x"\r\n`));
  assert(csv.includes(',"Charge ch ""distribution"", for xia:basic"\r\n'));
  assert(csv.startsWith('created_at,event,dest_amount,'));
  assert(csv.includes('2026-03-10T15:04:05.000Z,sub_1/,20.00,usd,xia,Payable,20.00,usd,cowork,Receivable,'));
});

test('cells that start like formulas get an apostrophe', () => {
  assert.deepEqual(['=1', '+1', '-1', '@x', '\tx', '\rx', 'a=1', ''].map(csvCell), [
    "'=1",
    "'+1",
    "'-1",
    "'@x",
    "'\tx",
    `"'\rx"`,
    'a=1',
    '',
  ]);
});

test('a valid ledger has no violations', async () => {
  const { events_count, entries_count, violations } = await verifyLedger(database.db);
  assert.deepEqual({ events_count, entries_count, violations }, { events_count: 1, entries_count: 4, violations: [] });
});

test('verification finds rows that bypassed the triggers', async () => {
  // Without triggers, as in a careless restore.
  await inTransaction(database.db, async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await sql`delete from ledger_entries where rank = 1`.execute(tx);
    await sql`insert into ledger_events (key, kind, created_at) values ('order:2', 'order', ${at})`.execute(tx);
  });
  const { violations } = await verifyLedger(database.db);
  assert.deepEqual(
    violations.map(({ rule, where }) => [rule, where]),
    [
      ['an event has entries with consecutive ranks from 0', 'order:1'],
      ['an event has entries with consecutive ranks from 0', 'order:2'],
      ['the balance of an account is the sum of its entries', `profile ${provider}, account Receivable`],
      ['the balance of an account is the sum of its entries', `profile ${payer}, account Payable`],
      ['the amounts due and payable on a subject are the sums of its entries', 'subject, unit, payer: (sub,1,"",usd,)'],
      [
        'the amounts due and payable on a subject are the sums of its entries',
        `subject, unit, payer: (sub,1,"",usd,${payer})`,
      ],
      ['what income of a subject is taken from is the sum of its entries', 'subject, unit: (sub,1,"",usd)'],
      ['the hash of an event is that of its rows', 'event 1'],
      ['an event has a hash, and a hash has an event', 'event 2'],
    ],
  );
  await inTransaction(database.db, async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await sql`delete from ledger_events`.execute(tx);
  });
  const after_more = await verifyLedger(database.db);
  assert.deepEqual(
    new Set(
      after_more.violations.map(({ rule }) => rule).filter((rule) => !/is the sum of|are the sums of/.test(rule)),
    ),
    new Set([
      'an entry belongs to an event',
      'the hash of an event is that of its rows',
      'an event has a hash, and a hash has an event',
    ]),
  );
});
