import { fromSmallestUnit } from '#kernel/money';
import { type RawBuilder, sql } from 'kysely';
import type { RunningEmulator } from '#stripe-emulator';
import type { OutsidePayout, ProcessorRows } from './outside-world.ts';

/** Payouts of every account, oldest first. One that the bank has not decided is pending, also one in transit. */
export function payoutsOf({ control }: RunningEmulator): (OutsidePayout & { amount: number })[] {
  return control.objects('payout').map(({ id, status, ...rest }) => ({
    key: id,
    amount: amountOf(rest),
    state: status === 'paid' || status === 'failed' ? status : 'pending',
  }));
}

/** Returns what the emulator has as rows of a query. */
export function rowsOf(emulator: RunningEmulator): ProcessorRows {
  const { control } = emulator;
  const charges = control.objects('charge').map((charge) => {
    const { id, status, metadata, payment_method_details } = charge;
    const { type } = (payment_method_details ?? {}) as { type?: string }; // as Stripe's charge has it
    const is_declined = status === 'failed' && type === 'card';
    const attempt = (metadata as Record<string, string>)['tollgate_attempt'] ?? '';
    return {
      key: id,
      idempotency_key: attempt,
      amount: amountOf(charge),
      outcome: is_declined ? 'declined' : 'accepted',
    };
  });
  const refunds = control.objects('refund').map((refund) => {
    return { charge_key: refund['charge'], amount: amountOf(refund), state: refund['status'] };
  });
  return {
    charges: recordset(charges, 'key text, idempotency_key text, amount bigint, outcome text'),
    refunds: recordset(refunds, 'charge_key text, amount bigint, state text'),
    payouts: recordset(payoutsOf(emulator), 'key text, amount bigint, state text'),
  };
}

/** Returns the amount of an object of the emulator in 1/100. */
function amountOf({ amount, currency }: Record<string, unknown>): number {
  return fromSmallestUnit(Number(amount), String(currency)).amount;
}

function recordset(rows: readonly object[], columns: string): RawBuilder<unknown> {
  return sql`(select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (${sql.raw(columns)}))`;
}
