import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Money, partsFromSmallestUnit, toSmallestUnit } from '#kernel/money';
import type { Clock } from '#platform/clock';
import { sha256Hex } from '#platform/security/crypto';
import { type Db, inTransaction } from '#platform/db/database';
import type { JsonValue } from '#platform/db/db-schema';
import type {
  Card,
  CardAnswer,
  ChargeRequest,
  DeclinedAnswer,
  Evidence,
  Funds,
  Processor,
  ProcessorAnswer,
  ProcessorTerms,
  RefundAnswer,
} from '../processor.ts';
import { declineDetails, isDecline, namedKey, readTestCard, type TestCard } from './test-card.ts';
import {
  deleteTestCustomer,
  findTestCharge,
  findTestCustomer,
  findTestRefund,
  insertTestCharge,
  insertTestCustomer,
  insertTestRefund,
  sumTestRefunds,
  type TestCharge,
} from './test-processor-store.ts';

export const TEST_PROCESSOR = 'test';

/** Debited once for each dispute, and returned if it is won. Units: 1/100. */
const DISPUTE_FEE = 1500;

export const testProcessorTerms: ProcessorTerms = { returns_fee: true, may_overdraw: false };

/** Less than anybody waits, and enough for whoever wants to see what a crash leaves in the meantime. */
const LATE_ANSWER_MS = 15_000;

/**
 * Makes the built-in processor: it needs no account, keeps its books in tables of its own and does what the card asks for.
 *
 * It stands for something outside: it has its own transactions and nobody's foreign keys, so a crash between its commit and
 * ours leaves what a real processor would leave.
 */
export function makeTestProcessor(db: Db, clock: Clock): Processor {
  return {
    name: TEST_PROCESSOR,
    ...testProcessorTerms,
    charge: (request) => charge(db, clock, request),
    async findByKey(key) {
      const found = await findTestCharge(db, { idempotency_key: key });
      return found ? answerOf(found) : null;
    },
    async retrieve(processor_key) {
      const found = await findTestCharge(db, { key: processor_key });
      return found?.outcome === 'accepted' ? evidenceOf(found) : null;
    },
    saveCard: (request) => saveCard(db, clock, request),
    deleteCard: (customer_key) => inTransaction(db, (tx) => deleteTestCustomer(tx, customer_key)),
    refund: (request) => refund(db, clock, request),
    async findRefund(key) {
      return (await findTestRefund(db, key)) ? { outcome: 'refunded' } : null;
    },
    browserKeys: () => ({ STRIPE_PUB_KEY: 'pk_test_builtin', STRIPE_INTENT_SECRET: null, STRIPE_ACCOUNT: null }),
  };
}

/** The processor's price: 2.9 % rounded half up, and 30; nothing for nothing. Units: the smallest unit of the currency. */
export function testProcessorFee(amount: number): number {
  return amount === 0 ? 0 : Math.floor((amount * 290 + 5000) / 10_000) + 30;
}

async function charge(db: Db, clock: Clock, request: ChargeRequest): Promise<ProcessorAnswer> {
  const request_hash = hashOf([request.amount, request.unit, request.description, request.source]);
  const before = await findTestCharge(db, { idempotency_key: request.key });
  if (before) {
    assert.equal(before.request_hash, request_hash, 'the key was used for another charge');
    return answerOf(before);
  }

  const at = clock.now();
  const card = await cardOf(db, request, at);
  if (card === null) return declined('card_declined', 'There is no such card on file.');
  if (card.outcome === 'unreachable') throw new Error('the test processor was told to be unreachable');

  const { source } = request;
  const customer_key =
    'customer_key' in source ? source.customer_key : source.remember ? customerKey(request.key) : null;
  const declines = isDecline(card.outcome);
  await inTransaction(db, async (tx) => {
    if ('token' in source && source.remember && customer_key !== null && !declines) {
      await insertTestCustomer(tx, { key: customer_key, card: JSON.stringify(card), created_at: at });
    }
    await insertTestCharge(tx, {
      key: ('token' in source ? namedKey(source.token) : null) ?? `ch_${sha256Hex(request.key).slice(0, 24)}`,
      idempotency_key: request.key,
      request_hash,
      customer_key,
      amount: request.amount,
      unit: request.unit,
      description: request.description,
      card: JSON.stringify(card),
      state: declines ? 'failed' : card.outcome === 'pending' ? 'created' : 'done',
      outcome: declines ? 'declined' : 'accepted',
      decline_code: declines ? card.outcome : null,
      created_at: at,
    });
  });
  if (card.outcome === 'late_answer') await sleep(LATE_ANSWER_MS, undefined, { ref: false });
  if (card.outcome === 'lost_answer') throw new Error('the test processor was told to lose its answer');

  const written = await findTestCharge(db, { idempotency_key: request.key });
  assert(written, 'the test processor keeps what it charged');
  return answerOf(written);
}

async function cardOf(db: Db, { source }: ChargeRequest, at: Date): Promise<TestCard | null> {
  if ('token' in source) return readTestCard(source.token, at);
  const customer = await findTestCustomer(db, source.customer_key);
  return customer ? parseCard(customer.card) : null;
}

async function saveCard(db: Db, clock: Clock, request: { key: string; token: string }): Promise<CardAnswer> {
  const at = clock.now();
  const card = readTestCard(request.token, at);
  if (isDecline(card.outcome)) return declined(card.outcome);
  if (card.outcome === 'unreachable') throw new Error('the test processor was told to be unreachable');
  const key = customerKey(request.key);
  await inTransaction(db, (tx) => insertTestCustomer(tx, { key, card: JSON.stringify(card), created_at: at }));
  return { outcome: 'saved', customer_key: key, card: withoutOutcome(card) };
}

async function refund(
  db: Db,
  clock: Clock,
  request: { key: string; processor_key: string; amount: number },
): Promise<RefundAnswer> {
  const request_hash = hashOf([request.processor_key, request.amount]);
  return inTransaction(db, async (tx): Promise<RefundAnswer> => {
    const before = await findTestRefund(tx, request.key);
    if (before) {
      assert.equal(before.request_hash, request_hash, 'the key was used for another refund');
      return { outcome: 'refunded' };
    }
    const refunded = await findTestCharge(tx, { key: request.processor_key });
    if (!refunded || refunded.state !== 'done')
      return { outcome: 'refused', detail: 'There is no paid charge to refund.' };
    if ((await sumTestRefunds(tx, request.processor_key)) + request.amount > refunded.amount) {
      return { outcome: 'refused', detail: 'The refund exceeds what is left of the charge.' };
    }
    await insertTestRefund(tx, {
      key: `re_${sha256Hex(request.key).slice(0, 24)}`,
      charge_key: request.processor_key,
      idempotency_key: request.key,
      request_hash,
      amount: request.amount,
      created_at: clock.now(),
    });
    return { outcome: 'refunded' };
  });
}

function answerOf(charged: TestCharge): ProcessorAnswer {
  const card = parseCard(charged.card);
  if (charged.outcome === 'declined') {
    return declined(isDecline(card.outcome) ? card.outcome : 'card_declined');
  }
  return {
    outcome: 'accepted',
    processor_key: charged.key,
    evidence: evidenceOf(charged),
    card: withoutOutcome(card),
    customer_key: charged.customer_key === customerKey(charged.idempotency_key) ? charged.customer_key : null,
  };
}

function evidenceOf({ state, amount, unit }: TestCharge): Evidence {
  if (state === 'done') return { state, funds: fundsOf({ amount, unit }) };
  if (state === 'failed') return { state, detail: declineDetails.card_declined };
  if (state === 'disputed') return { state, fee_amount: DISPUTE_FEE };
  return { state };
}

/** Takes the fee as card networks do, in the smallest unit of the currency: no fractions of a yen, and thousandths of a dinar. */
function fundsOf({ amount, unit }: Money): Funds {
  const whole = toSmallestUnit({ amount, unit });
  // A charge of an earlier version that was no multiple of the smallest unit.
  if (whole === null) return { net: amount - testProcessorFee(amount), fee: testProcessorFee(amount), unit };
  const net = Math.max(0, whole - testProcessorFee(whole));
  const parts = partsFromSmallestUnit({ whole, net }, unit);
  return { net: parts.net, fee: parts.fee, unit };
}

function declined(code: keyof typeof declineDetails, detail = declineDetails[code]): DeclinedAnswer {
  return { outcome: 'declined', code, detail };
}

function customerKey(idempotency_key: string): string {
  return `cus_${sha256Hex(idempotency_key).slice(0, 24)}`;
}

function hashOf(request: unknown): string {
  return sha256Hex(JSON.stringify(request));
}

function withoutOutcome({ brand, last4, exp_date, card_name }: TestCard): Card {
  return { brand, last4, exp_date, card_name };
}

function parseCard(json: JsonValue): TestCard {
  assert(typeof json === 'object' && json !== null && !Array.isArray(json), 'a card is an object');
  const { brand, last4, exp_date, card_name, outcome } = json;
  assert(typeof brand === 'string' && typeof last4 === 'string' && typeof exp_date === 'string');
  assert(typeof card_name === 'string' && typeof outcome === 'string' && isOutcome(outcome));
  return { brand, last4, exp_date, card_name, outcome };
}

function isOutcome(text: string): text is TestCard['outcome'] {
  return text in declineDetails || ['accepted', 'pending', 'lost_answer', 'late_answer', 'unreachable'].includes(text);
}
