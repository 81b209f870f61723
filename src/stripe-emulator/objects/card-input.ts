import {
  acceptCard,
  brandOf,
  findCardByKey,
  findMagicBankAccount,
  findMagicCard,
  fingerprintOf,
  refuseCard,
  type TestCard,
} from '../cards/index.ts';
import {
  ApiError,
  choice,
  free,
  hash,
  invalidRequest,
  mergeMetadata,
  metadata,
  required,
  text,
  unsettable,
  type Context,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { newObject } from './new-object.ts';
import type { PaymentMethod } from './payment-method.ts';

const FIELDS = ['city', 'country', 'line1', 'line2', 'postal_code', 'state'] as const;

export const address_params = hash({
  city: unsettable(text()),
  country: unsettable(text(2)),
  line1: unsettable(text()),
  line2: unsettable(text()),
  postal_code: unsettable(text(20)),
  state: unsettable(text()),
});

/** Returns an address with all of its fields. */
export function wholeAddress(
  sent: Readonly<Record<string, unknown>> | null | undefined,
): Record<string, unknown> | null {
  if (!sent) return null;
  return Object.fromEntries(FIELDS.map((name) => [name, sent[name] ?? null]));
}

/** Parameters of a new payment method: `payment_method_data`, and the body of `POST /v1/payment_methods`. */
export const method_data = {
  type: choice('card', 'us_bank_account'),
  card: hash({
    number: text(40),
    exp_month: text(4),
    exp_year: text(4),
    cvc: text(8),
    token: text(255),
    networks: free(),
  }),
  us_bank_account: free(),
  billing_details: hash({
    address: unsettable(address_params),
    email: unsettable(text(512)),
    name: unsettable(text(256)),
    phone: unsettable(text(40)),
    tax_id: unsettable(text(40)),
  }),
  allow_redisplay: choice('always', 'limited', 'unspecified'),
  metadata: metadata(),
  radar_options: free(),
};
export const method_data_param = hash({ ...method_data, type: required(method_data.type) });
type MethodData = Values<typeof method_data>;

interface CardFacts {
  readonly test_card: TestCard;
  readonly exp_month: number;
  readonly exp_year: number;
  readonly has_cvc: boolean;
}

const MAGIC_YEARS = 4;

/** Makes the payment method that was described. It is not stored yet. @throws ApiError 400 or 402 */
export function makeMethod(ctx: Context, data: MethodData, path = ''): PaymentMethod {
  const at = (name: string) => (path === '' ? name : `${path}[${name}]`);
  if (data.card === undefined)
    throw invalidRequest('parameter_missing', `Missing required param: ${at('card')}.`, at('card'));
  return cardMethod(ctx, cardFacts(ctx, data.card, at('card')), {
    allow_redisplay: data.allow_redisplay ?? 'unspecified',
    billing_details: billingDetails(data.billing_details),
    metadata: mergeMetadata({}, data.metadata),
  });
}

/** Makes the payment method of a permanent id (`pm_card_visa`), a fresh one at each use; null for any other id. */
export function makeMagicMethod(ctx: Context, id: string): PaymentMethod | null {
  const test_card = findMagicCard(id);
  if (test_card) return cardMethod(ctx, magicFacts(ctx, test_card), {});
  const account = findMagicBankAccount(id);
  return account ? bankMethod(ctx, account.id) : null;
}

/** Returns billing details with all of their fields. */
function billingDetails(sent: MethodData['billing_details']): Record<string, unknown> {
  const { address, email = null, name = null, phone = null, tax_id = null } = sent ?? {};
  return { address: wholeAddress(address ?? {}), email, name, phone, tax_id };
}

/** A 402 for a card that cannot be charged or saved. */
export function cardError(
  decline: {
    code: string;
    decline_code?: string | undefined;
    advice_code?: string | undefined;
    message: string;
    param?: string;
  },
  objects: Readonly<Record<string, unknown>> = {},
): ApiError {
  const { code, message, param, decline_code, advice_code } = decline;
  const extra = {
    ...(decline_code === undefined ? {} : { decline_code }),
    ...(advice_code === undefined ? {} : { advice_code }),
    objects,
  };
  return new ApiError(402, { type: 'card_error', code, message, param }, extra);
}

function cardFacts(ctx: Context, card: NonNullable<MethodData['card']>, path: string): CardFacts {
  if (card.token !== undefined) {
    const test_card = findMagicCard(card.token);
    if (test_card) return magicFacts(ctx, test_card);
    const stored = ctx.world.get(ctx.scope, 'token', card.token);
    if (stored) return useToken(ctx, stored, `${path}[token]`);
    throw invalidRequest('resource_missing', `No such token: '${card.token}'`, `${path}[token]`);
  }
  for (const name of ['number', 'exp_month', 'exp_year'] as const) {
    if (card[name] === undefined)
      throw invalidRequest('parameter_missing', `Missing required param: ${path}[${name}].`, `${path}[${name}]`);
  }
  const { number = '', exp_month = '', exp_year = '', cvc } = card;
  const entry = { number, exp_month, exp_year, cvc };
  const refusal = refuseCard(entry, new Date(ctx.world.time_ms));
  if (refusal) throw cardError({ ...refusal, param: `${path}[${refusal.param}]`.replace(/^card\[(.*)\]$/, '$1') });
  return acceptCard(entry);
}

/** Uses a token once. It keeps the key of the test card and no number. @throws ApiError 400 at the second use */
function useToken(ctx: Context, token: StoredObject, path: string): CardFacts {
  if (token['used'] === true) {
    const message = `You cannot use a Stripe token more than once: ${token.id}.`;
    throw invalidRequest('token_already_used', message, path);
  }
  ctx.world.patch(token, { used: true });
  const { card, ...facts } = token['$'] as Omit<CardFacts, 'test_card'> & { card: string }; // tokens.ts writes it
  const test_card = findCardByKey(card);
  if (!test_card) throw new Error(`the table of test cards has no ${card}`);
  return { ...facts, test_card };
}

function magicFacts(ctx: Context, test_card: TestCard): CardFacts {
  const exp_year = new Date(ctx.world.time_ms).getUTCFullYear() + MAGIC_YEARS;
  return { test_card, exp_month: 12, exp_year, has_cvc: true };
}

function cardMethod(ctx: Context, facts: CardFacts, fields: Partial<PaymentMethod>): PaymentMethod {
  const { test_card, exp_month, exp_year, has_cvc } = facts;
  const brand = test_card.brand ?? brandOf(test_card.number);
  const card = {
    brand,
    checks: {
      address_line1_check: null,
      address_postal_code_check: null,
      cvc_check: has_cvc ? 'unchecked' : null,
    },
    country: test_card.country ?? 'US',
    display_brand: brand === 'amex' ? 'american_express' : brand,
    exp_month,
    exp_year,
    fingerprint: fingerprintOf(test_card.number, ctx.scope.account, ctx.world.seed),
    funding: test_card.funding ?? 'credit',
    generated_from: null,
    last4: test_card.number.slice(-4),
    networks: { available: [brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: brand !== 'amex' },
    wallet: null,
  };
  return newObject<PaymentMethod>(ctx, 'payment_method', 'pm', {
    allow_redisplay: 'unspecified',
    billing_details: billingDetails(undefined),
    ...fields,
    type: 'card',
    card,
    $: { card: test_card.key, is_set_up: false, is_used: false },
  });
}

function bankMethod(ctx: Context, magic_id: string): PaymentMethod {
  return newObject<PaymentMethod>(ctx, 'payment_method', 'pm', {
    allow_redisplay: 'unspecified',
    billing_details: billingDetails({ name: 'Jenny Rosen', email: 'jenny@example.com' }),
    type: 'us_bank_account',
    us_bank_account: {
      account_holder_type: 'individual',
      account_type: 'checking',
      bank_name: 'STRIPE TEST BANK',
      financial_connections_account: null,
      fingerprint: fingerprintOf('000123456789', ctx.scope.account, ctx.world.seed),
      last4: '6789',
      networks: { preferred: 'ach', supported: ['ach'] },
      routing_number: '110000000',
      status_details: null,
    },
    $: { bank: magic_id, is_set_up: false, is_used: false },
  });
}
