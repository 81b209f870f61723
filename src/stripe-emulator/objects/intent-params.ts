import {
  assertExclusive,
  boolean,
  choice,
  findOr404,
  free,
  hash,
  integer,
  invalidRequest,
  list,
  mergeMetadata,
  metadata,
  required,
  text,
  unsettable,
  type Call,
  type Values,
} from '../engine/index.ts';
import { assertChargeable } from './amounts.ts';
import { makeMethod, method_data_param } from './card-input.ts';
import { useConfirmationToken } from './confirmation-token.ts';
import { findUsableMethod, type PaymentMethod } from './payment-method.ts';
import type { PaymentIntent } from './payment-intent.ts';

const capture_method = choice('automatic', 'automatic_async', 'manual');
const future_usage = unsettable(choice('off_session', 'on_session'));

/** What create, update and confirm share. */
const common = {
  payment_method: text(255),
  payment_method_data: method_data_param,
  confirmation_token: text(255),
  capture_method,
  mandate: text(255),
  mandate_data: unsettable(free()),
  payment_method_options: free(),
  receipt_email: unsettable(text(512)),
  setup_future_usage: future_usage,
  shipping: unsettable(free()),
  allowed_payment_method_types: list(text(40)),
  excluded_payment_method_types: unsettable(list(text(40))),
  radar_options: free(),
};
const confirmation = {
  off_session: text(20),
  return_url: text(2048),
  use_stripe_sdk: boolean(),
  error_on_requires_action: boolean(),
};
const money = {
  amount: integer(0, 99_999_999_999),
  currency: text(3),
  customer: text(255),
  application_fee_amount: unsettable(integer(0)),
  description: unsettable(text(1000)),
  metadata: metadata(),
  statement_descriptor: unsettable(text(22)),
  statement_descriptor_suffix: unsettable(text(22)),
  transfer_group: unsettable(text(255)),
  client_secret: text(255),
  amount_details: free(),
  payment_details: free(),
};
export const create_spec = {
  ...common,
  ...confirmation,
  ...money,
  amount: required(money.amount),
  currency: required(money.currency),
  automatic_payment_methods: hash({ enabled: required(boolean()), allow_redirects: choice('always', 'never') }),
  confirm: boolean(),
  confirmation_method: choice('automatic', 'manual'),
  on_behalf_of: text(255),
  transfer_data: free(),
  payment_method_configuration: text(255),
};
export const update_spec = { ...common, ...money };
export const confirm_spec = { ...common, ...confirmation, client_secret: text(255) };

type Created = Values<typeof create_spec>;
type Sent = { readonly [K in keyof Created]?: Created[K] | undefined };

/** The fields of an intent that were sent. */
export function fieldsOf(
  call: Call,
  params: Sent,
  before: Readonly<Record<string, string>>,
  intent?: PaymentIntent,
): Partial<PaymentIntent> {
  const { amount, currency, customer, description, receipt_email, setup_future_usage } = params;
  const { application_fee_amount, statement_descriptor, statement_descriptor_suffix, transfer_group } = params;
  const { allowed_payment_method_types, excluded_payment_method_types } = params;
  if (customer !== undefined) assertCustomer(call, customer);
  if (statement_descriptor !== undefined && statement_descriptor !== null)
    throw invalidRequest(
      undefined,
      'The `statement_descriptor` parameter is not supported for cards. Use `statement_descriptor_suffix`.',
      'statement_descriptor',
    );
  if (params.transfer_data !== undefined || params.on_behalf_of !== undefined)
    throw invalidRequest('parameter_unknown', 'The emulator has no destination charges.', 'transfer_data');
  const sent = {
    amount,
    currency: currency?.toLowerCase(),
    customer,
    description,
    receipt_email,
    setup_future_usage,
    application_fee_amount,
    statement_descriptor_suffix,
    transfer_group,
    allowed_payment_method_types,
    excluded_payment_method_types,
    capture_method: params.capture_method,
    confirmation_method: params.confirmation_method,
  };
  const plain: Record<string, unknown> = Object.fromEntries(
    Object.entries(sent).filter(([, value]) => value !== undefined),
  );
  const hidden = intent?.$ ?? {
    return_url: null,
    round: 0,
    allow_redirects: 'always',
    is_three_d_secure_requested: false,
  };
  return {
    ...plain,
    ...methodsOf(params),
    metadata: mergeMetadata(before, params.metadata),
    $: {
      ...hidden,
      allow_redirects: redirectsOf(params) ?? hidden.allow_redirects,
      is_three_d_secure_requested: isThreeDSecureRequested(params) || hidden.is_three_d_secure_requested,
      return_url: params.return_url ?? hidden.return_url,
    },
  };
}

/** @throws ApiError 400 when the amount or the fee is impossible */
export function assertIntent(call: Call, { amount, currency, application_fee_amount: fee }: PaymentIntent): void {
  assertChargeable(amount, currency);
  if (fee === null || fee === undefined) return;
  if (call.scope.account === '')
    throw invalidRequest(
      'application_fees_not_allowed',
      'Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).',
      'application_fee_amount',
    );
  if (fee >= amount)
    throw invalidRequest(
      undefined,
      'The application_fee_amount must be less than the amount.',
      'application_fee_amount',
    );
}

/** A payment method that the parameters named. */
export interface Picked {
  readonly id: string;
  readonly method: PaymentMethod;
  readonly return_url: string | null;
  /** `setup_future_usage` of a confirmation token. */
  readonly usage: Partial<PaymentIntent>;
}

/** Returns the method that the parameters name, or null when they name none. @throws ApiError 400, 402 */
export function pickMethod(call: Call, intent: PaymentIntent, params: Sent): Picked | null {
  assertExclusive(params, 'payment_method', 'payment_method_data', 'confirmation_token');
  const { payment_method, payment_method_data, confirmation_token } = params;
  if (confirmation_token !== undefined) {
    const { method, return_url, setup_future_usage } = useConfirmationToken(call, confirmation_token, {
      payment_intent: intent.id,
      setup_intent: null,
      elements: {
        mode: 'payment',
        amount: intent.amount,
        currency: intent.currency,
        capture_method: intent.capture_method,
        setup_future_usage: params.setup_future_usage ?? intent.setup_future_usage,
      },
    });
    const usage = setup_future_usage === null ? {} : { setup_future_usage };
    return { id: method.id, method, return_url, usage };
  }
  if (payment_method !== undefined) {
    const method = findUsableMethod(call, payment_method);
    return { id: method.id, method, return_url: null, usage: {} };
  }
  if (payment_method_data === undefined) return null;
  const made = makeMethod(call, payment_method_data, 'payment_method_data');
  return { id: made.id, method: call.world.insert(call.scope, made), return_url: null, usage: {} };
}

function assertCustomer(call: Call, id: string): void {
  const customer = findOr404(call, 'customer', id, 'customer');
  if (customer['deleted'] === true) throw invalidRequest('resource_missing', `No such customer: '${id}'`, 'customer');
}

function methodsOf({ automatic_payment_methods: sent, allowed_payment_method_types }: Sent): Partial<PaymentIntent> {
  const types = allowed_payment_method_types ? { payment_method_types: [...allowed_payment_method_types] } : {};
  if (!sent) return types;
  const allow_redirects = sent.allow_redirects ?? 'always';
  return { ...types, automatic_payment_methods: sent.enabled ? { allow_redirects, enabled: true } : null };
}

/** Cards alone never redirect away from the page, so that no `return_url` is needed. */
function redirectsOf({
  automatic_payment_methods,
  allowed_payment_method_types,
}: Sent): 'always' | 'never' | undefined {
  if (automatic_payment_methods) {
    return automatic_payment_methods.enabled ? (automatic_payment_methods.allow_redirects ?? 'always') : 'never';
  }
  return allowed_payment_method_types?.every((type) => type === 'card') ? 'never' : undefined;
}

function isThreeDSecureRequested({ payment_method_options: options }: Sent): boolean {
  const card = typeof options === 'object' ? options['card'] : undefined;
  const wish = typeof card === 'object' ? card['request_three_d_secure'] : undefined;
  return wish === 'any' || wish === 'challenge';
}
