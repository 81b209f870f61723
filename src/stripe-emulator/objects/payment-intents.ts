import {
  defineEndpoint,
  defineList,
  defineSearch,
  emit,
  findOr404,
  integer,
  invalidRequest,
  pathId,
  text,
  type Call,
  type Kind,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { bookCharge, type Charge } from './charge.ts';
import { confirmIntent, expireAuthentication, finishDelayed, unexpectedState } from './confirm-intent.ts';
import {
  assertIntent,
  confirm_spec,
  create_spec,
  fieldsOf,
  pickMethod,
  update_spec,
  type Picked,
} from './intent-params.ts';
import { newObject } from './new-object.ts';
import type { IntentStatus, PaymentIntent } from './payment-intent.ts';

const CHANGEABLE: ReadonlySet<IntentStatus> = new Set([
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
]);
const CANCELABLE: ReadonlySet<IntentStatus> = new Set([...CHANGEABLE, 'requires_capture']);
const SECRET_LENGTH = 24;

function createIntent(call: Call, params: Values<typeof create_spec>): StoredObject {
  if (params.off_session !== undefined && params.off_session !== 'false' && params.confirm !== true)
    throw invalidRequest(undefined, 'The off_session parameter requires confirm to be true.', 'off_session');
  const id = call.world.nextId('pi', call.scope);
  const draft = newObject<PaymentIntent>(call, 'payment_intent', 'pi', {
    id,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application_fee_amount: null,
    automatic_payment_methods: { allow_redirects: 'always', enabled: true },
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${call.world.nextId('', call.scope, SECRET_LENGTH)}`,
    confirmation_method: 'automatic',
    customer: null,
    description: null,
    latest_charge: null,
    metadata: {},
    payment_method: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    receipt_email: null,
    setup_future_usage: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    $: { return_url: null, round: 0, allow_redirects: 'always', is_three_d_secure_requested: false },
    ...fieldsOf(call, params, {}),
  });
  assertIntent(call, draft);
  call.world.insert(call.scope, draft);
  emit(call, 'payment_intent.created', draft);
  const method = pickMethod(call, draft, params);
  const held = method ? holdMethod(call, draft, method) : draft;
  if (params.confirm !== true) return held;
  if (!method)
    throw invalidRequest(
      'parameter_missing',
      'You cannot confirm this PaymentIntent because it is missing a payment method. To confirm the PaymentIntent with a saved payment method, pass `payment_method` and `customer`.',
      'payment_method',
    );
  return confirm(call, held, method, params);
}

function updateIntent(call: Call, params: Values<typeof update_spec>): StoredObject {
  const before = findIntent(call);
  const names = Object.keys(params).filter((name) => params[name as keyof typeof params] !== undefined);
  const is_money = names.some((name) => !['metadata', 'description', 'receipt_email', 'client_secret'].includes(name));
  if (is_money && !CHANGEABLE.has(before.status)) throw unexpectedState(before, 'update');
  const draft = { ...before, ...fieldsOf(call, params, before.metadata, before) };
  assertIntent(call, draft);
  const after = call.world.patch(before, draft);
  const method = pickMethod(call, after, params);
  if (!method) return after;
  return holdMethod(call, after, method);
}

function holdMethod(call: Call, intent: PaymentIntent, { id, usage }: Picked): PaymentIntent {
  return call.world.patch(intent, { ...usage, payment_method: id, status: 'requires_confirmation' });
}

function confirmExisting(call: Call, params: Values<typeof confirm_spec>): StoredObject {
  const before = findIntent(call, params.client_secret);
  if (!CHANGEABLE.has(before.status)) throw unexpectedState(before, 'confirm');
  const draft = { ...before, ...fieldsOf(call, params, before.metadata, before) };
  const picked =
    pickMethod(call, draft, params) ?? pickMethod(call, draft, { payment_method: before.payment_method ?? undefined });
  if (!picked)
    throw invalidRequest(
      'payment_intent_unexpected_state',
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
      'payment_method',
      { payment_intent: before },
    );
  return confirm(call, call.world.patch(before, { ...draft, ...picked.usage }), picked, params);
}

function confirm(
  call: Call,
  intent: PaymentIntent,
  picked: Picked,
  params: Values<typeof confirm_spec>,
): PaymentIntent {
  const off_session = params.off_session !== undefined && params.off_session !== 'false';
  const return_url = params.return_url ?? picked.return_url ?? intent.$.return_url;
  if (intent.$.allow_redirects === 'always' && return_url === null && !off_session)
    throw invalidRequest(
      undefined,
      'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don’t want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.',
      'return_url',
    );
  return confirmIntent(call, intent, picked.method, {
    off_session,
    return_url,
    use_stripe_sdk: params.use_stripe_sdk ?? (call.is_publishable && params.return_url === undefined),
    error_on_requires_action: params.error_on_requires_action ?? false,
    faults: call.faults,
  });
}

const cancel_spec = {
  cancellation_reason: text(40),
};
function cancelIntent(call: Call, { cancellation_reason }: Values<typeof cancel_spec>): StoredObject {
  const before = findIntent(call);
  if (!CANCELABLE.has(before.status)) throw unexpectedState(before, 'cancel');
  const after = call.world.patch(before, {
    amount_capturable: 0,
    canceled_at: call.world.now,
    cancellation_reason: cancellation_reason ?? null,
    next_action: null,
    status: 'canceled',
  });
  emit(call, 'payment_intent.canceled', after);
  return after;
}

const capture_spec = { amount_to_capture: integer(1), statement_descriptor_suffix: text(22) };
function captureIntent(call: Call, { amount_to_capture }: Values<typeof capture_spec>): StoredObject {
  const before = findIntent(call);
  if (before.status !== 'requires_capture') throw unexpectedState(before, 'capture');
  const amount = amount_to_capture ?? before.amount;
  if (amount > before.amount)
    throw invalidRequest(
      'amount_too_large',
      'The amount to capture is greater than the amount authorized.',
      'amount_to_capture',
    );
  const held = call.world.row(before.latest_charge ?? '')?.value as Charge; // an intent to capture has a charge
  const charge = call.world.patch(held, { amount_captured: amount, captured: true });
  bookCharge(call, charge, before, call.faults);
  const after = call.world.patch(before, { amount_capturable: 0, amount_received: amount, status: 'succeeded' });
  emit(call, 'payment_intent.succeeded', after);
  return after;
}

/** Returns the intent of the path. A publishable key must send its secret. @throws ApiError 400, 404 */
function findIntent(call: Call, client_secret?: string): PaymentIntent {
  const intent = findOr404(call, 'payment_intent', pathId(call)) as PaymentIntent;
  if (client_secret === undefined && call.is_publishable)
    throw invalidRequest('parameter_missing', 'Missing required param: client_secret.', 'client_secret');
  if (client_secret !== undefined && client_secret !== intent.client_secret)
    throw invalidRequest(
      'payment_intent_invalid_parameter',
      'The client_secret provided does not match the client_secret associated with the PaymentIntent.',
      'client_secret',
    );
  return intent;
}

export const payment_intents: Kind = {
  name: 'payment_intent',
  prefix: 'pi',
  expandable: [
    'application',
    'customer',
    'latest_charge',
    'on_behalf_of',
    'payment_method',
    'review',
    'source',
    'transfer_data.destination',
  ],
  tasks: { expire_authentication: expireAuthentication, finish_delayed: finishDelayed },
  endpoints: [
    defineEndpoint('POST /v1/payment_intents', create_spec, createIntent),
    defineEndpoint('POST /v1/payment_intents/:id', update_spec, updateIntent),
    defineEndpoint('POST /v1/payment_intents/:id/confirm', confirm_spec, confirmExisting, { is_publishable: true }),
    defineEndpoint('POST /v1/payment_intents/:id/cancel', cancel_spec, cancelIntent),
    defineEndpoint('POST /v1/payment_intents/:id/capture', capture_spec, captureIntent),
    defineEndpoint(
      'GET /v1/payment_intents/:id',
      { client_secret: text(255) },
      (call, { client_secret }) => findIntent(call, client_secret),
      { is_publishable: true },
    ),
    defineList('/v1/payment_intents', 'payment_intent', { customer: text(255) }),
    defineSearch('/v1/payment_intents/search', 'payment_intent', ['amount', 'currency', 'customer', 'status']),
  ],
};
