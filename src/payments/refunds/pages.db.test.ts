import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { makeSharedCharge, type SharedCharge } from '../../../test/support/shared-charge.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let browsers: SharedCharge['browsers'];
let buy: SharedCharge['buy'];
let shared: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const made = await makeSharedCharge(app, { pool_card: { period_amount: 2300 } });
  ({ browsers, buy, key: shared } = made);
});
after(() => app.close());

const chargeUrl = (key: string) => `/billing/acme/receipt/${key}/`;
const refundUrl = (key: string) => `${chargeUrl(key)}refund/`;
const hiddenOf = (html: string, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? assert.fail(`no ${name}: ${html}`);
const refundCount = async () =>
  (await app.db.selectFrom('refunds').select('id').where('state', '=', 'settled').execute()).length;

test('a seller sees its own line of a shared charge, its fees and its ledger rows, and nothing of the other seller', async () => {
  const { status, text } = await browsers.gina.get(chargeUrl(shared));
  assert.equal(status, 200, text);
  assert.match(text, /<h1[^>]*>\$11\.00<\/h1>/);
  assert.match(text, /Gym pass/);
  assert.match(text, /Processor’s fee/);
  assert.match(text, /Ledger rows/);
  assert.match(text, new RegExp(`href="${refundUrl(shared)}"`));
  assert.doesNotMatch(text.replaceAll(shared, ''), /pool|23\.00|2300|34\.00|3400/i);
  assert.doesNotMatch(text, /<i>Acme/);
  const refund = await browsers.gina.get(refundUrl(shared));
  assert.equal(refund.status, 200, refund.text);
  assert.doesNotMatch(refund.text.replaceAll(shared, ''), /pool|23\.00|2300|34\.00|3400/i);
});

test('the broker sees both lines with their sellers; the payer keeps the receipt', async () => {
  const { text } = await browsers.bea.get(chargeUrl(shared));
  assert.match(text, /<h1[^>]*>\$34\.00<\/h1>/);
  assert.match(text, /What the sellers receive/);
  for (const title of ['Gym pass', 'Pool card', 'gymclub', 'poolside']) assert.match(text, new RegExp(title, 'i'));
  const receipt = await browsers.boss.get(chargeUrl(shared));
  assert.match(receipt.text, /<h1[^>]*>Receipt<\/h1>/);
  assert.equal((await browsers.boss.get(refundUrl(shared))).status, 403);
});

test('contributors see the charge without a refund; sellers of nothing on it see neither', async () => {
  const { status, text } = await browsers.cora.get(chargeUrl(shared));
  assert.equal(status, 200);
  assert.doesNotMatch(text, /Refund…/);
  const asked = await browsers.cora.get(refundUrl(shared));
  assert.match(asked.text, /Managers of the seller can refund/);
  assert.doesNotMatch(asked.text, /line_0/);
  assert.equal((await browsers.cora.post(refundUrl(shared), { line_0: '1.00' })).status, 403);
  const gym_only = await buy('gym-pass');
  assert.equal((await browsers.paul.get(chargeUrl(gym_only))).status, 404);
  assert.equal((await browsers.paul.get(refundUrl(gym_only))).status, 404);
});

test('a refund goes from amounts to its effect to the refund; the same form twice refunds once', async () => {
  const amounts = await browsers.gina.get(refundUrl(shared));
  assert.match(amounts.text, /name="line_0"[^>]*value="11\.00"/);
  const review = await browsers.gina.post(refundUrl(shared), { line_0: '4.00' });
  assert.equal(review.status, 200, review.text);
  assert.match(review.text, /Refund \$4\.00<\/button>/);
  assert.match(review.text, /Your funds/);
  assert.match(review.text, /becomes/);
  assert.equal(await refundCount(), 0);
  const fields = { key: hiddenOf(review.text, 'key'), lines: hiddenOf(review.text, 'lines') };
  for (let run = 0; run < 2; run += 1) {
    const done = await browsers.gina.post(refundUrl(shared), fields);
    assert.equal(done.status, 303, done.text);
  }
  assert.equal(await refundCount(), 1);
  const page = await browsers.gina.get(chargeUrl(shared));
  assert.match(page.text, /\$4\.00 refunded successfully/);
  assert.match(page.text, /Partly refunded/);
});

test('two posts of the same refund at the same time refund once', async () => {
  const key = await buy('gym-pass');
  const review = await browsers.gina.post(refundUrl(key), { line_0: '2.00' });
  const fields = { key: hiddenOf(review.text, 'key'), lines: hiddenOf(review.text, 'lines') };
  const before_count = await refundCount();
  await Promise.all([1, 2].map(() => browsers.gina.post(refundUrl(key), fields)));
  assert.equal(await refundCount(), before_count + 1);
});

test('a confirmation that is not the one of a review refunds nothing', async () => {
  const key = await buy('gym-pass');
  const before_count = await refundCount();
  const many = Array.from({ length: 101 }, () => '0:1').join(',');
  for (const lines of ['', '0:100,', '0:100,x', '0:1e2', ':100', '0:0x64', '0:-1', '0:1.5', many]) {
    const { status, text } = await browsers.gina.post(refundUrl(key), { key: 'k', lines });
    assert.equal(status, 400, lines);
    assert.match(text, /Choose the lines again/, lines);
  }
  assert.equal(
    (await browsers.gina.post(refundUrl(shared), { key: 'k', lines: '1:100' })).status,
    403,
    'another seller',
  );
  assert.equal(await refundCount(), before_count);
});

test('amounts that cannot be refunded are refused, and stay in the form', async () => {
  const over = await browsers.gina.post(refundUrl(shared), { line_0: '99' });
  assert.equal(over.status, 400);
  assert.match(over.text, /name="line_0"[^>]*value="99"/);
  const none = await browsers.gina.post(refundUrl(shared), { line_0: '' });
  assert.equal(none.status, 400);
  assert.match(none.text, /at least one line/);
  const count = await refundCount();
  for (const lines of ['1:2300', '1:1', '7:100', '0:999999', 'x', '', '0:-5', '0:1.5']) {
    const { status } = await browsers.gina.post(refundUrl(shared), { key: 'forged', lines });
    assert.ok(status >= 400 && status < 500, `${lines}: ${status}`);
  }
  assert.equal(await refundCount(), count);
});

test('the broker refunds the rest of both lines; then nothing is left', async () => {
  const review = await browsers.bea.post(refundUrl(shared), { line_0: '7.00', line_1: '23.00' });
  assert.match(review.text, /Refund \$30\.00<\/button>/);
  const fields = { key: hiddenOf(review.text, 'key'), lines: hiddenOf(review.text, 'lines') };
  const done = await browsers.bea.post(refundUrl(shared), fields);
  assert.equal(done.status, 303, done.text);
  assert.match((await browsers.bea.get(refundUrl(shared))).text, /Everything was refunded already/);
  assert.match((await browsers.bea.get(chargeUrl(shared))).text, /<\/svg>Refunded<\/span>/);
});

test('the pages stay within the budget of statements', { skip: withoutCounts }, async () => {
  for (const who of ['gina', 'bea'] as const)
    await requirePageBudget((url) => browsers[who].get(url), [chargeUrl(shared), refundUrl(shared)]);
});
