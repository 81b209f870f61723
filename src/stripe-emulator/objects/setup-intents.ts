import {
  assertExclusive,
  boolean,
  choice,
  defineEndpoint,
  defineList,
  defineRetrieve,
  emit,
  findOr404,
  free,
  hash,
  invalidRequest,
  list,
  mergeMetadata,
  metadata,
  missingObject,
  pathId,
  required,
  text,
  unsettable,
  type Call,
  type Kind,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { makeMethod, method_data_param } from './card-input.ts';
import { useConfirmationToken } from './confirmation-token.ts';
import { newObject } from './new-object.ts';
import { findUsableMethod, type PaymentMethod } from './payment-method.ts';
import { confirmSetup, expireSetup, unexpectedSetupState, type SetupIntent } from './setup-intent.ts';

const SECRET_LENGTH = 24;
const common = {
  customer: text(255),
  description: unsettable(text(1000)),
  metadata: metadata(),
  payment_method: text(255),
  payment_method_data: method_data_param,
  payment_method_options: free(),
  allowed_payment_method_types: list(text(40)),
  excluded_payment_method_types: unsettable(list(text(40))),
  client_secret: text(255),
};
const confirmation = {
  confirmation_token: text(255),
  mandate_data: unsettable(free()),
  return_url: text(2048),
  use_stripe_sdk: boolean(),
};
const create_spec = {
  ...common,
  ...confirmation,
  automatic_payment_methods: hash({ enabled: required(boolean()), allow_redirects: choice('always', 'never') }),
  confirm: boolean(),
  usage: choice('off_session', 'on_session'),
  attach_to_self: boolean(),
  flow_directions: free(),
  on_behalf_of: text(255),
  single_use: free(),
};
const confirm_spec = {
  ...confirmation,
  payment_method: common.payment_method,
  payment_method_data: common.payment_method_data,
  payment_method_options: free(),
  client_secret: text(255),
};
type Confirmation = Values<typeof confirm_spec>;

function createSetup(call: Call, params: Values<typeof create_spec>): StoredObject {
  const { customer, usage = 'off_session', automatic_payment_methods: automatic } = params;
  assertCustomer(call, customer);
  const id = call.world.nextId('seti', call.scope);
  const allow_redirects = automatic ? (automatic.allow_redirects ?? 'always') : 'always';
  const draft = newObject<SetupIntent>(call, 'setup_intent', 'seti', {
    id,
    automatic_payment_methods: { allow_redirects, enabled: true },
    client_secret: `${id}_secret_${call.world.nextId('', call.scope, SECRET_LENGTH)}`,
    customer: customer ?? null,
    description: params.description ?? null,
    metadata: mergeMetadata({}, params.metadata),
    payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    status: 'requires_payment_method',
    usage,
    $: { return_url: params.return_url ?? null, round: 0, allow_redirects },
  });
  call.world.insert(call.scope, draft);
  emit(call, 'setup_intent.created', draft);
  const method = pickMethod(call, draft, params);
  if (params.confirm === true) return confirm(call, draft, method, params);
  return method ? call.world.patch(draft, { payment_method: method.id, status: 'requires_confirmation' }) : draft;
}

function updateSetup(call: Call, params: Values<typeof common>): StoredObject {
  const before = findSetup(call, params.client_secret);
  const { customer, description } = params;
  assertCustomer(call, customer);
  const after = call.world.patch(before, {
    ...(customer === undefined ? {} : { customer }),
    ...(description === undefined ? {} : { description }),
    metadata: mergeMetadata(before.metadata, params.metadata),
  });
  const method = pickMethod(call, after, params);
  if (!method) return after;
  if (after.status === 'succeeded' || after.status === 'canceled') throw unexpectedSetupState(after, 'update');
  return call.world.patch(after, { payment_method: method.id, status: 'requires_confirmation' });
}

function confirmExisting(call: Call, params: Confirmation): StoredObject {
  const before = findSetup(call, params.client_secret);
  if (before.status === 'succeeded' || before.status === 'canceled') throw unexpectedSetupState(before, 'confirm');
  const kept = before.payment_method === null ? null : findUsableMethod(call, before.payment_method);
  return confirm(call, before, pickMethod(call, before, params) ?? kept, params);
}

function confirm(call: Call, intent: SetupIntent, method: PaymentMethod | null, params: Confirmation): SetupIntent {
  if (!method)
    throw invalidRequest(
      'parameter_missing',
      "You cannot confirm this SetupIntent because it's missing a payment method.",
      'payment_method',
    );
  const token = params.confirmation_token;
  const from_token = token === undefined ? undefined : call.world.row(token)?.value['return_url'];
  const return_url = params.return_url ?? (typeof from_token === 'string' ? from_token : intent.$.return_url);
  if (intent.$.allow_redirects === 'always' && return_url === null && !call.is_publishable)
    throw invalidRequest(
      undefined,
      'This SetupIntent is configured to accept payment methods that may redirect: you must provide a `return_url`, or set `automatic_payment_methods[allow_redirects]` to `never`.',
      'return_url',
    );
  const use_stripe_sdk = params.use_stripe_sdk ?? (call.is_publishable && params.return_url === undefined);
  return confirmSetup(call, intent, method, { return_url, use_stripe_sdk });
}

function pickMethod(call: Call, intent: SetupIntent, params: Partial<Confirmation>): PaymentMethod | null {
  assertExclusive(params, 'payment_method', 'payment_method_data', 'confirmation_token');
  const { payment_method, payment_method_data, confirmation_token } = params;
  if (confirmation_token !== undefined)
    return useConfirmationToken(call, confirmation_token, {
      payment_intent: null,
      setup_intent: intent.id,
      elements: { mode: 'setup', setup_future_usage: intent.usage },
    }).method;
  if (payment_method !== undefined) return findUsableMethod(call, payment_method);
  if (payment_method_data === undefined) return null;
  return call.world.insert(call.scope, makeMethod(call, payment_method_data, 'payment_method_data'));
}

function cancelSetup(call: Call, params: { readonly cancellation_reason?: string | undefined }): StoredObject {
  const before = findSetup(call);
  if (before.status === 'succeeded' || before.status === 'canceled') throw unexpectedSetupState(before, 'cancel');
  const cancellation_reason = params.cancellation_reason ?? null;
  const after = call.world.patch(before, { cancellation_reason, next_action: null, status: 'canceled' });
  emit(call, 'setup_intent.canceled', after);
  return after;
}

function findSetup(call: Call, client_secret?: string): SetupIntent {
  const intent = findOr404(call, 'setup_intent', pathId(call)) as SetupIntent;
  if (client_secret === undefined && call.is_publishable)
    throw invalidRequest('parameter_missing', 'Missing required param: client_secret.', 'client_secret');
  if (client_secret !== undefined && client_secret !== intent.client_secret)
    throw invalidRequest(
      'setup_intent_invalid_parameter',
      'The client_secret provided does not match the client_secret associated with the SetupIntent.',
      'client_secret',
    );
  return intent;
}

function assertCustomer(call: Call, id: string | undefined): void {
  if (id !== undefined && findOr404(call, 'customer', id, 'customer')['deleted'] === true)
    throw missingObject('customer', id, 'customer');
}

export const setup_intents: Kind = {
  name: 'setup_intent',
  prefix: 'seti',
  expandable: [
    'application',
    'customer',
    'latest_attempt',
    'mandate',
    'on_behalf_of',
    'payment_method',
    'single_use_mandate',
  ],
  tasks: { expire_setup: expireSetup },
  endpoints: [
    defineEndpoint('POST /v1/setup_intents', create_spec, createSetup),
    defineEndpoint('POST /v1/setup_intents/:id', common, updateSetup),
    defineEndpoint('POST /v1/setup_intents/:id/confirm', confirm_spec, confirmExisting, { is_publishable: true }),
    defineEndpoint('POST /v1/setup_intents/:id/cancel', { cancellation_reason: text(40) }, cancelSetup),
    defineEndpoint(
      'GET /v1/setup_intents/:id',
      { client_secret: text(255) },
      (call, { client_secret }) => findSetup(call, client_secret),
      { is_publishable: true },
    ),
    defineList('/v1/setup_intents', 'setup_intent', { customer: text(255), payment_method: text(255) }),
  ],
};

export const setup_attempts: Kind = {
  name: 'setup_attempt',
  prefix: 'setatt',
  expandable: ['customer', 'payment_method', 'setup_intent'],
  endpoints: [defineList('/v1/setup_attempts', 'setup_attempt', { setup_intent: required(text(255)) })],
};

export const mandates: Kind = {
  name: 'mandate',
  prefix: 'mandate',
  expandable: ['payment_method'],
  endpoints: [defineRetrieve('/v1/mandates/:id', 'mandate')],
};
