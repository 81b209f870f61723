import type { Tx } from '#platform/db/database';

/** A call with an idempotency key of Tollgate. */
export interface KeyedCall {
  processor: string;
  account: string;
  key: string;
}

const REASON =
  'key_reused: the payment processor knows the key of this call with another request, which is a fault of Tollgate. The outcome is that of the first request.';

/** Lists a call among the messages that could not be handled. One that was retried or ignored is not listed again. */
export async function parkCall(tx: Tx, { processor, account, key }: KeyedCall, at: Date): Promise<void> {
  await tx
    .insertInto('processor_events')
    .values({
      event_key: `key_reused:${key}`.slice(0, 255),
      processor,
      account,
      kind: 'call',
      object_key: key,
      received_at: at,
      next_at: at,
      state: 'parked',
      reason: REASON,
      done_at: at,
    })
    .onConflict((conflict) => conflict.column('event_key').doNothing())
    .execute();
}
