import assert from 'node:assert/strict';
import { randomKey40 } from '#platform/security/crypto';
import type { ContractHarness } from './contract-harness.ts';
import type { PayoutReport } from './payout.ts';

/** Defines the rules of accounts that are paid out, and of payouts. */
// long: one rule after the other
export function testPayoutRules(harness: ContractHarness): void {
  const { rule } = harness;
  const connect = async (key = randomKey40()) => {
    const account = await harness.subject().processor.connectAccount({ key, name: 'Club' });
    await harness.subject().prepareAccount(account);
    return account;
  };
  const send = (account: string, amount: number, key = randomKey40()) =>
    harness.subject().processor.payout({ key, account, amount, unit: 'usd' });
  const listed = async (account: string, since: Date) => {
    const reports: PayoutReport[] = [];
    for await (const batch of harness.subject().processor.listPayouts(account, since)) reports.push(...batch);
    return reports;
  };

  rule('one key connects one account; a disconnected account has no bank and is not paid out', async () => {
    const { processor } = harness.subject();
    if (!processor.payouts) return;
    const key = randomKey40();
    const account = await connect(key);
    assert.equal(await processor.connectAccount({ key, name: 'Club' }), account);
    assert.notEqual((await processor.payoutAccount(account))?.bank_name ?? '', '');
    await processor.disconnectAccount(account);
    await processor.disconnectAccount(account);
    assert.equal(await processor.payoutAccount(account), null);
    assert.equal((await send(account, 500)).outcome, 'refused');
  });

  rule('repeated calls with one key make one payout, which is found by either key', async () => {
    const { processor, now } = harness.subject();
    if (!processor.payouts) return;
    const since = now();
    const account = await connect();
    const key = randomKey40();
    assert.equal(await processor.findPayout({ account, key }), null);
    const first = await send(account, 500, key);
    assert(first.outcome === 'accepted');
    assert.deepEqual(await send(account, 500, key), first);
    const { payout } = first;
    assert.deepEqual([payout.amount, payout.unit, payout.key], [500, 'usd', key]);
    assert.deepEqual(await processor.findPayout({ account, key }), payout);
    assert.deepEqual(await processor.findPayout({ account, processor_key: payout.processor_key }), payout);
    assert.deepEqual(await listed(account, since), [payout]);
    assert.equal(await processor.findPayout({ account: await connect(), key }), null, 'of another account');
  });

  rule('more payouts than one batch are listed once each, oldest first', async () => {
    const { processor, now } = harness.subject();
    if (!processor.payouts) return;
    const since = now();
    const account = await connect();
    for (let count = 1; count <= 103; count += 1) await send(account, count);
    const reports = await listed(account, since);
    assert.equal(new Set(reports.map(({ processor_key }) => processor_key)).size, 103);
    assert.equal(reports.length, 103);
    assert.deepEqual(await listed(account, new Date(since.getTime() + 86_400_000)), []);
  });
}
