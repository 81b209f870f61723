import assert from 'node:assert/strict';
import { randomKey40 } from '#platform/security/crypto';
import type { ContractHarness } from './contract-harness.ts';
import { isAccepted } from './processor.ts';

/** Defines the rules of cards on file. */
// long: one rule after the other
export function testCardRules(harness: ContractHarness): void {
  const { rule, requestWith, charge } = harness;
  rule('a saved card can be charged again until it is deleted', async () => {
    const { processor, account, payer, tokens } = harness.subject();
    if (!processor.saved_cards) return;
    const saved = await processor.saveCard({ key: randomKey40(), account, payer, token: tokens.accepted });
    assert(saved.outcome === 'saved');
    const { outcome: _outcome, card: _card, ...card } = saved;
    const request = { ...requestWith(tokens.accepted), source: { saved: card } };
    assert(isAccepted(await processor.charge(request)));
    await processor.deleteCard(card);
    await processor.deleteCard(card);
    const outcome = await processor.charge({ ...request, key: randomKey40() });
    assert.equal(outcome.outcome, 'declined');
  });

  rule('a card that is charged can be remembered', async () => {
    if (!harness.subject().processor.saved_cards) return;
    const paid = await harness.subject().processor.charge(requestWith(harness.subject().tokens.accepted, true));
    assert(isAccepted(paid) && paid.saved !== null);
    const { paid: once } = await charge(harness.subject().tokens.accepted);
    assert.equal(once.saved, null);
  });

  rule('a card that is refused or must be confirmed is not saved', async () => {
    const { processor, account, payer, tokens } = harness.subject();
    if (!processor.saved_cards) return;
    for (const token of Object.values(tokens.declined)) {
      const outcome = await processor.saveCard({ key: randomKey40(), account, payer, token });
      assert.equal(outcome.outcome, 'declined');
    }
    const waiting = await processor.saveCard({ key: randomKey40(), account, payer, token: tokens.action_required });
    assert.equal(waiting.outcome, 'action_required');
  });
}
