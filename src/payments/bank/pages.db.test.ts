import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance } from '#ledger';
import type { Profile } from '#profiles';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { browserClient } from '../../../test/support/client.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

const FUNDS = 1912;
const bank = '/billing/club/bank/';
const withdrawal = '/billing/club/transfers/withdraw/';

/** `alice` manages the club, `cora` contributes to it, `paul` does neither. */
let app: TestApp;
let ctx: TestContext;
let club: Profile;
type Name = 'alice' | 'cora' | 'paul';
const browsers = {} as Record<Name, ReturnType<typeof browserClient>>;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  ctx = await testContext(app.db);
  const person = async (username: Name) => {
    const user = await makeReadyUser(app.db, { username });
    browsers[username] = browserClient(app);
    await browsers[username].get('/login/');
    await browsers[username].post('/login/', { username, password: testPassword });
    return user;
  };
  const [alice, cora] = [await person('alice'), await person('cora'), await person('paul')];
  club = await makeOrganization(app.db, { slug: 'club', manager: alice, is_provider: true });
  await makeMember(app.db, club, cora, 'contributor');
  await makeCharge(ctx, { payer: await makeParty(app.db), provider: club.id, amounts: [2000] });
});
after(() => app.close());

const hiddenOf = (html: string, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? assert.fail(`no ${name}: ${html}`);
const fundsOf = async () => (await findBalance(app.db, club.id, accounts.funds))[0]?.amount ?? 0;
const payouts = () => app.db.selectFrom('payouts').selectAll().where('profile_id', '=', club.id).execute();

test('a manager connects an account; a contributor reads, other users see nothing', async () => {
  assert.match((await browsers.alice.get(withdrawal)).text, /Connect an account first/);
  assert.match((await browsers.cora.get(bank)).text, /Ask one of them/);
  assert.equal((await browsers.cora.post(bank, { action: 'connect' })).status, 403);
  assert.equal((await browsers.paul.get(bank)).status, 403);
  assert.equal((await browsers.paul.get(withdrawal)).status, 403);

  assert.match((await browsers.alice.get(bank)).text, /Connect an account</);
  assert.equal((await browsers.alice.post(bank, { action: 'connect' })).status, 303);
  const { text } = await browsers.alice.get(bank);
  assert.match(text, /Test Bank/);
  assert.match(text, /\$19\.12/);
  assert.doesNotMatch((await browsers.cora.get(withdrawal)).text, /See what happens/);
});

test('an amount that cannot be withdrawn is refused at its field, and stays in the form', async () => {
  for (const amount of ['19.13', '0', '-5', 'all', '1e3', '9'.repeat(30)]) {
    const reply = await browsers.alice.post(withdrawal, { amount });
    assert.equal(reply.status, 400, amount);
    assert.match(reply.text, new RegExp(`value="${amount}"`));
    assert.match(reply.text, /aria-invalid="true"|is-invalid/);
  }
  assert.deepEqual(await payouts(), []);
});

test('a withdrawal goes from the amount to its effect to the payout; the same form twice withdraws once', async () => {
  const review = await browsers.alice.post(withdrawal, { amount: '10.00' });
  assert.equal(review.status, 200, review.text);
  assert.match(review.text, /\$19\.12 becomes \$9\.12/);
  assert.match(review.text, /Test Bank \*\*\*-6789/);
  assert.deepEqual(await payouts(), [], 'a review withdraws nothing');
  const form = Object.fromEntries(['key', 'confirmed', 'unit'].map((name) => [name, hiddenOf(review.text, name)]));
  const posts = await Promise.all([
    browsers.alice.post(withdrawal, form),
    browsers.alice.post(withdrawal, form),
    browsers.alice.post(withdrawal, form),
  ]);
  assert.deepEqual([...new Set(posts.map(({ status }) => status))], [303]);
  assert.equal((await payouts()).length, 1);
  assert.equal(await fundsOf(), FUNDS - 1000);
  assert.match((await browsers.alice.get(withdrawal)).text, /On its way/);
  assert.match((await browsers.alice.get('/billing/club/transfers/')).text, />Payout</);
});

test('a confirmation of more than the funds withdraws nothing', async () => {
  const refused = await browsers.alice.post(withdrawal, { key: 'made up', confirmed: '91200', unit: 'usd' });
  assert.equal(refused.status, 409);
  assert.match(refused.text, /\$912\.00 cannot be paid out while \$9\.12 of the funds are available\./);
  for (const confirmed of ['0', '-1', '1.5', 'x', '9007199254740993']) {
    assert.equal((await browsers.alice.post(withdrawal, { key: 'made up', confirmed })).status, 400, confirmed);
  }
  assert.equal((await payouts()).length, 1);
});

test('an account is disconnected after a confirmation, and not while a payout is on its way', async () => {
  const url = `${bank}disconnect/`;
  assert.match((await browsers.alice.get(url)).text, /Disconnect the account/);
  const refused = await browsers.alice.post(url, {});
  assert.equal(refused.status, 409);
  assert.match(refused.text, /A payout is on its way/);
  const [payout] = await payouts();
  const decide = { method: 'POST', url: `/_dev/processor/payouts/${payout?.processor_key}` } as const;
  assert.equal((await app.http.inject({ ...decide, payload: { state: 'paid' } })).statusCode, 200);
  assert.match((await browsers.alice.get(withdrawal)).text, /Paid out/);
  assert.equal((await browsers.alice.post(url, {})).status, 303);
  assert.match((await browsers.alice.get(bank)).text, /Connect an account</);
  assert.equal((await browsers.alice.get(url)).status, 302);
});

test('the pages stay within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((path) => browsers.alice.get(path), [bank, withdrawal]);
});
