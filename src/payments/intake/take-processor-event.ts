import { refreshCard, refreshCustomer } from '../cards/index.ts';
import { refreshCharge } from '../charges/index.ts';
import { refreshAccount, refreshPayout } from '../payouts/index.ts';
import type { PaymentContext, ProcessorEvent, RequestHeaders } from '../processors/index.ts';
import { finishOrphan } from '../orphans/index.ts';
import { findCharge, findOrphanByCharge, findPayoutAccountByKey } from '../records/index.ts';
import { adoptFeeReturns, adoptRefunds, finishOpenRefund } from '../refunds/index.ts';

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
 * @throws processor_unreachable (503): the processor delivers the event again
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

/** Retrieves the object that an event names, and settles the charge, refund or payout, or follows the card. */
export async function applyEvent(
  ctx: PaymentContext,
  name: string,
  event: Omit<ProcessorEvent, 'id' | 'type'> & { type: ProcessorEvent['type'] | 'orphan' },
): Promise<'ignored' | 'taken'> {
  if (event.type === 'other') return 'ignored';
  if (event.type === 'payout') {
    const payout = { processor: name, account: event.account, processor_key: event.object };
    return (await refreshPayout(ctx, payout)) ? 'taken' : 'ignored';
  }
  if (event.type === 'account') return refreshConnected(ctx, name, event.account);
  const owner = { processor: name, account: event.account };
  if (event.type === 'card') return refreshCard(ctx, { ...owner, method_key: event.object });
  if (event.type === 'customer') return refreshCustomer(ctx, { ...owner, customer_key: event.object });
  const charge = await findCharge(ctx.db, event.object);
  if (!charge) return finishOrphanOf(ctx, name, event);
  // The share of the broker in a charge of another account is an object of the broker's own account.
  const account = event.type === 'fee' ? '' : charge.account;
  if (charge.processor !== name || account !== event.account) return 'ignored';
  if (event.type === 'fee') {
    await adoptFeeReturns(ctx, charge);
    return 'taken';
  }
  if (event.type === 'refund') {
    await finishOpenRefund(ctx, charge);
    await adoptRefunds(ctx, charge);
  } else await refreshCharge(ctx, charge);
  return 'taken';
}

/** Looks at the payment without an order whose charge, refund or share an event names. */
async function finishOrphanOf(
  ctx: PaymentContext,
  name: string,
  { type, object, account }: Pick<ProcessorEvent, 'object' | 'account'> & { type: string },
): Promise<'ignored' | 'taken'> {
  const orphan = await findOrphanByCharge(ctx.db, object);
  if (orphan?.processor !== name || account !== (type === 'fee' ? '' : orphan.account)) return 'ignored';
  // A watched one is read when it is due, or when a manager asks for it.
  if (orphan.state !== 'watched' || type === 'orphan') await finishOrphan(ctx, orphan);
  return 'taken';
}

/**
 * Reads the state of the account that a message is about. A refusal is no proof that the access ended: it
 * throws, so that the message is handled again after the time that confirms it.
 */
async function refreshConnected(ctx: PaymentContext, name: string, account: string): Promise<'ignored' | 'taken'> {
  const found = await findPayoutAccountByKey(ctx.db, name, account);
  if (!found || account === '' || found.disconnected_at !== null) return 'ignored';
  if ((await refreshAccount(ctx, found)) === 'denied') throw new Error('the access to the account is denied');
  return 'taken';
}
