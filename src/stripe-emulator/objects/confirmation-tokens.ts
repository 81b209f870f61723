import {
  defineEndpoint,
  defineRetrieve,
  free,
  hash,
  integer,
  invalidRequest,
  choice,
  text,
  unsettable,
  type Call,
  type Kind,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { makeMagicMethod, makeMethod, method_data_param } from './card-input.ts';
import type { ConfirmationToken } from './confirmation-token.ts';
import { newObject } from './new-object.ts';
import { findUsableMethod, type PaymentMethod } from './payment-method.ts';

const LIFE_S = 12 * 3_600;
const usage = unsettable(choice('off_session', 'on_session'));
const spec = {
  payment_method: text(255),
  payment_method_data: method_data_param,
  payment_method_options: free(),
  return_url: text(2048),
  setup_future_usage: usage,
  shipping: free(),
  mandate_data: free(),
};
/** The form script also sends what the elements were set to. */
const script_spec = {
  ...spec,
  elements: hash({
    mode: choice('payment', 'setup'),
    amount: integer(0),
    currency: text(3),
    capture_method: choice('automatic', 'automatic_async', 'manual'),
    setup_future_usage: usage,
  }),
};

function createToken(call: Call, params: Values<typeof script_spec>): StoredObject {
  const { payment_method, payment_method_data, return_url = null, elements } = params;
  const method = methodOf(call, payment_method, payment_method_data);
  const {
    id: _id,
    object: _object,
    created: _created,
    livemode: _livemode,
    metadata: _metadata,
    $: _hidden,
    ...preview
  } = method;
  const token = newObject<ConfirmationToken>(call, 'confirmation_token', 'ctoken', {
    expires_at: call.world.now + LIFE_S,
    payment_intent: null,
    payment_method_options: { card: { cvc_token: null } },
    payment_method_preview: preview,
    return_url,
    setup_future_usage: params.setup_future_usage ?? elements?.setup_future_usage ?? null,
    setup_intent: null,
    use_stripe_sdk: true,
    $: { method, elements: elements ?? {}, is_used: false },
  });
  return call.world.insert(call.scope, token);
}

function methodOf(call: Call, id: string | undefined, data: Values<typeof spec>['payment_method_data']): PaymentMethod {
  if (id !== undefined) return makeMagicMethod(call, id) ?? findUsableMethod(call, id);
  if (data) return makeMethod(call, data, 'payment_method_data');
  throw invalidRequest('parameter_missing', 'Missing required param: payment_method_data.', 'payment_method_data');
}

export const confirmation_tokens: Kind = {
  name: 'confirmation_token',
  prefix: 'ctoken',
  endpoints: [
    defineEndpoint('POST /v1/test_helpers/confirmation_tokens', spec, (call, params) =>
      createToken(call, { ...params, elements: undefined }),
    ),
    defineEndpoint('POST /v1/confirmation_tokens', script_spec, createToken, { is_publishable: true }),
    defineRetrieve('/v1/confirmation_tokens/:id', 'confirmation_token'),
  ],
};
