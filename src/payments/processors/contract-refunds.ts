import assert from 'node:assert/strict';
import { randomKey40 } from '#platform/security/crypto';
import { AMOUNT, type ContractHarness } from './contract-harness.ts';
import type { AcceptedOutcome } from './processor.ts';

/** Defines the rules of refunds. */
// long: one rule after the other
export function testRefundRules(harness: ContractHarness): void {
  const { rule, charge } = harness;
  const refund = ({ processor_key }: AcceptedOutcome, amount: number, key = randomKey40()) =>
    harness.subject().processor.refund({ key, processor_key, account: harness.subject().account, amount, unit: 'usd' });

  rule('repeated calls with one key make one refund', async () => {
    const { paid } = await charge(harness.subject().tokens.accepted);
    const key = randomKey40();
    assert.deepEqual(await refund(paid, 2000, key), { outcome: 'refunded' });
    assert.deepEqual(await refund(paid, 2000, key), { outcome: 'refunded' });
    assert.deepEqual(await refund(paid, 900), { outcome: 'refunded' });
  });

  rule('partial refunds are made up to the amount of the charge and no further', async () => {
    const { paid } = await charge(harness.subject().tokens.accepted);
    for (const amount of [1000, 1000, 900]) assert.equal((await refund(paid, amount)).outcome, 'refunded');
    assert.equal((await refund(paid, 1)).outcome, 'refused');
  });

  rule('the refunds of a charge are listed oldest first, with the keys of Tollgate', async () => {
    const { paid } = await charge(harness.subject().tokens.accepted);
    const keys = [randomKey40(), randomKey40()];
    for (const key of keys) await refund(paid, 700, key);
    const { processor_key } = paid;
    const { processor, account } = harness.subject();
    const reports = await processor.findRefunds({ processor_key, account });
    const states = new Map(reports.map(({ key, amount, state }) => [key, `${amount} ${state}`]));
    assert.deepEqual(states, new Map(keys.map((key) => [key, '700 succeeded'])));
    assert.equal(new Set(reports.map((report) => report.processor_key)).size, 2);
    assert.deepEqual(await processor.findRefunds({ processor_key: `ch_${randomKey40()}`, account }), []);
  });

  rule('a lost response of a refund is found by its key', async () => {
    const { paid } = await charge(harness.subject().tokens.accepted);
    const key = randomKey40();
    const { processor_key } = paid;
    const find = () =>
      harness.subject().processor.findRefund({ key, processor_key, account: harness.subject().account });
    assert.equal(await find(), null);
    harness.subject().setFault('lost_response');
    await assert.rejects(refund(paid, 500, key));
    harness.subject().setFault(null);
    assert.deepEqual(await find(), { outcome: 'refunded' });
  });

  rule('a pending refund succeeds or fails later', async () => {
    for (const [decision, outcome] of [
      ['succeeded', 'refunded'],
      ['failed', 'refused'],
    ] as const) {
      const { paid } = await charge(harness.subject().tokens.refund_pending);
      const key = randomKey40();
      const { processor_key } = paid;
      assert.deepEqual(await refund(paid, AMOUNT, key), { outcome: 'pending' });
      await harness.subject().decideRefund(processor_key, decision);
      const found = await harness
        .subject()
        .processor.findRefund({ key, processor_key, account: harness.subject().account });
      assert.equal(found?.outcome, outcome);
    }
  });
}

/** Defines the rules of disputes. */
// long: one rule after the other
export function testDisputeRules(harness: ContractHarness): void {
  const { rule, refOf, charge } = harness;
  rule('a dispute is evidence with its fee, until it is won or lost', async () => {
    for (const decision of ['won', 'lost'] as const) {
      const { request, paid } = await charge(harness.subject().tokens.accepted);
      const { processor_key } = paid;
      await harness.subject().decide(refOf(request), 'disputed');
      const evidence = await harness
        .subject()
        .processor.retrieve({ processor_key, account: harness.subject().account });
      assert(evidence?.state === 'done');
      assert.deepEqual(Object.keys(evidence.funds).toSorted(), ['fee', 'net', 'unit']);
      const [open, ...more] = evidence.disputes ?? [];
      assert(open && more.length === 0);
      assert.deepEqual([open.amount, open.is_lost, open.returned_fee_amount], [AMOUNT, false, null]);
      assert.equal(open.returns_fee, harness.subject().processor.returns_fee);
      await harness.subject().decide(refOf(request), decision);
      const ended = await harness.subject().processor.retrieve({ processor_key, account: harness.subject().account });
      assert(ended?.state === 'done');
      const [dispute] = ended.disputes ?? [];
      assert.deepEqual([dispute?.key, dispute?.is_lost], [open.key, decision === 'lost']);
      assert.equal(dispute?.returned_fee_amount === null, decision === 'lost');
    }
  });
}
