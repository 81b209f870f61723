import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { parse } from 'csv-parse/sync';
import { formatDecimal, parseDecimal } from '#kernel/money';
import { inTransaction } from '#platform/db/database';
import { apiClient, registerUser } from '../../test/support/client.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry } from '../../test/support/factories/ledger.ts';
import { registerBrokerManager } from '../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';
import { accounts, convertAmount, type NewEntry } from './entry.ts';
import { exportLedger } from './export-ledger.ts';
import { postEvent } from './post-event.ts';

const run = promisify(execFile);
const isInstalled = spawnSync('hledger', ['--version']).error === undefined;

/** Descriptions that would be read as something else, or move the text around them. */
const texts = [
  'One\n2026-01-01 Other\n    xia:Funds  1.00 USD\n    cowork:Funds\n',
  'a ; date:2020-01-01\r\n; comment',
  '* cleared',
  '! pending',
  '(code) text',
  '=2026-01-01',
  '| note',
  '',
  'two  spaces\tand tabs \u0000'.replace('\u0000', '\u0001'),
  'Plan \u05d0\u05d1\u05d2 \u202e 99.1 DSU\u202c',
  '\u0645\u0631\u062d\u0628\u0627',
  'end\u2028line\u2029\u0085\u00a0\u3000\ufeff',
  'comment',
  'account x',
  'include /etc/passwd',
  'P 2026-01-01 USD 1 EUR',
  '~ monthly',
  '\u{1f600} café',
];

let app: TestApp;
let folder: string;
let operator: Awaited<ReturnType<typeof registerBrokerManager>>;
let buyer: ReturnType<typeof apiClient>;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-hledger-'));
  app = await startApp();
  operator = await registerBrokerManager(app, 'operator');
  const plan = { slug: 'gold', title: 'Gold', description: 'Gold', is_active: true, period_type: 'monthly' };
  assert.equal((await operator('POST', '/api/profile/cowork/plans', { ...plan, period_amount: 1999 })).status, 201);
  buyer = apiClient(app, await registerUser(app, 'xia'));
  for (const refunded_amount of [700, 0]) {
    assert.equal((await buyer('POST', '/api/cart', { plan: 'gold', option: 1 })).status, 201);
    const paid = await buyer('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
    const { processor_key } = paid.json<{ processor_key: string }>();
    const refund = { lines: [{ num: 0, refunded_amount }] };
    if (refunded_amount > 0)
      assert.equal((await operator('POST', `/api/billing/xia/charges/${processor_key}/refund`, refund)).status, 201);
  }
});
after(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

/** Exports the ledger and runs hledger on it. */
async function hledger(...args: string[]): Promise<string> {
  const file = join(folder, 'tollgate.journal');
  let journal = '';
  for await (const text of exportLedger(app.db, 'hledger')) journal += text;
  await writeFile(file, journal);
  const { stdout } = await run('hledger', ['-f', file, ...args], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  return stdout;
}

/** Balances by hledger in 1/100, such as `cowork:Funds USD` → 1999; those that are 0 are left out. */
async function readBalances(): Promise<Map<string, number>> {
  const rows: string[][] = parse(await hledger('bal', '--flat', '--layout=bare', '-O', 'csv'));
  const balances = rows
    .slice(1)
    .map(
      ([account = '', unit = '', amount = '']) => [`${account} ${unit}`, parseDecimal(amount) ?? Number.NaN] as const,
    );
  return new Map(balances.filter(([account, amount]) => amount !== 0 && !account.startsWith('total')));
}

function requireHledger(context: TestContext): boolean {
  if (!isInstalled) context.skip('hledger is not installed: apt-get install hledger');
  return isInstalled;
}

test('hledger accepts the journal, and its balances are those of the API to the cent', async (context) => {
  if (!requireHledger(context)) return;
  await hledger('check');
  const balances = await readBalances();
  assert.equal(balances.get('cowork:Receivable USD'), undefined, 'everything is paid');
  assert.ok((balances.get('cowork:Funds USD') ?? 0) > 0);
  for (const account of Object.values(accounts)) {
    const reply = await operator('GET', `/api/billing/transactions?selector=${account}`);
    const { balance_amount } = reply.json<{ balance_amount: number }>();
    const sum = [...balances].reduce((total, [name, amount]) => total + (name.includes(account) ? amount : 0), 0);
    assert.equal(sum, balance_amount, account);
  }
  const transfers = await operator('GET', '/api/billing/cowork/transfers');
  assert.equal(transfers.json<{ balance_amount: number }>().balance_amount, balances.get('cowork:Funds USD'));
  const statement = await buyer('GET', '/api/billing/xia/balance');
  assert.equal(statement.json<{ balance_amount: number }>().balance_amount, balances.get('xia:Payable USD') ?? 0);
});

test('hledger reads one transaction per entry, for any text and with conversions', async (context) => {
  if (!requireHledger(context)) return;
  const [provider, payer] = [await makeParty(app.db, 'equity'), await makeParty(app.db, 'with_under-score-1')];
  const post = (entries: NewEntry[]) =>
    inTransaction(app.db, (tx) =>
      postEvent(tx, { key: next('event'), kind: 'test', at: new Date('2026-03-10T15:04:05Z'), entries }),
    );
  const sale = { provider, payer, amount: 123_456_789_012_345, subject: makeSubject() };
  for (const description of texts) {
    await post([orderEntry({ ...sale, amount: 1, description })]);
    const unnamed = { subject_kind: null, subject_id: null, subject_part: null };
    await post([{ ...orderEntry({ ...sale, amount: 0, description }), ...unnamed }]);
    await post([
      orderEntry({ ...sale, subject: { kind: 'sub', id: ') ; \n x', part: description.replaceAll('/', '') } }),
    ]);
  }
  const exchange = (amount: number, unit: string, to_amount: number, to_unit: string, to: NewEntry['orig_account']) =>
    convertAmount({
      from: { profile_id: provider, account: accounts.funds },
      to: { profile_id: payer, account: to },
      amount,
      unit,
      to_amount,
      to_unit,
      subject: null,
      description: 'Exchange',
    });
  await post([
    exchange(7250, 'usd', 10_000, 'cad', accounts.funds),
    exchange(10_000, 'cad', 7250, 'usd', accounts.refund),
  ]);
  // A part of a cent of the other unit, which no price can express.
  await post([exchange(1, 'usd', 0, 'eur', accounts.funds), exchange(0, 'eur', 1, 'usd', accounts.refund)]);
  await hledger('check');

  const counts = await sql<{ count: number }>`select count(*) from ledger_entries`.execute(app.db);
  const rows: string[][] = parse(await hledger('print', '-O', 'csv'));
  const transactions = new Map(rows.slice(1).map(([index = '', ...row]) => [index, row]));
  assert.equal(transactions.size, counts.rows[0]?.count);
  for (const [, [date = '', date2, status, , description = '']] of transactions) {
    assert.match(date, /^2026-03-10$/);
    assert.deepEqual([date2, status], ['', '']);
    assert.doesNotMatch(description, /\p{Cc}|[\u202a-\u202e\u2028\u2029]| {2}/u);
  }
  const stored = await sql<{ slug: string; account: string; unit: string; amount: number }>`
    select slug, account, unit, sum(amount) as amount
    from ledger_balances balance join profiles on profiles.id = profile_id
    group by slug, account, unit having sum(amount) <> 0`.execute(app.db);
  const expected = stored.rows.map(({ slug, account, unit, amount }) => [
    `${slug}:${account} ${unit.toUpperCase()}`,
    amount,
  ]);
  const line = ([name, amount]: readonly unknown[]) => `${String(name)} ${formatDecimal(Number(amount))}`;
  assert.deepEqual([...(await readBalances())].map(line).toSorted(), expected.map(line).toSorted());
});
