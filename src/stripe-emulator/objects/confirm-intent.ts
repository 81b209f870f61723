import { decideCharge, findMagicBankAccount, type CardOutcome, type Decline } from '../cards/index.ts';
import { emit, invalidRequest, planTask, type ApiError, type Context, type Fault } from '../engine/index.ts';
import { cardError } from './card-input.ts';
import { completeCharge, createCharge, failCharge, type Charge } from './charge.ts';
import { markSetUp, markUsed, setOwner, testCardOf, usedUp, type PaymentMethod } from './payment-method.ts';
import type { PaymentIntent } from './payment-intent.ts';

/** How an intent is confirmed. */
export interface ConfirmManner {
  readonly off_session: boolean;
  readonly return_url: string | null;
  readonly use_stripe_sdk: boolean;
  /** A payment that asks the cardholder fails instead. */
  readonly error_on_requires_action: boolean;
  readonly faults: readonly Fault[];
}

/** The intent after an attempt to pay; `declined` has the fields of the error. */
interface Attempt {
  readonly intent: PaymentIntent;
  readonly declined: ApiError | null;
}

type Declined = Extract<CardOutcome, { kind: 'declined' }>;

/** No answer of the cardholder within this time fails the attempt. */
const AUTHENTICATION_S = 30 * 60;
const DELAYED_S = 4 * 86_400;
const insufficient: Decline = {
  code: 'card_declined',
  decline_code: 'insufficient_funds',
  message: 'The account has insufficient funds.',
};

/** Tries to pay an intent with a method. @throws ApiError 402 when the card declines; the changes stay */
export function confirmIntent(
  ctx: Context,
  before: PaymentIntent,
  method: PaymentMethod,
  manner: ConfirmManner,
): PaymentIntent {
  assertOwner(before, method);
  const round = before.$.round + 1;
  const { return_url } = manner;
  const intent = ctx.world.patch(before, {
    payment_method: method.id,
    $: { ...before.$, round, return_url: return_url ?? before.$.return_url },
  });
  const card = testCardOf(method);
  if (!card) return startDelayed(ctx, intent, method, manner.faults);
  const outcome = decideCharge(card, {
    off_session: manner.off_session,
    is_set_up: method.$.is_set_up,
    is_authenticated: false,
    is_three_d_secure_requested: intent.$.is_three_d_secure_requested,
  });
  if (outcome.kind === 'asks') {
    if (manner.error_on_requires_action) throw failInsteadOfAsking(ctx, intent, method);
    return askCardholder(ctx, intent, method, manner);
  }
  const attempt = pay(ctx, intent, method, outcome, { is_authenticated: false, faults: manner.faults });
  if (attempt.declined) throw attempt.declined;
  return attempt.intent;
}

/** Ends the authentication of an intent: the cardholder approved or failed it. @throws ApiError 400 in another state */
export function finishAuthentication(
  ctx: Context,
  intent: PaymentIntent,
  is_approved: boolean,
  faults: readonly Fault[] = [],
): PaymentIntent {
  if (intent.status !== 'requires_action') throw unexpectedState(intent, 'authenticate');
  const method = ctx.world.row(intent.payment_method ?? '')?.value as PaymentMethod; // an intent that asks has a method
  if (!is_approved)
    return failAuthentication(ctx, intent, method, {
      code: 'payment_intent_authentication_failure',
      message:
        'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
    });
  const card = testCardOf(method);
  const outcome: CardOutcome = card
    ? decideCharge(card, {
        off_session: false,
        is_set_up: true,
        is_authenticated: true,
        is_three_d_secure_requested: false,
      })
    : { kind: 'paid' };
  return pay(ctx, intent, method, outcome, { is_authenticated: true, faults }).intent;
}

/** The task of an authentication without an answer. */
export function expireAuthentication(ctx: Context, { id = '', round = '' }: Readonly<Record<string, string>>): void {
  const intent = ctx.world.get(ctx.scope, 'payment_intent', id) as PaymentIntent | undefined;
  if (intent?.status !== 'requires_action' || String(intent.$.round) !== round) return;
  const method = ctx.world.row(intent.payment_method ?? '')?.value as PaymentMethod; // an intent that asks has a method
  failAuthentication(ctx, intent, method, {
    code: 'payment_intent_payment_attempt_expired',
    message:
      'The latest attempt to confirm the payment has failed because the authentication was not finished in time.',
  });
}

/** The task of a delayed method: the bank pays or refuses after days. */
export function finishDelayed(ctx: Context, { id = '', fails = '' }: Readonly<Record<string, string>>): void {
  const intent = ctx.world.get(ctx.scope, 'payment_intent', id) as PaymentIntent | undefined;
  if (intent?.status !== 'processing') return;
  settleDelayed(ctx, intent, fails === 'true');
}

/** Ends a delayed payment. */
export function settleDelayed(ctx: Context, intent: PaymentIntent, has_failed: boolean): PaymentIntent {
  const method = ctx.world.row(intent.payment_method ?? '')?.value as PaymentMethod; // a processing intent has one
  const charge = ctx.world.row(intent.latest_charge ?? '')?.value as Charge; // and a pending charge
  if (has_failed || findMagicBankAccount(method.$.bank ?? '')?.outcome === 'insufficient_funds') {
    failCharge(ctx, charge, insufficient);
    return failIntent(ctx, intent, charge.id, { ...errorOf(insufficient), charge: charge.id, payment_method: method });
  }
  completeCharge(ctx, charge, intent);
  return completeIntent(ctx, intent, method, charge.id);
}

export function unexpectedState(intent: PaymentIntent, verb: string): ApiError {
  const message = `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}.`;
  return invalidRequest('payment_intent_unexpected_state', message, undefined, { payment_intent: intent });
}

interface PayManner {
  readonly is_authenticated: boolean;
  readonly faults: readonly Fault[];
}

function pay(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  outcome: CardOutcome,
  manner: PayManner,
): Attempt {
  if (outcome.kind === 'declined') return declinePayment(ctx, intent, method, outcome, manner.is_authenticated);
  return { intent: succeed(ctx, intent, method, manner), declined: null };
}

function succeed(ctx: Context, intent: PaymentIntent, method: PaymentMethod, manner: PayManner): PaymentIntent {
  const is_held = intent.capture_method === 'manual';
  const charge = createCharge(
    ctx,
    intent,
    method,
    { status: 'succeeded', is_authenticated: manner.is_authenticated, is_held },
    manner.faults,
  );
  return completeIntent(ctx, intent, method, charge.id);
}

function completeIntent(ctx: Context, intent: PaymentIntent, method: PaymentMethod, charge: string): PaymentIntent {
  const is_held = intent.capture_method === 'manual';
  const after = ctx.world.patch(intent, {
    amount_capturable: is_held ? intent.amount : 0,
    amount_received: is_held ? 0 : intent.amount,
    last_payment_error: null,
    latest_charge: charge,
    next_action: null,
    processing: null,
    status: is_held ? 'requires_capture' : 'succeeded',
  });
  saveMethod(ctx, after, method);
  emit(ctx, is_held ? 'payment_intent.amount_capturable_updated' : 'payment_intent.succeeded', after);
  return after;
}

/** Attaches the method when the intent saves it; otherwise an unattached method is used up. */
function saveMethod(ctx: Context, intent: PaymentIntent, method: PaymentMethod): void {
  const current = ctx.world.row(method.id)?.value as PaymentMethod; // methods are never removed
  if (intent.setup_future_usage !== null && intent.customer !== null) {
    const attached = setOwner(ctx, current, intent.customer);
    if (intent.setup_future_usage === 'off_session') markSetUp(ctx, attached);
  } else if (current.customer === null) markUsed(ctx, current);
}

function declinePayment(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  { decline, is_blocked }: Declined,
  is_authenticated: boolean,
): Attempt {
  const charge = createCharge(ctx, intent, method, { status: 'failed', decline, is_blocked, is_authenticated }, []);
  if (method.customer === null) markUsed(ctx, method);
  const failed = failIntent(ctx, intent, charge.id, {
    ...errorOf(decline),
    charge: charge.id,
    payment_method: method,
  });
  const shown = ctx.world.row(method.id)?.value ?? method;
  const declined = cardError(decline, { charge: charge.id, payment_intent: failed, payment_method: shown });
  return { intent: failed, declined };
}

function errorOf({ code, decline_code, advice_code, message }: Decline): Record<string, unknown> {
  return {
    ...(advice_code === undefined ? {} : { advice_code }),
    code,
    ...(decline_code === undefined ? {} : { decline_code }),
    doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`,
    message,
    type: 'card_error',
  };
}

function failAuthentication(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  error: { code: string; message: string },
): PaymentIntent {
  return failIntent(ctx, intent, null, { ...error, payment_method: method, type: 'invalid_request_error' });
}

function failIntent(
  ctx: Context,
  intent: PaymentIntent,
  latest_charge: string | null,
  { payment_method, ...error }: Record<string, unknown>,
): PaymentIntent {
  const { $: _hidden, ...shown } = payment_method as PaymentMethod; // every caller gives the method
  const failed = ctx.world.patch(intent, {
    last_payment_error: { ...error, payment_method: shown },
    latest_charge: latest_charge ?? intent.latest_charge,
    next_action: null,
    payment_method: null,
    processing: null,
    status: 'requires_payment_method',
  });
  emit(ctx, 'payment_intent.payment_failed', failed);
  return failed;
}

function askCardholder(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  { return_url, use_stripe_sdk }: ConfirmManner,
): PaymentIntent {
  const url = `${ctx.settings.base_url}/3ds/${intent.id}`;
  const address = return_url ?? intent.$.return_url;
  const next_action =
    address !== null && !use_stripe_sdk
      ? { redirect_to_url: { return_url: address, url }, type: 'redirect_to_url' }
      : {
          type: 'use_stripe_sdk',
          use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url, source: method.id },
        };
  const asking = ctx.world.patch(intent, { next_action, status: 'requires_action' });
  emit(ctx, 'payment_intent.requires_action', asking);
  planTask(ctx, 'expire_authentication', AUTHENTICATION_S, { id: intent.id, round: String(asking.$.round) });
  return asking;
}

function failInsteadOfAsking(ctx: Context, intent: PaymentIntent, method: PaymentMethod): ApiError {
  const error = {
    code: 'authentication_required',
    decline_code: 'authentication_not_handled',
    message: 'This payment required an authentication action to complete, but `error_on_requires_action` was set.',
  };
  const failed = failIntent(ctx, intent, null, { ...error, payment_method: method, type: 'card_error' });
  return cardError(error, { payment_intent: failed, payment_method: method });
}

function startDelayed(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  faults: readonly Fault[],
): PaymentIntent {
  const charge = createCharge(ctx, intent, method, { status: 'pending' }, faults);
  const after = ctx.world.patch(intent, { latest_charge: charge.id, status: 'processing' });
  emit(ctx, 'payment_intent.processing', after);
  planTask(ctx, 'finish_delayed', DELAYED_S, { id: intent.id, fails: 'false' });
  return after;
}

function assertOwner(intent: PaymentIntent, method: PaymentMethod): void {
  if (method.customer === null) {
    if (method.$.is_used) throw usedUp();
  } else if (method.customer !== intent.customer)
    throw invalidRequest(
      undefined,
      intent.customer === null
        ? 'The payment method belongs to a customer. Include the customer in the `customer` parameter of the PaymentIntent.'
        : 'The payment method does not belong to the customer of the PaymentIntent.',
      'payment_method',
    );
}
