import { refreshCharge } from '../charges/index.ts';
import { refreshPayout } from '../payouts/index.ts';
import type { PaymentContext, ProcessorEvent, RequestHeaders } from '../processors/index.ts';
import { findCharge } from '../records/index.ts';
import { adoptRefunds, finishOpenRefund } from '../refunds/index.ts';

/** A webhook request of a processor, with the secrets that may have signed it. */
export interface WebhookRequest {
  processor: string;
  raw: Buffer;
  headers: RequestHeaders;
  secrets: readonly string[];
}

/**
 * Takes a webhook request as evidence: verifies it, retrieves the object that it names, and settles the charge,
 * refund or payout.
 *
 * The state always comes from a call to the processor and never from the event, so late, repeated and reordered
 * events are harmless. Returns `refused` if no secret signed the request, `ignored` if nothing of Tollgate depends
 * on it.
 * @throws processor_unreachable (503), refund_in_flight (405): the processor delivers the event again
 */
export async function takeProcessorEvent(
  ctx: PaymentContext,
  { processor: name, raw, headers, secrets }: WebhookRequest,
): Promise<'refused' | 'ignored' | 'taken'> {
  const { intake } = ctx.processors.getByName(name);
  const event = intake?.verify(raw, headers, secrets, ctx.clock.now()) ?? null;
  if (event === null) return 'refused';
  return applyEvent(ctx, name, event);
}

/** Retrieves the object that an event names, and settles the charge, refund or payout. */
export async function applyEvent(
  ctx: PaymentContext,
  name: string,
  event: Omit<ProcessorEvent, 'id'>,
): Promise<'ignored' | 'taken'> {
  if (event.type === 'other') return 'ignored';
  if (event.type === 'payout') {
    const payout = { processor: name, account: event.account, processor_key: event.object };
    return (await refreshPayout(ctx, payout)) ? 'taken' : 'ignored';
  }
  const charge = await findCharge(ctx.db, event.object);
  if (charge?.processor !== name || charge.account !== event.account) return 'ignored';
  if (event.type === 'refund') {
    await finishOpenRefund(ctx, charge);
    await adoptRefunds(ctx, charge);
  } else await refreshCharge(ctx, charge);
  return 'taken';
}
