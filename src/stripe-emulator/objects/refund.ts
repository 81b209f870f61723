import { emit, planTask, type Context, type StoredObject } from '../engine/index.ts';
import { balanceOf, postMovement, settle } from './balance.ts';
import { testCardOfCharge, type Charge } from './charge.ts';
import { endWarnings } from './fraud-warning.ts';
import { newObject } from './new-object.ts';

export interface Refund extends StoredObject {
  readonly amount: number;
  readonly balance_transaction: string | null;
  readonly charge: string;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled';
  readonly pending_reason?: string;
  readonly failure_balance_transaction?: string;
  readonly failure_reason?: string;
}

/** States in which the money of a refund is not with the buyer and will not be. */
const GONE: ReadonlySet<Refund['status']> = new Set(['failed', 'canceled']);
const LATER_S = 60;

/** Makes a refund of a charge. The caller has checked the amount. Emits `refund.created` and `charge.refunded`. */
export function createRefund(
  ctx: Context,
  charge: Charge,
  fields: { amount: number; reason: string | null; metadata: Readonly<Record<string, string>> },
): Refund {
  const card = testCardOfCharge(charge);
  const draft = newObject<Refund>(ctx, 'refund', charge.id.startsWith('py_') ? 'pyr' : 're', {
    ...fields,
    charge: charge.id,
    currency: charge.currency,
    destination_details: {
      card: {
        reference: '4242424242424242',
        reference_status: 'available',
        reference_type: 'acquirer_reference_number',
        type: 'refund',
      },
      type: 'card',
    },
    payment_intent: charge.payment_intent,
    status: 'succeeded',
  });
  const is_short = isShort(ctx, charge, fields.amount);
  const is_slow = card?.refund === 'pending';
  const pending_reason = is_short ? 'insufficient_funds' : 'processing';
  const refund = ctx.world.insert(
    ctx.scope,
    is_short || is_slow ? { ...draft, status: 'pending' as const, pending_reason } : draft,
  );
  const booked = is_short ? refund : bookRefund(ctx, refund);
  const after = countRefunds(ctx, charge);
  emit(ctx, 'refund.created', booked);
  emit(ctx, 'charge.refunded', after, { amount_refunded: charge.amount_refunded });
  endWarnings(ctx, after);
  if (!is_short && is_slow) planTask(ctx, 'finish_refund', LATER_S, { id: refund.id, to: 'succeeded' });
  if (!is_short && card?.refund === 'fails') planTask(ctx, 'finish_refund', LATER_S, { id: refund.id, to: 'failed' });
  return booked;
}

/** Moves a refund to another state. A failed or canceled one returns its money to the balance. */
export function moveRefund(ctx: Context, refund: Refund, to: Refund['status']): Refund {
  if (refund.status === to || GONE.has(refund.status)) return refund;
  const { pending_reason: _reason, ...rest } = refund;
  let fields: Partial<Refund> = { status: to };
  if (GONE.has(to) && refund.balance_transaction !== null) {
    const returned = postMovement(ctx, {
      type: 'refund_failure',
      reporting_category: 'refund_failure',
      ...settle(ctx, refund.amount, refund.currency),
      source: refund.id,
      description: 'REFUND FAILURE',
    });
    fields = { ...fields, failure_balance_transaction: returned.id };
  }
  if (to === 'failed') fields = { ...fields, failure_reason: 'lost_or_stolen_card' };
  const after = ctx.world.insert(ctx.scope, { ...rest, ...fields });
  const charge = ctx.world.get(ctx.scope, 'charge', refund.charge) as Charge; // a refund has a charge
  if (GONE.has(to)) countRefunds(ctx, charge);
  emit(ctx, to === 'failed' ? 'refund.failed' : 'refund.updated', after, { status: refund.status });
  if (to !== 'failed') emit(ctx, 'charge.refund.updated', after, { status: refund.status });
  return after;
}

/** The task of a refund that ends later. */
export function finishRefund(ctx: Context, { id = '', to = '' }: Readonly<Record<string, string>>): void {
  const refund = ctx.world.get(ctx.scope, 'refund', id) as Refund | undefined;
  if (refund && (to === 'succeeded' || to === 'failed')) moveRefund(ctx, refund, to);
}

/** The task after money came in: refunds that wait for it go out, in the order of their creation. */
export function retryRefunds(ctx: Context, { currency = '' }: Readonly<Record<string, string>>): void {
  for (const value of ctx.world.all(ctx.scope, 'refund')) {
    const refund = value as Refund; // the store has refunds under this kind
    const settled = settle(ctx, refund.amount, refund.currency);
    if (settled.currency !== currency || refund.pending_reason !== 'insufficient_funds') continue;
    const charge = ctx.world.get(ctx.scope, 'charge', refund.charge) as Charge; // a refund has a charge
    if (isShort(ctx, charge, refund.amount)) return;
    moveRefund(ctx, bookRefund(ctx, refund), 'succeeded');
  }
}

/** Returns what of a charge is not refunded yet. */
export function unrefunded(ctx: Context, charge: Charge): number {
  return charge.amount_captured - refundedOf(ctx, charge);
}

function refundedOf(ctx: Context, charge: Charge): number {
  const refunds = ctx.world.by(ctx.scope, 'refund', 'charge', charge.id) as Refund[]; // by kind
  return refunds.filter(({ status }) => !GONE.has(status)).reduce((sum, { amount }) => sum + amount, 0);
}

function countRefunds(ctx: Context, charge: Charge): Charge {
  const amount_refunded = refundedOf(ctx, charge);
  return ctx.world.patch(charge, { amount_refunded, refunded: amount_refunded === charge.amount_captured });
}

function bookRefund(ctx: Context, refund: Refund): Refund {
  const movement = postMovement(ctx, {
    type: refund.charge.startsWith('py_') ? 'payment_refund' : 'refund',
    reporting_category: 'refund',
    ...settle(ctx, -refund.amount, refund.currency),
    source: refund.id,
    description: 'REFUND FOR CHARGE',
  });
  return ctx.world.patch(refund, { balance_transaction: movement.id });
}

/**
 * True when the balance does not suffice. The account may fall below zero by the fees that it paid: Stripe keeps them,
 * so that a full refund of an account's only sale leaves it below zero.
 */
function isShort(ctx: Context, { currency }: Charge, amount: number): boolean {
  const due = settle(ctx, amount, currency);
  const { available, pending, fees } = balanceOf(ctx, due.currency);
  return available + pending + fees < due.amount;
}
