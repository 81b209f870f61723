import { finishSetup, refreshCard, refreshCustomer } from '../cards/index.ts';
import { refreshCharge } from '../charges/index.ts';
import { refreshFraudWarnings } from '../disputes/index.ts';
import { refreshAccount, refreshPayout } from '../payouts/index.ts';
import type { PaymentContext, ProcessorEvent, RequestHeaders } from '../processors/index.ts';
import { finishOrphan } from '../orphans/index.ts';
import { findAttemptByKey, findCharge, findOrphanByCharge, findPayoutAccountByKey } from '../records/index.ts';
import { adoptFeeReturns, adoptRefunds, finishOpenRefund } from '../refunds/index.ts';
import { noticePayment } from './notice-payment.ts';

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
 * events are harmless. Returns `refused` if no secret signed the request, `unconcerned` or `ignored` if
 * nothing of Tollgate depends on it.
 * @throws processor_unreachable (503): the processor delivers the event again
 */
export async function takeProcessorEvent(
  ctx: PaymentContext,
  { processor: name, raw, headers, secrets }: WebhookRequest,
): Promise<'refused' | Applied> {
  const { intake } = ctx.processors.getByName(name);
  const event = intake?.verify(raw, headers, secrets, ctx.clock.now()) ?? null;
  if (event === null) return 'refused';
  return applyEvent(ctx, name, event);
}

/** `unconcerned`: nothing of the site depends on the event, now or later. `ignored`: its object may become known. */
type Applied = 'ignored' | 'unconcerned' | 'taken';

type AppliedEvent = Omit<ProcessorEvent, 'id' | 'type'> & { type: ProcessorEvent['type'] | 'orphan' | 'call' };

/** Retrieves the object that an event names, and settles the charge, refund or payout, or follows the card. */
export async function applyEvent(ctx: PaymentContext, name: string, event: AppliedEvent): Promise<Applied> {
  const { type, object, account } = event;
  const owner = { processor: name, account };
  switch (type) {
    case 'other':
      return 'unconcerned';
    case 'call':
      return closeCall(ctx, object);
    case 'payout':
      return (await refreshPayout(ctx, { ...owner, processor_key: object })) ? 'taken' : 'ignored';
    case 'account':
      return refreshConnected(ctx, name, account);
    case 'card':
      return refreshCard(ctx, { ...owner, method_key: object });
    case 'customer':
      return refreshCustomer(ctx, { ...owner, customer_key: object });
    case 'setup':
      return takenIf(await finishSetup(ctx, { ...owner, setup_key: object }));
    case 'action':
      return takenIf(await noticePayment(ctx, { ...owner, intent_key: object }, true));
    case 'payment': {
      // A page of the processor takes a payment, or a card to keep.
      const isKnown = await noticePayment(ctx, { ...owner, intent_key: object }, false);
      return takenIf(isKnown || (await finishSetup(ctx, { ...owner, setup_key: object })));
    }
    default:
      return applyToCharge(ctx, name, { ...event, type });
  }
}

/**
 * Takes a call as handled whose key was used for another request, once its attempt is closed. It throws before, so that
 * it is looked at again: a job looks the outcome up by the key. Refunds and payouts have such jobs too.
 */
async function closeCall(ctx: PaymentContext, key: string): Promise<'taken'> {
  const attempt = await findAttemptByKey(ctx.db, key);
  if (attempt?.state === 'reserved' || attempt?.state === 'awaiting_action')
    throw new Error('key_reused: the payment of this call is not decided');
  return 'taken';
}

function takenIf(is_taken: boolean): Applied {
  return is_taken ? 'taken' : 'unconcerned';
}

async function applyToCharge(
  ctx: PaymentContext,
  name: string,
  event: AppliedEvent & { type: 'charge' | 'refund' | 'dispute' | 'fee' | 'share' | 'warning' | 'orphan' },
): Promise<Applied> {
  const { type } = event;
  const charge = await findCharge(ctx.db, event.object);
  if (!charge) return finishOrphanOf(ctx, name, event);
  // The share of the broker in a charge of another account is an object of the broker's own account.
  const account = type === 'fee' || type === 'share' ? '' : charge.account;
  if (charge.processor !== name || account !== event.account) return 'ignored';
  if (type === 'fee') await adoptFeeReturns(ctx, charge);
  else if (type === 'warning') await refreshFraudWarnings(ctx, charge);
  else if (type === 'share') {
    // The charge waits for what it brought; otherwise the share is booked with it.
    if (charge.state === 'created') await refreshCharge(ctx, charge);
  } else if (type === 'refund') {
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
  if (orphan?.processor !== name || account !== (type === 'fee' || type === 'share' ? '' : orphan.account))
    return 'ignored';
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
