import assert from 'node:assert/strict';
import { movableClock } from '#platform/clock';
import { inTransaction } from '#platform/db/database';
import { openTestDatabase } from '../../../../test/support/database.ts';
import { testProcessorContract } from '../contract.ts';
import type { ContractSubject, Fault } from '../contract-harness.ts';
import type { ProfileId } from '#platform/db/db-schema';
import type { AttemptRef, Processor } from '../processor.ts';
import { signTestEvent } from './test-intake.ts';
import { makeTestProcessor } from './test-processor.ts';
import { decideTestCharge, decideTestRefund, findTestCharge } from './test-processor-store.ts';

const states = { paid: 'done', failed: 'failed', disputed: 'disputed', won: 'done', lost: 'lost' } as const;

testProcessorContract('test processor', async (): Promise<ContractSubject> => {
  const database = await openTestDatabase();
  const clock = movableClock(new Date('2026-03-10T15:00:00Z'));
  const inner = makeTestProcessor(database.db, clock);
  let fault: Fault | null = null;
  const withFault = async <T>(call: () => Promise<T>): Promise<T> => {
    if (fault === 'unreachable') throw new Error('no connection');
    const outcome = await call();
    if (fault === 'lost_response') throw new Error('connection reset');
    return outcome;
  };
  const processor: Processor = {
    ...inner,
    charge: (request) => withFault(() => inner.charge(request)),
    refund: (request) => withFault(() => inner.refund(request)),
  };
  const keyOf = async ({ key }: AttemptRef) => {
    const charge = await findTestCharge(database.db, { idempotency_key: key });
    assert(charge);
    return charge.key;
  };

  return {
    processor,
    account: '',
    payer: { profile_id: 1 as ProfileId, browser: null, return_url: 'http://cowork.test/' }, // no row has it
    tokens: {
      accepted: 'tok_visa',
      pending: 'tok_chargeAsyncFail',
      action_required: 'tok_authenticate',
      refund_pending: 'tok_refund_pending',
      declined: { retry: 'tok_chargeDeclinedInsufficientFunds', new_card: 'tok_chargeDeclinedExpiredCard' },
    },
    setFault(next) {
      fault = next;
    },
    async decide(attempt, decision) {
      const key = await keyOf(attempt);
      assert(await inTransaction(database.db, (tx) => decideTestCharge(tx, key, states[decision])));
    },
    async decideRefund(processor_key, decision) {
      assert(await inTransaction(database.db, (tx) => decideTestRefund(tx, processor_key, decision)));
    },
    signEvent: ({ id, type, object }, secret, at) =>
      signTestEvent(
        { id, type: type === 'charge' ? 'charge.updated' : 'balance.available', object, account: '' },
        secret,
        at,
      ),
    prepareAccount: () => Promise.resolve(),
    now: () => clock.now(),
    close: () => database.close(),
  };
});
