import type { Decline, TestCard } from '../cards/index.ts';
import { emit, planTask, type Context, type Fault, type StoredObject } from '../engine/index.ts';
import { processingFee } from './amounts.ts';
import { createApplicationFee } from './application-fee.ts';
import { AVAILABLE_IN_S, postMovement, settle, type FeeDetail } from './balance.ts';
import { newObject } from './new-object.ts';
import { testCardOf, type PaymentMethod } from './payment-method.ts';
import type { PaymentIntent } from './payment-intent.ts';

export interface Charge extends StoredObject {
  readonly amount: number;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly application_fee_amount: number | null;
  readonly balance_transaction: string | null;
  readonly captured: boolean;
  readonly currency: string;
  readonly customer: string | null;
  readonly disputed: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly paid: boolean;
  readonly payment_intent: string | null;
  readonly payment_method: string | null;
  readonly refunded: boolean;
  readonly status: 'succeeded' | 'pending' | 'failed';
  /** Key of the test card, and what Stripe takes of the charge when it is booked. */
  readonly $: { readonly card?: string; readonly application_fee?: number };
}

interface Outcome {
  readonly status: Charge['status'];
  readonly decline?: Decline;
  readonly is_blocked?: boolean;
  readonly is_authenticated?: boolean;
  /** Authorized and not captured. */
  readonly is_held?: boolean;
}

const DELAY_DEFAULT_S = 60;
const DESCRIPTOR_MAX = 22;

/** Makes the charge of an intent and books it when it succeeded. Emits `charge.{status}`. */
export function createCharge(
  ctx: Context,
  intent: PaymentIntent,
  method: PaymentMethod,
  outcome: Outcome,
  faults: readonly Fault[],
): Charge {
  const card = testCardOf(method);
  const has_succeeded = outcome.status === 'succeeded';
  const prefix = method.type === 'card' ? 'ch' : 'py';
  const id = ctx.world.nextId(prefix, ctx.scope);
  const charge = newObject<Charge>(ctx, 'charge', prefix, {
    id,
    amount: intent.amount,
    amount_captured: has_succeeded && !outcome.is_held ? intent.amount : 0,
    amount_refunded: 0,
    application_fee_amount: has_succeeded ? intent.application_fee_amount : null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: descriptorOf(ctx, intent),
    captured: has_succeeded && !outcome.is_held,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_code: outcome.decline?.code ?? null,
    failure_message: outcome.decline?.message ?? null,
    fraud_details: {},
    metadata: intent.metadata,
    outcome: outcomeOf(outcome, card),
    paid: has_succeeded,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: detailsOf(method, card, outcome),
    receipt_email: intent.receipt_email,
    receipt_url: has_succeeded ? `${ctx.settings.base_url}/receipts/${id}` : null,
    refunded: false,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: outcome.status,
    transfer_group: null,
    $: card ? { card: card.key } : {},
  });
  ctx.world.insert(ctx.scope, charge);
  if (charge.captured) return bookCharge(ctx, charge, intent, faults);
  emit(ctx, `charge.${outcome.status}`, charge);
  return charge;
}

/** Books the money of a captured charge now, or later with the fault `late_balance` or `automatic_async`. */
export function bookCharge(ctx: Context, charge: Charge, intent: PaymentIntent, faults: readonly Fault[]): Charge {
  const late = faults.find(({ name }) => name === 'late_balance');
  const delay_s = late ? Number(late.values['s'] ?? DELAY_DEFAULT_S) : DELAY_DEFAULT_S;
  if (late || intent.capture_method === 'automatic_async') {
    planTask(ctx, 'book_charge', delay_s, { id: charge.id });
    emit(ctx, 'charge.succeeded', charge);
    planConsequences(ctx, charge);
    return charge;
  }
  const booked = bookMoney(ctx, charge);
  emit(ctx, 'charge.succeeded', booked);
  planConsequences(ctx, booked);
  return booked;
}

/** A pending charge succeeded. */
export function completeCharge(ctx: Context, charge: Charge, intent: PaymentIntent): Charge {
  const { amount } = charge;
  const paid = ctx.world.patch(charge, {
    amount_captured: amount,
    application_fee_amount: intent.application_fee_amount,
    captured: true,
    paid: true,
    receipt_url: `${ctx.settings.base_url}/receipts/${charge.id}`,
    status: 'succeeded',
  });
  return bookCharge(ctx, paid, intent, []);
}

/** A pending charge failed. */
export function failCharge(ctx: Context, charge: Charge, { code, message }: Decline): Charge {
  const failed = ctx.world.patch(charge, { failure_code: code, failure_message: message, status: 'failed' });
  emit(ctx, 'charge.failed', failed);
  return failed;
}

/** The task of a late booking. Emits `charge.updated`. */
export function bookLater(ctx: Context, { id = '' }: Readonly<Record<string, string>>): void {
  const charge = ctx.world.get(ctx.scope, 'charge', id) as Charge | undefined;
  if (!charge || charge.balance_transaction !== null) return;
  emit(ctx, 'charge.updated', bookMoney(ctx, charge), { balance_transaction: null, application_fee: null });
}

function bookMoney(ctx: Context, charge: Charge): Charge {
  const { amount, currency, exchange_rate } = settle(ctx, charge.amount_captured, charge.currency);
  const share = settle(ctx, charge.application_fee_amount ?? 0, charge.currency).amount;
  const details: FeeDetail[] = [
    {
      amount: processingFee(amount, currency),
      application: null,
      currency,
      description: 'Stripe processing fees',
      type: 'stripe_fee',
    },
  ];
  let application_fee: string | null = null;
  if (share > 0) {
    application_fee = createApplicationFee(ctx, charge).id;
    details.push({
      amount: share,
      application: null,
      currency,
      description: 'Application fee',
      type: 'application_fee',
    });
  }
  const card = testCardOfCharge(charge);
  const movement = postMovement(ctx, {
    type: charge.id.startsWith('py_') ? 'payment' : 'charge',
    reporting_category: 'charge',
    amount,
    currency,
    exchange_rate,
    source: charge.id,
    description: typeof charge['description'] === 'string' ? charge['description'] : null,
    fee_details: details,
    available_in_s: card?.available_at_once ? 0 : AVAILABLE_IN_S,
  });
  return ctx.world.patch(charge, { balance_transaction: movement.id, application_fee });
}

/** Returns the test card of a charge. */
export function testCardOfCharge(charge: Charge): TestCard | undefined {
  const { card } = charge.$;
  return card === undefined
    ? undefined
    : testCardOf({ $: { card, is_set_up: false, is_used: false } } as PaymentMethod); // only `$` is read
}

function planConsequences(ctx: Context, charge: Charge): void {
  const card = testCardOfCharge(charge);
  if (card?.fraud_warning) planTask(ctx, 'warn_of_fraud', 0, { charge: charge.id });
  for (const { reason, inquiry } of card?.disputes ?? [])
    planTask(ctx, 'open_dispute', 0, { charge: charge.id, reason, inquiry: inquiry ? 'true' : 'false' });
}

/** The prefix of the account of the charge, and the suffix of the intent. */
function descriptorOf(ctx: Context, { statement_descriptor_suffix: suffix }: PaymentIntent): string {
  const prefix = prefixOf(findAccountOf(ctx));
  return suffix === null ? prefix : `${prefix}* ${suffix}`.slice(0, DESCRIPTOR_MAX);
}

function findAccountOf({ world, scope }: Context): StoredObject | undefined {
  if (scope.account !== '') return world.row(scope.account)?.value;
  return world.all(scope, 'account').find(({ $ }) => isRecord($) && $['is_platform'] === true);
}

function prefixOf(account: StoredObject | undefined): string {
  const settings = account?.['settings'];
  const card = isRecord(settings) ? settings['card_payments'] : undefined;
  const prefix = isRecord(card) ? card['statement_descriptor_prefix'] : undefined;
  return typeof prefix === 'string' ? prefix : 'STRIPE';
}

function outcomeOf({ status, decline, is_blocked }: Outcome, card: TestCard | undefined): Record<string, unknown> {
  const risk = card?.risk ?? 'normal';
  const common = {
    advice_code: decline?.advice_code ?? null,
    network_advice_code: null,
    network_decline_code: decline && !is_blocked ? '01' : null,
    risk_level: risk,
    risk_score: { normal: 20, elevated: 66, highest: 92 }[risk],
  };
  if (!decline || status !== 'failed') {
    const reason = risk === 'elevated' ? 'elevated_risk_level' : null;
    const type = risk === 'elevated' ? 'manual_review' : 'authorized';
    return { ...common, network_status: 'approved_by_network', reason, seller_message: 'Payment complete.', type };
  }
  if (is_blocked) {
    const reason = card?.blocked_by ?? 'highest_risk_level';
    const seller_message = 'Stripe blocked this payment as too risky.';
    return { ...common, network_status: 'not_sent_to_network', reason, seller_message, type: 'blocked' };
  }
  const reason = decline.decline_code ?? decline.code;
  const seller_message = 'The bank did not return any further details with this decline.';
  return { ...common, network_status: 'declined_by_network', reason, seller_message, type: 'issuer_declined' };
}

function detailsOf(method: PaymentMethod, card: TestCard | undefined, outcome: Outcome): Record<string, unknown> {
  if (!method.card) {
    const { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number } = (method[
      'us_bank_account'
    ] ?? {}) as Record<string, unknown>; // card-input.ts writes it
    const bank = { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number };
    return {
      type: 'us_bank_account',
      us_bank_account: { ...bank, payment_reference: null },
    };
  }
  const { brand, checks, country, exp_month, exp_year, fingerprint, funding, last4 } = method.card;
  const cvc_check = card?.cvc_check ?? (isRecord(checks) && checks['cvc_check'] !== null ? 'pass' : null);
  return {
    type: 'card',
    card: {
      amount_authorized: null,
      authorization_code: null,
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check },
      country,
      electronic_commerce_indicator: outcome.is_authenticated ? '05' : null,
      exp_month,
      exp_year,
      extended_authorization: { status: 'disabled' },
      fingerprint,
      funding,
      incremental_authorization: { status: 'unavailable' },
      installments: null,
      last4,
      mandate: null,
      multicapture: { status: 'unavailable' },
      network: brand,
      network_token: { used: false },
      network_transaction_id: null,
      overcapture: { maximum_amount_capturable: 0, status: 'unavailable' },
      regulated_status: 'unregulated',
      three_d_secure: outcome.is_authenticated ? authenticated() : null,
      transaction_link_id: null,
      wallet: null,
    },
  };
}

function authenticated(): Record<string, unknown> {
  return {
    authentication_flow: 'challenge',
    electronic_commerce_indicator: '05',
    exemption_indicator: null,
    result: 'authenticated',
    result_reason: null,
    transaction_id: null,
    version: '2.2.0',
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
