import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exportLedger, verifyLedger } from '#ledger';
import { parseDecimal } from '#kernel/money';
import { ledgerChecks } from '../../src/ledger-checks.ts';
import { readLedger } from '../../src/simulate/recount/rows-store.ts';
import { signInBrowser } from '../support/client.ts';
import { type ChangeSite, expectStatus, startChanges } from '../support/changes.ts';
import { token_lifetime_s } from '../support/dunning.ts';

// Totals before, during and after disputes that are won and lost, each against a recount of the entries of the ledger
// and of the charges in plain code.

let site: ChangeSite;
let club: Awaited<ReturnType<ChangeSite['provider']>>;
const amounts = { paid: 1000, won: 2000, lost: 4000, open: 8000, refunded: 16_000 } as const;
type Name = keyof typeof amounts;
const names: readonly Name[] = ['paid', 'won', 'lost', 'open', 'refunded'];
const keys = {} as Record<Name, string>;

before(async () => {
  site = await startChanges({ config: { token_lifetime_s } });
  club = await site.provider('club');
  for (const name of names) {
    await site.plan(`plan-${name}`, { provider_id: club.profile.id, period_amount: amounts[name] });
    const charge = await site.buy(site.xia, 'xia', `plan-${name}`);
    keys[name] = charge.json<{ processor_key: string }>().processor_key;
  }
  const refund = { lines: [{ num: 0, refunded_amount: 6000 }] };
  await expectStatus(club.call('POST', `/api/billing/xia/charges/${keys.refunded}/refund`, refund), 201);
});
after(() => site.close());

const decide = (name: Name, state: string) =>
  expectStatus(site.broker('POST', `/_dev/processor/charges/${keys[name]}`, { state }), 200);

/** Balances by profile and account, added up entry by entry. */
async function recount(): Promise<(slug: string, account: string) => number> {
  const entries = await readLedger(site.app.db);
  const profiles = await site.app.db.selectFrom('profiles').select(['id', 'slug']).execute();
  return (slug, account) => {
    const id = profiles.find((each) => each.slug === slug)?.id;
    let sum = 0;
    for (const entry of entries) {
      if (entry.dest_account === account && (slug === '' || entry.dest_profile_id === id)) sum += entry.dest_amount;
      if (entry.orig_account === account && (slug === '' || entry.orig_profile_id === id)) sum -= entry.orig_amount;
    }
    return sum;
  };
}

async function balanceAt(call: ChangeSite['broker'], url: string): Promise<number> {
  return (await expectStatus(call('GET', url), 200)).json<{ balance_amount: number }>().balance_amount;
}

/** Balances of the journal that is exported for hledger, added up posting by posting. The second one has no amount. */
async function exported(): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  let last = 0;
  for await (const text of exportLedger(site.app.db, 'hledger'))
    for (const [, account = '', amount] of text.matchAll(/^ {4}([\w-]+:\w+)(?: +([\d.]+) USD)?$/gm)) {
      last = amount === undefined ? -last : (parseDecimal(amount) ?? Number.NaN);
      sums.set(account, (sums.get(account) ?? 0) + last);
    }
  return sums;
}

/** Compares every total that a reader sees with the recount. `lost` and `disputed` name the charges of that stage. */
async function checkTotals({ lost, disputed }: { lost: readonly Name[]; disputed: readonly Name[] }): Promise<void> {
  const balance = await recount();
  const given_back = [...lost, ...disputed].reduce((sum, name) => sum + amounts[name], 0) + 6000;
  assert.equal(balance('xia', 'Refunded'), -given_back, 'the recount has the refund and the disputes');

  // Balances and lists of the API.
  assert.equal(await balanceAt(club.call, '/api/billing/club/transfers'), balance('club', 'Funds'));
  assert.equal(await balanceAt(site.xia, '/api/billing/xia/balance'), 0, 'a dispute makes nothing due');
  for (const account of ['Funds', 'Chargeback', 'Refunded', 'Refund', 'Receivable', 'Backlog', 'Expenses', 'Liability'])
    assert.equal(
      await balanceAt(site.broker, `/api/billing/transactions?selector=${account}`),
      recountLike(await readLedger(site.app.db), account),
      account,
    );
  const sold = names.reduce((sum, name) => sum + amounts[name], 0);
  assert.equal(
    Math.abs(await balanceAt(club.call, '/api/billing/club/receivables')),
    sold,
    'sales are not disputed away',
  );

  // Lists of charges, of the site and of the provider.
  const stateOf = (name: Name) => (disputed.includes(name) ? 'disputed' : lost.includes(name) ? 'failed' : 'done');
  const listed = await expectStatus(site.broker('GET', '/api/billing/charges'), 200);
  for (const { processor_key, state, amount } of listed.json<{
    results: { processor_key: string; state: string; amount: number }[];
  }>().results) {
    const name = names.find((each) => keys[each] === processor_key);
    assert.ok(name);
    assert.deepEqual([state, amount], [stateOf(name), amounts[name]], name);
  }
  for (const [username, url] of [
    ['operator', '/billing/charges/'],
    ['club-manager', '/billing/club/charges/'],
  ] as const) {
    const browser = await signInBrowser(site.app, username);
    for (const state of ['disputed', 'failed', 'done'] as const) {
      const { text } = await browser.get(`${url}?state=${state}&start_at=2026-01-01`);
      const total = names.filter((name) => stateOf(name) === state).reduce((sum, name) => sum + amounts[name], 0);
      if (total > 0) assert.ok(text.includes(`${dollars(total)} in total`), `${url} ${state}: ${totalIn(text)}`);
      else assert.doesNotMatch(text, /in total/, `${url} ${state}`);
    }
  }

  // The file of the subscriber, and the receipt of each charge.
  const browser = await signInBrowser(site.app, 'club-manager');
  const file = words((await browser.get('/profile/xia/contact/')).text);
  assert.ok(file.includes(`Paid so far ${dollars(sold - given_back)}`), /Paid so far [^ ]+/.exec(file)?.[0]);
  assert.match(file, /Due \$0\.00/);
  const buyer = await signInBrowser(site.app, 'xia');
  for (const name of names) {
    const receipt = words((await buyer.get(`/billing/xia/receipt/${keys[name]}/`)).text);
    assert.match(receipt, /Still due \$0\.00/, name);
    const back = name === 'refunded' ? 6000 : 0;
    const kept = lost.includes(name) ? 0 : amounts[name] - back;
    if (back > 0 || lost.includes(name)) assert.ok(receipt.includes(`Paid after refunds ${dollars(kept)}`), name);
    if (lost.includes(name))
      assert.ok(receipt.includes(`Charged back since then ${dollars(amounts[name] - back)}`), name);
    else assert.doesNotMatch(receipt, /Charged back/, name);
  }

  // The export has the balances of the recount, for every profile and account that it names.
  const journal = await exported();
  assert.ok(journal.size >= 8, `${journal.size} accounts`);
  for (const [account, sum] of journal) {
    const [slug = '', name = ''] = account.split(':');
    assert.equal(sum, balance(slug, name), account);
  }
  assert.deepEqual((await verifyLedger(site.app.db, { checks: ledgerChecks })).violations, []);
}

const recountLike = (entries: Awaited<ReturnType<typeof readLedger>>, text: string): number =>
  entries.reduce(
    (sum, entry) =>
      sum +
      (entry.dest_account.includes(text) ? entry.dest_amount : 0) -
      (entry.orig_account.includes(text) ? entry.orig_amount : 0),
    0,
  );
const dollars = (amount: number) =>
  `$${Math.trunc(amount / 100).toLocaleString('en-US')}.${String(amount % 100).padStart(2, '0')}`;
const words = (html: string) => html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
const totalIn = (html: string) => /[^>]*in total/.exec(html)?.[0] ?? 'no total';

test('totals while everything is paid and one charge is refunded in part', () =>
  checkTotals({ lost: [], disputed: [] }));

test('totals while three charges are disputed', async () => {
  for (const name of ['won', 'lost', 'open'] as const) await decide(name, 'disputed');
  await checkTotals({ lost: [], disputed: ['won', 'lost', 'open'] });
});

test('totals after one dispute was won and one was lost', async () => {
  await decide('won', 'won');
  await decide('lost', 'lost');
  await checkTotals({ lost: ['lost'], disputed: ['open'] });
});
