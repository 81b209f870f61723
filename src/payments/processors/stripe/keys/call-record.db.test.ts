import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { makeParty } from '../../../../../test/support/factories/ledger.ts';
import { registerBrokerManager } from '../../../../../test/support/register-managers.ts';
import { startStripeSite, type StripeSite } from '../../../../../test/support/stripe-site.ts';
import { saveCard } from '../../../cards/save-card.ts';
import { withoutIds } from './call-record.ts';

type Line = Record<string, unknown>;

const lines: Line[] = [];
let site: StripeSite;
let operator: Awaited<ReturnType<typeof registerBrokerManager>>;
before(async () => {
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  site = await startStripeSite({}, [], log);
  operator = await registerBrokerManager(site.app, 'operator');
});
after(() => site.close());

const callLines = () => lines.filter(({ event }) => event === 'processor_call');
async function countOf(labels: string): Promise<number> {
  const { text } = await operator('GET', '/metrics');
  const name = `tollgate_processor_call_duration_seconds_count{processor="stripe",${labels}} `;
  const found = text.split('\n').find((line) => line.startsWith(name));
  return Number(found?.slice(name.length) ?? 0);
}
const made = () => site.emulator.control.requests().length;

test('each call to Stripe writes one line of the log and counts in one value of the metric, without a secret', async () => {
  const [calls, seen] = [callLines().length, made()];
  const created = 'method="POST",path="/v1/payment_intents",status="200"';
  const before_count = await countOf(created);
  const { provider } = await site.makeProvider();
  const charge = await site.makeSale(provider);
  assert.equal(callLines().length - calls, made() - seen);
  const line = callLines().find(({ method, path }) => method === 'POST' && path === '/v1/payment_intents');
  assert.deepEqual([line?.['status'], line?.['processor'], line?.['msg']], [200, 'stripe', 'call to Stripe']);
  assert.match(String(line?.['request_id']), /^req_/);
  assert.match(String(line?.['idempotency_key']), /^[0-9a-f]{40}$/);
  assert.equal(line?.['account'], charge.account);
  assert.equal(typeof line?.['took_ms'], 'number');
  assert.equal((await countOf(created)) - before_count, 1);
  const allowed = ['level', 'time', 'pid', 'hostname', 'msg', 'event', 'processor', 'method', 'path', 'status'];
  const facts = ['took_ms', 'request_id', 'idempotency_key', 'account', 'error'];
  for (const each of callLines()) {
    assert.deepEqual(
      Object.keys(each).filter((name) => ![...allowed, ...facts].includes(name)),
      [],
    );
    assert.doesNotMatch(JSON.stringify(each), /sk_test|pm_card|_secret_|\?/);
  }
});

test('a call that Stripe refuses and one without a response are recorded with the same key', async () => {
  const payer = await makeParty(site.app.db);
  site.emulator.control.addFault({ name: 'cut_before', times: 2, match: { path: '/v1/setup_intents' } });
  const before_lines = callLines().length;
  await assert.rejects(saveCard(site.ctx, payer, 'pm_card_visa'), { code: 'processor_unreachable' });
  site.emulator.control.clearFaults();
  const lost = callLines()
    .slice(before_lines)
    .filter(({ path }) => path === '/v1/setup_intents');
  assert.deepEqual(
    lost.map(({ status, error }) => [status, error]),
    [
      [null, 'ECONNRESET'],
      [null, 'ECONNRESET'],
    ],
  );
  assert.equal(new Set(lost.map(({ idempotency_key }) => idempotency_key)).size, 1);
  assert.equal(await countOf('method="POST",path="/v1/setup_intents",status="none"'), 2);
  await assert.rejects(saveCard(site.ctx, payer, 'pm_card_chargeDeclined'), { code: 'card_declined' });
  assert.equal(await countOf('method="POST",path="/v1/setup_intents",status="402"'), 1);
});

test('the label of a path names no object', () => {
  for (const [path, label] of [
    ['/v1/payment_intents/pi_3NqA/confirm', '/v1/payment_intents/:id/confirm'],
    ['/v1/application_fees/fee_1Ab/refunds', '/v1/application_fees/:id/refunds'],
    ['/v1/checkout/sessions/cs_test_a1/expire', '/v1/checkout/sessions/:id/expire'],
    ['/v1/setup_intents', '/v1/setup_intents'],
    ['/v1/account', '/v1/account'],
  ] as const)
    assert.equal(withoutIds(path), label);
});
