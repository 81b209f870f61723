import { decideAttach, findCardByKey, type TestCard } from '../cards/index.ts';
import {
  emit,
  findOr404,
  HIDDEN,
  invalidRequest,
  missingObject,
  type Call,
  type Context,
  type StoredObject,
} from '../engine/index.ts';
import { cardError, makeMagicMethod } from './card-input.ts';

/** A card or a bank account. It has the key of its test card; the number is not kept. */
export interface PaymentMethod extends StoredObject {
  readonly type: 'card' | 'us_bank_account';
  readonly customer: string | null;
  readonly billing_details: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly card?: Readonly<Record<string, unknown>>;
  readonly $: {
    readonly card?: string;
    readonly bank?: string;
    /** Saved with authentication, so that charges off session need none. */
    readonly is_set_up: boolean;
    /** Charged without being attached: it cannot be used again. */
    readonly is_used: boolean;
  };
}

/** Returns the test card of a method; undefined for a bank account. */
export function testCardOf({ $ }: PaymentMethod): TestCard | undefined {
  return $.card === undefined ? undefined : findCardByKey($.card);
}

/** Returns a method by its id, or a fresh one for a permanent id. @throws ApiError 400 when there is none */
export function findUsableMethod(call: Call, id: string, param = 'payment_method'): PaymentMethod {
  const magic = makeMagicMethod(call, id);
  if (magic) return call.world.insert(call.scope, magic);
  const found = call.world.get(call.scope, 'payment_method', id);
  if (!found) throw missingObject('PaymentMethod', id, param);
  return found as PaymentMethod; // the store has methods under this kind
}

/** Attaches a method to a customer after the check of the card. @throws ApiError 400 or 402 */
export function attachMethod(call: Call, method: PaymentMethod, customer: string): PaymentMethod {
  const owner = findOr404(call, 'customer', customer, 'customer');
  if (owner['deleted'] === true) throw missingObject('customer', customer, 'customer');
  if (method.customer === customer) return method;
  if (method.customer !== null)
    throw invalidRequest(
      'payment_method_unexpected_state',
      'The payment method you provided has already been attached to a customer.',
      'payment_method',
    );
  if (method.$.is_used) throw usedUp();
  const card = testCardOf(method);
  const outcome = card && decideAttach(card, true);
  if (outcome?.kind === 'declined') throw cardError(outcome.decline);
  return setOwner(call, method, customer);
}

/** Attaches without a check: after a payment or a setup that succeeded. */
export function setOwner(ctx: Context, method: PaymentMethod, customer: string): PaymentMethod {
  if (method.customer === customer) return method;
  const attached = ctx.world.patch(method, { customer });
  emit(ctx, 'payment_method.attached', attached);
  return attached;
}

/** Facts of a card that its issuer replaces. */
export interface CardUpdate {
  readonly last4?: string;
  readonly exp_month?: number;
  readonly exp_year?: number;
}

/** Gives an attached card the number and the expiry with which its issuer replaced it. */
export function updateFromIssuer(ctx: Context, method: PaymentMethod, update: CardUpdate): PaymentMethod {
  if (!method.card || method.customer === null)
    throw invalidRequest(undefined, 'Only a card that is attached to a customer is updated.', 'payment_method');
  const updated = ctx.world.patch(method, { card: { ...method.card, ...update } });
  emit(ctx, 'payment_method.automatically_updated', updated, { card: method.card });
  return updated;
}

/** Detaches a method; it cannot be attached again. */
export function detachMethod(ctx: Context, method: PaymentMethod): PaymentMethod {
  const detached = ctx.world.patch(method, { customer: null, [HIDDEN]: { ...method.$, is_used: true } });
  emit(ctx, 'payment_method.detached', detached, { customer: method.customer });
  return detached;
}

export function markUsed(ctx: Context, method: PaymentMethod): void {
  ctx.world.patch(method, { $: { ...method.$, is_used: true } });
}

export function markSetUp(ctx: Context, method: PaymentMethod): void {
  ctx.world.patch(method, { $: { ...method.$, is_set_up: true } });
}

export function usedUp(): Error {
  return invalidRequest(
    'payment_method_unexpected_state',
    'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again.',
    'payment_method',
  );
}
