import {
  defineEndpoint,
  defineList,
  defineRetrieve,
  defineSearch,
  emit,
  findOr404,
  free,
  hash,
  invalidRequest,
  list,
  list_params,
  mergeMetadata,
  metadata,
  pageOf,
  pathId,
  text,
  unsettable,
  type Call,
  type Kind,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { address_params, wholeAddress } from './card-input.ts';
import { newObject } from './new-object.ts';
import { attachMethod, detachMethod, findUsableMethod, type PaymentMethod } from './payment-method.ts';

/** A customer; a deleted one has `deleted: true`. */
export interface Customer extends StoredObject {
  readonly metadata: Readonly<Record<string, string>>;
  readonly invoice_settings: Readonly<Record<string, unknown>>;
}

const spec = {
  address: unsettable(address_params),
  description: unsettable(text()),
  email: unsettable(text(512)),
  invoice_settings: hash({
    default_payment_method: unsettable(text(255)),
    custom_fields: free(),
    footer: free(),
    rendering_options: free(),
  }),
  metadata: metadata(),
  name: unsettable(text(256)),
  payment_method: text(255),
  phone: unsettable(text(20)),
  preferred_locales: list(text(10)),
  shipping: unsettable(free()),
  tax_exempt: text(10),
};

function createCustomer(call: Call, params: Values<typeof spec>): StoredObject {
  const { payment_method } = params;
  const customer = newObject<Customer>(call, 'customer', 'cus', {
    ...fieldsOf(params),
    balance: 0,
    delinquent: false,
    invoice_prefix: call.world.nextId('', call.scope, 8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    metadata: mergeMetadata({}, params.metadata),
    next_invoice_sequence: 1,
    preferred_locales: params.preferred_locales ?? [],
    tax_exempt: params.tax_exempt ?? 'none',
  });
  call.world.insert(call.scope, customer);
  if (payment_method !== undefined) attachMethod(call, findUsableMethod(call, payment_method), customer.id);
  const done = setDefault(call, customer, params);
  emit(call, 'customer.created', done);
  return done;
}

function updateCustomer(call: Call, params: Values<typeof spec>): StoredObject {
  const before = findOr404(call, 'customer', pathId(call)) as Customer;
  if (before['deleted'] === true) throw invalidRequest('resource_missing', `No such customer: '${before.id}'`, 'id');
  const fields = { ...fieldsOf(params), metadata: mergeMetadata(before.metadata, params.metadata) };
  const after = setDefault(call, call.world.patch(before, fields), params);
  const previous = Object.fromEntries(
    Object.keys(after)
      .filter((name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]))
      .map((name) => [name, before[name]]),
  );
  if (Object.keys(previous).length > 0) emit(call, 'customer.updated', after, previous);
  return after;
}

function deleteCustomer(call: Call): StoredObject {
  const value = findOr404(call, 'customer', pathId(call));
  if (value['deleted'] === true) return value;
  for (const method of call.world.by(call.scope, 'payment_method', 'customer', value.id))
    detachMethod(call, method as PaymentMethod);
  emit(call, 'customer.deleted', value);
  const deleted = { id: value.id, object: 'customer', deleted: true };
  return call.world.insert(call.scope, deleted);
}

function setDefault(call: Call, customer: Customer, { invoice_settings }: Values<typeof spec>): Customer {
  const sent = invoice_settings?.default_payment_method;
  if (sent === undefined) return customer;
  if (sent !== null) {
    const method = findOr404(call, 'payment_method', sent, 'invoice_settings[default_payment_method]');
    if (method['customer'] !== customer.id)
      throw invalidRequest(
        undefined,
        `The customer does not have a payment method with the ID ${sent}. The payment method must be attached to the customer.`,
        'invoice_settings[default_payment_method]',
      );
  }
  return call.world.patch(customer, {
    invoice_settings: { ...customer.invoice_settings, default_payment_method: sent },
  });
}

/** The plain fields that were sent. */
function fieldsOf({
  address,
  description,
  email,
  name,
  phone,
  shipping,
}: Values<typeof spec>): Record<string, unknown> {
  if (typeof email === 'string' && !/^[^\s@]+@[^\s@]+$/.test(email))
    throw invalidRequest('email_invalid', `Invalid email address: ${email}`, 'email');
  const sent = { description, email, name, phone, shipping };
  const fields: Record<string, unknown> = Object.fromEntries(
    Object.entries(sent).filter(([, value]) => value !== undefined),
  );
  if (address !== undefined) fields['address'] = wholeAddress(address);
  return fields;
}

export const customers: Kind = {
  name: 'customer',
  prefix: 'cus',
  expandable: ['default_source', 'invoice_settings.default_payment_method'],
  endpoints: [
    defineEndpoint('POST /v1/customers', spec, createCustomer),
    defineEndpoint('POST /v1/customers/:id', spec, updateCustomer),
    defineEndpoint('DELETE /v1/customers/:id', {}, deleteCustomer),
    defineRetrieve('/v1/customers/:id', 'customer'),
    defineList('/v1/customers', 'customer', { email: text(512) }),
    defineSearch('/v1/customers/search', 'customer', ['email', 'name', 'phone']),
    defineEndpoint('GET /v1/customers/:id/payment_methods', { ...list_params, type: text(40) }, (call, params) => {
      const customer = findOr404(call, 'customer', pathId(call));
      const items = call.world.by(call.scope, 'payment_method', 'customer', customer.id);
      return pageOf(
        call,
        items.filter((item) => params.type === undefined || item['type'] === params.type),
        params,
      );
    }),
    defineEndpoint('GET /v1/customers/:id/payment_methods/:method', {}, (call) => {
      const value = findOr404(call, 'payment_method', pathId(call, 'method'));
      if (value['customer'] !== pathId(call)) throw invalidRequest('resource_missing', `No such payment method`, 'id');
      return value;
    }),
  ],
};
