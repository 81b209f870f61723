import assert from 'node:assert/strict';
import { randomKey40 } from '#platform/security/crypto';
import { AMOUNT, type ContractHarness } from './contract-harness.ts';
import { isAccepted } from './processor.ts';

/** Defines the rules of charges and their outcomes. */
// long: one rule after the other
export function testChargeRules(harness: ContractHarness): void {
  const { rule, requestWith, refOf, charge, stateOf } = harness;
  rule('a good card is charged, and net and fee add up to the amount', async () => {
    const { paid } = await charge(harness.subject().tokens.accepted);
    assert(paid.outcome === 'succeeded' && paid.evidence.state === 'done');
    const { net, fee, unit } = paid.evidence.funds;
    if (unit === 'usd') assert.equal(net + fee, AMOUNT);
    assert(net >= 0 && fee >= 0);
  });

  rule('concurrent and repeated calls with one key make one charge', async () => {
    const request = requestWith(harness.subject().tokens.accepted);
    const { processor } = harness.subject();
    const outcomes = await Promise.all([processor.charge(request), processor.charge(request)]);
    outcomes.push(await processor.charge(request));
    const keys = outcomes.map((outcome) => (isAccepted(outcome) ? outcome.processor_key : outcome.outcome));
    assert.equal(new Set(keys).size, 1, keys.join());
  });

  rule('a key that was never used has no outcome', async () => {
    const { processor } = harness.subject();
    assert.equal(await processor.findByKey(refOf(requestWith(harness.subject().tokens.accepted))), null);
    assert.equal(
      await processor.retrieve({ processor_key: `ch_${randomKey40()}`, account: harness.subject().account }),
      null,
    );
  });

  rule('a lost response is found by its key and equals the response of a retry', async () => {
    const request = requestWith(harness.subject().tokens.accepted);
    harness.subject().setFault('lost_response');
    await assert.rejects(harness.subject().processor.charge(request));
    harness.subject().setFault(null);
    const found = await harness.subject().processor.findByKey(refOf(request));
    assert(isAccepted(found));
    assert.deepEqual(await harness.subject().processor.charge(request), found);
  });

  rule('a request that never arrives takes no money', async () => {
    const request = requestWith(harness.subject().tokens.accepted);
    harness.subject().setFault('unreachable');
    await assert.rejects(harness.subject().processor.charge(request));
    harness.subject().setFault(null);
    assert.equal(await harness.subject().processor.findByKey(refOf(request)), null);
  });

  rule('each kind of decline is reported, and a retry with the key is declined alike', async () => {
    for (const [kind, token] of Object.entries(harness.subject().tokens.declined)) {
      const request = requestWith(token);
      const outcome = await harness.subject().processor.charge(request);
      assert(outcome.outcome === 'declined', outcome.outcome);
      assert.equal(outcome.kind, kind);
      assert(outcome.code !== '' && outcome.detail !== '');
      assert.deepEqual(await harness.subject().processor.findByKey(refOf(request)), outcome);
    }
  });

  rule('a pending payment is decided later: paid or failed', async () => {
    for (const [decision, state] of [
      ['paid', 'done'],
      ['failed', 'failed'],
    ] as const) {
      const { request, paid } = await charge(harness.subject().tokens.pending);
      assert.deepEqual([paid.outcome, paid.evidence.state], ['pending', 'created']);
      assert.equal(await stateOf(paid), 'created');
      await harness.subject().decide(refOf(request), decision);
      assert.equal(await stateOf(paid), state);
      // The outcome of the attempt stays accepted: the failure is evidence about its charge.
      assert(isAccepted(await harness.subject().processor.findByKey(refOf(request))));
    }
  });
}

/** Defines the rules of payments that the payer must confirm. */
// long: one rule after the other
export function testActionRules(harness: ContractHarness): void {
  const { rule, requestWith, refOf } = harness;
  const start = async () => {
    const request = requestWith(harness.subject().tokens.action_required);
    const waiting = await harness.subject().processor.charge(request);
    assert(waiting.outcome === 'action_required', waiting.outcome);
    assert(waiting.intent_key !== '' && waiting.client_secret !== '');
    return { attempt: refOf(request, waiting), waiting };
  };

  rule('a payment that the payer must confirm takes no money until it is confirmed', async () => {
    const { attempt, waiting } = await start();
    assert.deepEqual(await harness.subject().processor.findByKey(attempt), waiting);
    await harness.subject().decide(attempt, 'paid');
    const outcome = await harness.subject().processor.findByKey(attempt);
    assert(outcome?.outcome === 'succeeded' && outcome.evidence.state === 'done');
  });

  rule('a payment that the bank does not confirm is declined', async () => {
    const { attempt } = await start();
    await harness.subject().decide(attempt, 'failed');
    const outcome = await harness.subject().processor.findByKey(attempt);
    assert(outcome?.outcome === 'declined' && outcome.kind === 'authenticate');
  });

  rule('an abandoned payment stays declined, also when it is abandoned again', async () => {
    const { attempt } = await start();
    const ended = await harness.subject().processor.abandon(attempt);
    assert.equal(ended.outcome, 'declined');
    assert.deepEqual(await harness.subject().processor.abandon(attempt), ended);
    assert.deepEqual(await harness.subject().processor.findByKey(attempt), ended);
  });

  rule('a payment that was confirmed before it is abandoned stays paid', async () => {
    const { attempt } = await start();
    await harness.subject().decide(attempt, 'paid');
    assert(isAccepted(await harness.subject().processor.abandon(attempt)));
  });
}
