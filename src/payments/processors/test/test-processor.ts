import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#platform/clock';
import { sha256Hex } from '#platform/security/crypto';
import { type Db, inTransaction } from '#platform/db/database';
import { cardMinimum } from '../card-minimums.ts';
import type { PageParts } from '../page-parts.ts';
import type {
  AttemptRef,
  ChargeOutcome,
  ChargeRequest,
  Processor,
  SaveCardOutcome,
  SaveCardRequest,
} from '../processor.ts';
import type { RefundOutcome, RefundRequest } from '../processor-refund.ts';
import { readCardForm } from './card-form.ts';
import { isDecline, namedKey, readTestCard, type TestCard } from './test-card.ts';
import { testIntake } from './test-intake.ts';
import { makeTestPayouts } from './test-payouts.ts';
import {
  actionOf,
  customerKey,
  makeDeclinedOutcome,
  evidenceOf,
  hashOf,
  outcomeOf,
  parseCard,
  refundOutcomeOf,
  refundReportOf,
  withoutOutcome,
} from './test-outcomes.ts';
import {
  abandonTestCharge,
  deleteTestCustomer,
  findTestCharge,
  findTestCustomer,
  findTestRefund,
  findTestRefunds,
  insertTestCharge,
  insertTestCustomer,
  insertTestRefund,
  sumTestRefunds,
  type TestCharge,
} from './test-processor-store.ts';

export const TEST_PROCESSOR = 'test';

/** Shorter than PROCESSOR_TIMEOUT_MS, so that the response still counts; the rows can be inspected meanwhile. */
const LATE_RESPONSE_MS = 15_000;

/** Far below the largest safe integer. Units: 1/100 of any unit. */
const CHARGE_AMOUNT_MAX = 100_000_000_000;

const pageParts: PageParts = {
  scripts: [],
  csp_origins: { 'script-src': [], 'frame-src': [], 'connect-src': [], 'img-src': [], 'form-action': [] },
  form_fields: ['card_name', 'card_number', 'card_exp', 'card_cvc'],
};

/**
 * Makes the built-in processor. It needs no account, keeps its rows in tables of its own, and the card decides the
 * outcome.
 *
 * It simulates an external system: it has its own transactions, and no foreign key leads to its tables. A crash
 * between its commit and Tollgate's therefore leaves the same rows as with a real processor.
 */
export function makeTestProcessor(db: Db, clock: Clock): Processor {
  return {
    name: TEST_PROCESSOR,
    returns_fee: true,
    may_overdraw: false,
    direct_charges: false,
    saved_cards: true,
    payouts: true,
    units: null,
    minimum: cardMinimum,
    maximum: () => CHARGE_AMOUNT_MAX,
    charge: (request) => chargeCard(db, clock, request),
    async findByKey({ key }) {
      const found = await findTestCharge(db, { idempotency_key: key });
      return found ? outcomeOf(found) : null;
    },
    abandon: (attempt) => abandonCharge(db, attempt),
    async retrieve({ processor_key }) {
      const found = await findTestCharge(db, { key: processor_key });
      if (found?.outcome !== 'accepted') return null;
      return evidenceOf(found, found.disputes_count === 0 ? 0 : await sumTestRefunds(db, found.key));
    },
    saveCard: (request) => saveCard(db, clock, request),
    deleteCard: ({ customer_key }) => inTransaction(db, (tx) => deleteTestCustomer(tx, customer_key)),
    async retrieveCard({ customer_key }) {
      const customer = await findTestCustomer(db, customer_key);
      return customer ? withoutOutcome(parseCard(customer.card)) : null;
    },
    hasCustomer: async ({ customer_key }) => (await findTestCustomer(db, customer_key)) !== undefined,
    // It keeps no names.
    updateCustomer: async ({ customer_key }) => (await findTestCustomer(db, customer_key)) !== undefined,
    findFraudWarnings: () => Promise.resolve([]),
    refund: (request) => refundCharge(db, clock, request),
    async findRefund({ key }) {
      const found = await findTestRefund(db, key);
      return found ? refundOutcomeOf(found) : null;
    },
    async findRefunds({ processor_key }) {
      return (await findTestRefunds(db, processor_key)).map(refundReportOf);
    },
    returnFee: () => Promise.resolve({ outcome: 'refused', detail: 'All charges are on the account of the broker.' }),
    findFeeReturns: () => Promise.resolve([]),
    findMovedShare: () => Promise.resolve(null),
    ...makeTestPayouts(db, clock),
    browserKeys: () => ({ STRIPE_PUB_KEY: 'pk_test_builtin', STRIPE_INTENT_SECRET: null, STRIPE_ACCOUNT: null }),
    pageParts: () => pageParts,
    cardElement: () => null,
    readCardForm,
    readReturn: () => null,
    intents: null,
    intake: testIntake,
    disputePage: () => null,
    movements: null,
    pausedUntil: () => null,
    callSeries: () => [],
    setup: null,
  };
}

async function chargeCard(db: Db, clock: Clock, request: ChargeRequest): Promise<ChargeOutcome> {
  const request_hash = hashOf([request.amount, request.unit, request.description, request.account, request.source]);
  const at = clock.now();
  const card = await cardOf(db, request, at);
  if (card?.outcome === 'unreachable') throw new Error('the card makes the test processor unreachable');
  const inserted = card === null ? undefined : await writeCharge(db, request, card, { at, request_hash });
  if (!inserted) {
    const before = await findTestCharge(db, { idempotency_key: request.key });
    if (!before) return makeDeclinedOutcome('card_declined', 'There is no such card on file.');
    assert.equal(before.request_hash, request_hash, 'the key was used for another charge');
    return outcomeOf(before);
  }
  if (card?.outcome === 'late_answer') await sleep(LATE_RESPONSE_MS, undefined, { ref: false });
  if (card?.outcome === 'lost_answer') throw new Error('the card makes the test processor lose its response');
  return outcomeOf(inserted);
}

/** Inserts a charge in one statement, with the card on file in a transaction; undefined if the key was used. */
async function writeCharge(
  db: Db,
  request: ChargeRequest,
  card: TestCard,
  { at, request_hash }: { at: Date; request_hash: string },
): Promise<TestCharge | undefined> {
  const { source } = request;
  const customer_key =
    'saved' in source
      ? source.saved.customer_key
      : 'token' in source && source.remember
        ? customerKey(request.key)
        : null;
  const decline_code = isDecline(card.outcome) ? card.outcome : null;
  const charge = {
    key: ('token' in source ? namedKey(source.token) : null) ?? `ch_${sha256Hex(request.key).slice(0, 24)}`,
    idempotency_key: request.key,
    request_hash,
    customer_key,
    amount: request.amount,
    unit: request.unit,
    description: request.description,
    card: JSON.stringify(card),
    decline_code,
    created_at: at,
    ...firstState(card),
  };
  if ('saved' in source || customer_key === null || decline_code !== null) return insertTestCharge(db, charge);
  return inTransaction(db, async (tx) => {
    await insertTestCustomer(tx, { key: customer_key, card: JSON.stringify(card), created_at: at });
    return insertTestCharge(tx, charge);
  });
}

function firstState({ outcome }: TestCard) {
  if (isDecline(outcome)) return { state: 'failed', outcome: 'declined' } as const;
  if (outcome === 'action_required') return { state: 'created', outcome } as const;
  return { state: outcome === 'pending' ? 'created' : 'done', outcome: 'accepted' } as const;
}

async function cardOf(db: Db, { source }: ChargeRequest, at: Date): Promise<TestCard | null> {
  if ('token' in source) return readTestCard(source.token, at);
  if ('intent' in source) throw new Error('the test processor has no payments that a client prepares');
  const customer = await findTestCustomer(db, source.saved.customer_key);
  return customer ? parseCard(customer.card) : null;
}

async function abandonCharge(db: Db, { key }: AttemptRef): Promise<ChargeOutcome> {
  await inTransaction(db, (tx) => abandonTestCharge(tx, key));
  const found = await findTestCharge(db, { idempotency_key: key });
  return found ? outcomeOf(found) : makeDeclinedOutcome('abandoned');
}

async function saveCard(db: Db, clock: Clock, request: SaveCardRequest): Promise<SaveCardOutcome> {
  const at = clock.now();
  const { account } = request;
  const card = readTestCard(request.token, at);
  if (isDecline(card.outcome)) return makeDeclinedOutcome(card.outcome);
  if (card.outcome === 'unreachable') throw new Error('the card makes the test processor unreachable');
  if (card.outcome === 'action_required') return actionOf(`seti_${sha256Hex(request.key).slice(0, 24)}`);
  const key = customerKey(request.key);
  await inTransaction(db, (tx) => insertTestCustomer(tx, { key, card: JSON.stringify(card), created_at: at }));
  return { outcome: 'saved', account, customer_key: key, method_key: '', card: withoutOutcome(card) };
}

async function refundCharge(db: Db, clock: Clock, request: RefundRequest): Promise<RefundOutcome> {
  const request_hash = hashOf([request.processor_key, request.amount]);
  return inTransaction(db, async (tx): Promise<RefundOutcome> => {
    const before = await findTestRefund(tx, request.key);
    if (before) {
      assert.equal(before.request_hash, request_hash, 'the key was used for another refund');
      return refundOutcomeOf(before);
    }
    const refunded = await findTestCharge(tx, { key: request.processor_key });
    if (!refunded || refunded.state !== 'done')
      return { outcome: 'refused', detail: 'There is no paid charge to refund.' };
    if ((await sumTestRefunds(tx, request.processor_key)) + request.amount > refunded.amount) {
      return { outcome: 'refused', detail: 'The refund exceeds what is left of the charge.' };
    }
    const state = parseCard(refunded.card).outcome === 'refund_pending' ? 'pending' : 'succeeded';
    await insertTestRefund(tx, {
      key: `re_${sha256Hex(request.key).slice(0, 24)}`,
      charge_key: request.processor_key,
      idempotency_key: request.key,
      request_hash,
      amount: request.amount,
      state,
      created_at: clock.now(),
    });
    return refundOutcomeOf({ state });
  });
}
