import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { failureOf, startStripe } from '../../test/support/stripe-emulator.ts';
import { findViolations } from './control/invariants.ts';
import { answerCall } from './server/answer-call.ts';
import { fillState, makeEmulator } from './start-emulator.ts';

const CARDS = [
  'visa',
  'visa',
  'mastercard',
  'chargeDeclined',
  'createDispute',
  'pendingRefund',
  'refundFail',
  'bypassPending',
];
const START = new Date('2026-11-27T12:00:00Z');

/** Returns numbers from 0 to `below` that follow from the seed alone. */
function numbersOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Makes random calls and returns a hash of every answer, the broken rules, and the counts of each status. */
async function runCalls(seed: number, count: number) {
  const bugs: unknown[] = [];
  let ahead_ms = 0;
  const clock = { now: () => new Date(START.getTime() + ahead_ms) };
  const options = { clock, seed: String(seed), accounts: ['acct_club'], on_bug: (error: unknown) => bugs.push(error) };
  const emulator = makeEmulator(options);
  fillState(emulator, options);
  const next = numbersOf(seed);
  const hash = createHash('sha256');
  const known: Record<string, string[]> = { ch: [], cus: [], dp: [], re: [] };
  const pick = (kind: string) => known[kind]?.[next(known[kind].length)] ?? `${kind}_none`;
  const statuses = new Map<number, number>();
  for (let at = 0; at < count; at++) {
    const account = next(2) === 0 ? '' : 'acct_club';
    const currency = next(5) === 0 ? 'jpy' : 'usd';
    const amount = 100 + next(20_000);
    const fee = account === '' ? '' : `&application_fee_amount=${next(100)}`;
    const card = CARDS[next(CARDS.length)];
    const pay = `amount=${amount}&currency=${currency}&confirm=true&capture_method=automatic&payment_method=pm_card_${card}&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never${fee}`;
    const calls: [method: string, pathname: string, body: string][] = [
      ['POST', '/v1/payment_intents', pay],
      ['POST', '/v1/payment_intents', pay],
      ['POST', '/v1/refunds', `charge=${pick('ch')}&amount=${1 + next(5000)}`],
      ['POST', '/v1/refunds', `charge=${pick('ch')}&refund_application_fee=true`],
      ['POST', '/v1/customers', `metadata[n]=${at}`],
      ['GET', `/v1/charges/${pick('ch')}`, ''],
      ['GET', '/v1/disputes', 'limit=3'],
      ['POST', `/v1/disputes/${pick('dp')}`, `evidence[uncategorized_text]=${next(2) ? 'winning' : 'losing'}_evidence`],
      ['POST', '/v1/payouts', `amount=${1 + next(1000)}&currency=${currency}`],
      ['GET', '/v1/balance', ''],
    ];
    const [method, pathname, text] = calls[next(calls.length)] ?? ['GET', '/v1/balance', ''];
    const headers = {
      authorization: 'Bearer sk_test_tollgate',
      ...(account === '' ? {} : { 'stripe-account': account }),
    };
    const is_get = method === 'GET';
    const request = { method, pathname, query: is_get ? text : '', body: is_get ? '' : text, headers };
    const { status, body } = await answerCall(emulator, request);
    hash.update(body);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    for (const [id = '', kind = ''] of body.matchAll(/\b(ch|cus|dp|re)_\w{24}\b/g)) {
      const ids = known[kind];
      if (ids && ids.length < 500 && !ids.includes(id)) ids.push(id);
    }
    if (next(20) === 0) ahead_ms += next(86_400_000);
  }
  assert.deepEqual(bugs, []);
  return { hash: hash.digest('hex'), violations: findViolations(emulator), statuses };
}

test('S13 10,000 random calls from one seed give the same ids and answers, and the rules hold', async () => {
  const [first, second, other] = [await runCalls(7, 10_000), await runCalls(7, 10_000), await runCalls(8, 200)];
  assert.equal(first.hash, second.hash);
  assert.notEqual(first.hash, other.hash);
  assert.deepEqual(first.violations, []);
  assert.ok((first.statuses.get(200) ?? 0) > 4_000, JSON.stringify([...first.statuses]));
  assert.equal(first.statuses.get(500), undefined);
});

test('S15 the balance of each account and unit is the sum of its transactions after 1,000 operations', async () => {
  for (const seed of [21, 22]) assert.deepEqual((await runCalls(seed, 1_000)).violations, []);
});

test('S14 a killed emulator has every object that it acknowledged', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'stripe-emulator-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const state_file = join(folder, 'state.jsonl');
  const program = `
    const { startEmulator } = await import(${JSON.stringify(import.meta.resolve('./start-emulator.ts'))});
    const emulator = await startEmulator({ clock: { now: () => new Date(${START.getTime()}) }, state_file: ${JSON.stringify(state_file)} });
    process.stdout.write(emulator.url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    child.once('exit', () => reject(new Error('the emulator did not start')));
  });
  const acknowledged: string[] = [];
  const killed = new Promise((resolve) => child.once('exit', resolve));
  setTimeout(() => child.kill('SIGKILL'), 250);
  for (;;) {
    const response = await fetch(`${url}/v1/customers`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_tollgate', 'idempotency-key': `k${acknowledged.length}` },
    }).catch(() => null);
    const body = await response?.json().catch(() => null);
    if (!body) break;
    acknowledged.push((body as { id: string }).id);
  }
  await killed;
  assert.ok(acknowledged.length > 5);

  await using site = await startStripe({ state_file });
  const found = new Set<string>();
  for await (const { id } of site.stripe.customers.list({ limit: 100 })) found.add(id);
  assert.deepEqual(
    acknowledged.filter((id) => !found.has(id)),
    [],
  );
  const again = await site.stripe.customers.create({}, { idempotencyKey: 'k0' });
  assert.equal(again.id, acknowledged[0]);
  assert.equal(
    (await failureOf(site.stripe.customers.create({ name: 'x' }, { idempotencyKey: 'k0' }))).statusCode,
    400,
  );
});
