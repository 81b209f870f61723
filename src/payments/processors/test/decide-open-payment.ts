import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { decideTestPayout } from './test-payout-store.ts';
import { decideTestCharge, decideTestRefund, type TestCharge } from './test-processor-store.ts';

/** Decides a charge at the test processor. Returns false if there is no such charge. */
export async function decideCharge(ctx: Context, key: string, state: TestCharge['state']): Promise<boolean> {
  return inTransaction(ctx.db, (tx) => decideTestCharge(tx, key, state));
}

/** Decides the pending refund of a charge at the test processor. Returns false if there is none. */
export async function decideRefund(ctx: Context, key: string, state: 'succeeded' | 'failed'): Promise<boolean> {
  return inTransaction(ctx.db, (tx) => decideTestRefund(tx, key, state));
}

/** Decides a payout at the test processor. Returns false if there is none that did not fail. */
export async function decidePayout(ctx: Context, key: string, state: 'paid' | 'failed'): Promise<boolean> {
  return inTransaction(ctx.db, (tx) => decideTestPayout(tx, key, state));
}
