import { fingerprintOf } from '../cards/index.ts';
import {
  assertExclusive,
  defineEndpoint,
  defineRetrieve,
  emit,
  findOr404,
  free,
  hash,
  integer,
  invalidRequest,
  list_params,
  mergeMetadata,
  metadata,
  missingObject,
  pageOf,
  pathId,
  required,
  text,
  type Call,
  type Kind,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { wholeAddress, makeMagicMethod, makeMethod, method_data } from './card-input.ts';
import { newObject } from './new-object.ts';
import { attachMethod, detachMethod, testCardOf, usedUp, type PaymentMethod } from './payment-method.ts';

const create_spec = { ...method_data, customer: text(255), payment_method: text(255) };
const update_spec = {
  billing_details: method_data.billing_details,
  metadata: metadata(),
  allow_redisplay: method_data.allow_redisplay,
  card: hash({ exp_month: integer(1, 12), exp_year: integer(2000, 2100), networks: free() }),
};

function createMethod(call: Call, params: Values<typeof create_spec>): StoredObject {
  assertExclusive(params, 'card', 'payment_method');
  if (params.payment_method !== undefined) return cloneMethod(call, params.payment_method, params.customer);
  if (params.customer !== undefined)
    throw invalidRequest('parameter_unknown', 'A customer needs a payment_method that is cloned.', 'customer');
  if (params.type === undefined) throw invalidRequest('parameter_missing', 'Missing required param: type.', 'type');
  return call.world.insert(call.scope, makeMethod(call, params));
}

/** Copies a method of the platform to a connected account. It must be attached to that customer of the platform. */
function cloneMethod(call: Call, id: string, customer: string | undefined): StoredObject {
  const platform = { ...call, scope: { ...call.scope, account: '' } };
  const magic = makeMagicMethod(call, id);
  if (magic && customer === undefined) return call.world.insert(call.scope, magic);
  const source = call.world.get(platform.scope, 'payment_method', id) as PaymentMethod | undefined;
  if (!source) throw missingObject('PaymentMethod', id, 'payment_method');
  if (call.scope.account === '')
    throw invalidRequest(
      undefined,
      'A payment method is cloned to a connected account: send Stripe-Account.',
      'payment_method',
    );
  if (source.customer !== (customer ?? null))
    throw invalidRequest(
      undefined,
      'The payment method must be attached to the customer that you sent.',
      customer === undefined ? 'customer' : 'payment_method',
    );
  if (source.customer === null && source.$.is_used) throw usedUp();
  const { id: _id, object: _object, created: _created, customer: _customer, ...fields } = source;
  const card = testCardOf(source);
  const copy = newObject<PaymentMethod>(call, 'payment_method', 'pm', {
    ...fields,
    metadata: {},
    ...(card
      ? { card: { ...source.card, fingerprint: fingerprintOf(card.number, call.scope.account, call.world.seed) } }
      : {}),
    $: { ...source.$, is_used: false },
  });
  return call.world.insert(call.scope, copy);
}

function updateMethod(call: Call, params: Values<typeof update_spec>): StoredObject {
  const method = findOr404(call, 'payment_method', pathId(call)) as PaymentMethod;
  const { card, billing_details, allow_redisplay } = params;
  if (method.customer === null)
    throw invalidRequest(undefined, 'You must save this PaymentMethod to a customer before you can update it.');
  const address = billing_details?.address ? wholeAddress(billing_details.address) : undefined;
  const after = call.world.patch(method, {
    metadata: mergeMetadata(method.metadata, params.metadata),
    ...(allow_redisplay === undefined ? {} : { allow_redisplay }),
    ...(billing_details === undefined
      ? {}
      : { billing_details: { ...method.billing_details, ...sentOnly({ ...billing_details, address }) } }),
    ...(card === undefined || !method.card ? {} : { card: { ...method.card, ...sentOnly(card) } }),
  });
  emit(call, 'payment_method.updated', after);
  return after;
}

function sentOnly(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export const payment_methods: Kind = {
  name: 'payment_method',
  prefix: 'pm',
  expandable: ['customer'],
  endpoints: [
    defineEndpoint('POST /v1/payment_methods', create_spec, createMethod, { is_publishable: true }),
    defineEndpoint('POST /v1/payment_methods/:id', update_spec, updateMethod),
    defineRetrieve('/v1/payment_methods/:id', 'payment_method'),
    defineEndpoint(
      'GET /v1/payment_methods',
      { ...list_params, customer: text(255), type: text(40) },
      (call, params) => {
        const { customer, type } = params;
        const items =
          customer === undefined
            ? call.world.all(call.scope, 'payment_method').filter((item) => item['customer'] !== null)
            : call.world.by(call.scope, 'payment_method', 'customer', customer);
        return pageOf(
          call,
          items.filter((item) => type === undefined || item['type'] === type),
          params,
        );
      },
    ),
    defineEndpoint('POST /v1/payment_methods/:id/attach', { customer: required(text(255)) }, (call, { customer }) => {
      const magic = makeMagicMethod(call, pathId(call));
      if (magic) return attachMethod(call, call.world.insert(call.scope, magic), customer);
      return attachMethod(call, findOr404(call, 'payment_method', pathId(call)) as PaymentMethod, customer);
    }),
    defineEndpoint('POST /v1/payment_methods/:id/detach', {}, (call) => {
      const method = findOr404(call, 'payment_method', pathId(call)) as PaymentMethod;
      if (method.customer === null)
        throw invalidRequest(
          undefined,
          'The payment method you provided is not attached to a customer so detachment is impossible.',
          'payment_method',
        );
      return detachMethod(call, method);
    }),
  ],
};
