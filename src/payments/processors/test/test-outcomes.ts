import assert from 'node:assert/strict';
import { type Money, partsFromSmallestUnit, toSmallestUnit } from '#kernel/money';
import type { JsonValue } from '#platform/db/db-schema';
import { sha256Hex } from '#platform/security/crypto';
import type { DisputeEvidence, DisputeReport } from '../dispute-evidence.ts';
import type { ActionRequiredOutcome, Card, ChargeOutcome, DeclinedOutcome, Evidence, Funds } from '../processor.ts';
import type { RefundOutcome, RefundReport } from '../processor-refund.ts';
import { type DeclineCode, declines, isDecline, type TestCard, type TestOutcome } from './test-card.ts';
import type { TestCharge, TestRefund } from './test-processor-store.ts';

/** Debited once for each dispute, and returned if it is won. Units: 1/100. */
const DISPUTE_FEE = 1500;

/** Fee of the processor: 2.9 % rounded half up, plus 30; zero for zero. Units: the smallest unit of the currency. */
export function testProcessorFee(amount: number): number {
  return amount === 0 ? 0 : Math.floor((amount * 290 + 5000) / 10_000) + 30;
}

export function outcomeOf(charge: TestCharge): ChargeOutcome {
  const card = parseCard(charge.card);
  if (charge.outcome === 'declined') {
    const code = charge.decline_code ?? '';
    return makeDeclinedOutcome(isDecline(code) ? code : 'card_declined');
  }
  if (charge.outcome === 'action_required') return actionOf(charge.key.replace(/^ch_/, 'pi_'));
  return {
    outcome: card.outcome === 'pending' ? 'pending' : 'succeeded',
    processor_key: charge.key,
    evidence: evidenceOf(charge),
    card: withoutOutcome(card),
    saved:
      charge.customer_key !== null && charge.customer_key === customerKey(charge.idempotency_key)
        ? { account: '', customer_key: charge.customer_key, method_key: '' }
        : null,
  };
}

export function actionOf(intent_key: string): ActionRequiredOutcome {
  const client_secret = `${intent_key}_secret_${sha256Hex(intent_key).slice(0, 24)}`;
  return { outcome: 'action_required', intent_key, client_secret, account: '', redirect_url: null };
}

/** `refunded`: the sum of the refunds that did not fail; a dispute is of the rest. */
export function evidenceOf(charge: TestCharge, refunded = 0): Evidence {
  const { state, amount, unit, disputes_count } = charge;
  if (state === 'done' && disputes_count === 0) return { state, funds: fundsOf({ amount, unit }) };
  if (state === 'failed' && disputes_count === 0) return { state, detail: declines.card_declined.detail };
  if (state === 'created') return { state };
  const disputes = disputesOf(charge, refunded);
  return { state: 'done', funds: fundsOf({ amount, unit }), disputes, reports: disputes.map(reportOf) };
}

/** Disputes of a charge. All but the last one were won. */
function disputesOf({ key, amount, state, disputes_count }: TestCharge, refunded: number): DisputeEvidence[] {
  return Array.from({ length: disputes_count }, (_, index) => {
    const isLast = index === disputes_count - 1;
    return {
      key: `${key}:${index + 1}`,
      amount: amount - refunded,
      fee_amount: DISPUTE_FEE,
      returns_fee: true,
      is_lost: isLast && (state === 'lost' || state === 'failed'),
      returned_fee_amount: isLast && state !== 'done' ? null : DISPUTE_FEE,
    };
  });
}

/** The bank gives no reason, and takes an answer until it decides. */
function reportOf({ key, amount, is_lost, returned_fee_amount }: DisputeEvidence): DisputeReport {
  const state = is_lost ? 'lost' : returned_fee_amount === null ? 'open' : 'won';
  return { key, amount, state, reason: '', is_answered: false, due_at: null, opened_at: null };
}

export function refundOutcomeOf({ state }: Pick<TestRefund, 'state'>): RefundOutcome {
  if (state === 'failed') return { outcome: 'refused', detail: 'The bank of the card refused the refund.' };
  return { outcome: state === 'pending' ? 'pending' : 'refunded' };
}

export function refundReportOf({ key, idempotency_key, amount, state }: TestRefund): RefundReport {
  return { processor_key: key, key: idempotency_key, amount, state };
}

/**
 * Takes the fee as card networks do, in the smallest unit of the currency: no fractions of a yen, thousandths of a
 * dinar.
 */
function fundsOf({ amount, unit }: Money): Funds {
  const whole = toSmallestUnit({ amount, unit });
  // Charges of the first version may be no multiple of the smallest unit.
  if (whole === null) return { net: amount - testProcessorFee(amount), fee: testProcessorFee(amount), unit };
  const net = Math.max(0, whole - testProcessorFee(whole));
  const parts = partsFromSmallestUnit({ whole, net }, unit);
  return { net: parts.net, fee: parts.fee, unit };
}

export function makeDeclinedOutcome(code: DeclineCode, detail = declines[code].detail): DeclinedOutcome {
  return { outcome: 'declined', kind: declines[code].kind, code, detail };
}

export function customerKey(idempotency_key: string): string {
  return `cus_${sha256Hex(idempotency_key).slice(0, 24)}`;
}

export function hashOf(request: unknown): string {
  return sha256Hex(JSON.stringify(request));
}

export function withoutOutcome({ outcome: _, ...card }: TestCard): Card {
  return card;
}

export function parseCard(json: JsonValue): TestCard {
  assert(typeof json === 'object' && json !== null && !Array.isArray(json), 'a card is an object');
  const { brand, last4, exp_date, card_name, outcome, fingerprint = null } = json;
  assert(typeof brand === 'string' && typeof last4 === 'string' && typeof exp_date === 'string');
  assert(typeof card_name === 'string' && typeof outcome === 'string' && isOutcome(outcome));
  assert(fingerprint === null || typeof fingerprint === 'string');
  return { brand, last4, exp_date, card_name, outcome, fingerprint };
}

// oxfmt-ignore
const outcomes: readonly string[] = [
  'accepted', 'pending', 'action_required', 'refund_pending', 'lost_answer', 'late_answer', 'unreachable',
];

function isOutcome(text: string): text is TestOutcome {
  return isDecline(text) || outcomes.includes(text);
}
