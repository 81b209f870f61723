import assert from 'node:assert/strict';
import { findUserById } from '#accounts';
import { cutText } from '#kernel/text';
import { type Entry, type NewEvent, postEvent } from '#ledger';
import { randomKey40 } from '#platform/security/crypto';
import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { type Part, runTogether } from '#platform/db/together';
import { type Event, eventsPart } from '#platform/jobs/events';
import { enqueue } from '#platform/jobs/jobs';
import { findSite } from '#platform/site';
import { getProcessor } from '#profiles';
import {
  type Attempt,
  buildChargeUpdated,
  type Charge,
  closeAttempt,
  closedAttempt,
  decideSteps,
  findChargeOfAttempt,
  insertedCharge,
  insertedChargeItems,
  noteUnwantedCard,
  type Parties,
  type Step,
} from '../records/index.ts';
import { forgetUnwantedCard, putCardOnFile, noteDecline, noteRefusal } from '../cards/index.ts';
import type { AcceptedOutcome, DeclinedOutcome, DeclineKind, Evidence } from '../processors/index.ts';
import {
  assertLinesOf,
  buildPayment,
  findPostedLines,
  type LineLinks,
  linksOf,
  type PlannedLine,
} from './charge-payment.ts';
import { cancelPayment } from './jobs.ts';
import { askForFunds } from './settle-pending-charges.ts';

/** Lengths of the columns. Texts that contain names of profiles can be longer and are cut. */
const EVENT_LABEL_LENGTH_MAX = 150;
const TITLE_LENGTH_MAX = 1000;

/** A line of the order that a charge pays. */
export interface NewChargeItem {
  /** Ledger entry of the order, or marker of a balance due. */
  entry_id: LedgerEntryId;
  provider_id: ProfileId;
  amount: number;
  /** Basis points; 0 for a line without a subscription. */
  broker_fee_percent: number;
  /** Subscriber and plan of the line in documented texts (`xia:basic`); default: the text of the invoiced entry. */
  event_label?: string;
  /** Title of the line in mails; default: the text of the invoiced entry. */
  title?: string;
}

/**
 * Inserts the charge of an accepted attempt, and books the payment if it is done already. The orders are posted before.
 *
 * Idempotent: an attempt has one charge, and a repeated call returns it. An attempt that was marked failed is
 * settled too, because the card was charged.
 */
export async function recordCharge(
  tx: Tx,
  attempt: Attempt,
  outcome: AcceptedOutcome,
  items: readonly NewChargeItem[],
  at: Date,
): Promise<Charge> {
  assertLinesOf(attempt, items);
  const user = attempt.created_by === null ? undefined : await findUserById(tx, attempt.created_by);
  const { charge } = await runTogether(tx, chargeParts(attempt, outcome, { at, username: user?.username ?? null }));
  if (!charge) return getRecordedCharge(tx, attempt);

  const site = await findSite(tx);
  assert(site, 'there is no site');
  const lines = await findPostedLines(
    tx,
    attempt.unit,
    items.map((item) => ({ event_label: '', title: '', credit_amount: 0, ...item, invoiced_entry_id: item.entry_id })),
  );
  const planned = planCharge(charge, outcome, lines, {
    broker_id: site.broker_id,
    processor_id: (await getProcessor(tx)).id,
  });
  const posted = planned.event ? await postEvent(tx, planned.event) : [];
  await keepChargedCard(tx, attempt, outcome, at);
  await askForFunds(tx, charge, outcome, at);
  await runTogether(tx, {
    charge_items: planned.itemsPart(
      items.map(({ entry_id }) => entry_id),
      posted,
    ),
    events: planned.news && eventsPart([{ event: planned.news, at }]),
  });
  return charge;
}

/**
 * Returns the parts that insert the charge of an accepted attempt, in the state that the response decides. The charge
 * is undefined if the attempt has one already: `getRecordedCharge` returns it.
 */
export function chargeParts(
  attempt: Attempt,
  outcome: AcceptedOutcome,
  { at, username }: { at: Date; username: string | null },
) {
  const { processor_key, card, evidence } = outcome;
  const settlement = decideFirst(attempt, evidence);
  const charge = insertedCharge(
    {
      claim_code: randomKey40(),
      charge_attempt_id: attempt.id,
      profile_id: attempt.profile_id,
      created_by: attempt.created_by,
      amount: attempt.amount,
      unit: attempt.unit,
      description: `Charge ${processor_key} on credit card of ${card.card_name}${username ? ` (${username})` : ''}`,
      last4: card.last4,
      exp_date: card.exp_date,
      card_name: card.card_name,
      processor: attempt.processor,
      account: attempt.account,
      processor_key,
      state: settlement?.to ?? 'created',
      created_at: at,
      settled_at: settlement && at,
    },
    'closed_attempt',
  );
  return { closed_attempt: closedAttempt(attempt.id, processor_key, at), charge };
}

/** Returns the charge of an attempt that `chargeParts` found settled. */
export async function getRecordedCharge(tx: Tx, attempt: Attempt): Promise<Charge> {
  const charge = await findChargeOfAttempt(tx, attempt.id);
  assert(charge, 'a settled attempt has a charge');
  return charge;
}

/** What a new charge writes after it was inserted. */
export interface PlannedCharge {
  /** Books the payment; null if the response does not say that it is paid. */
  event: NewEvent | null;
  /** Part that inserts the lines, given the entries of their orders and of the payment. */
  itemsPart(order_entry_ids: readonly LedgerEntryId[], payment_entries: readonly Entry[]): Part<void>;
  /** charge_updated; null while the processor has not decided the charge. */
  news: Event | null;
}

type FirstStep = Extract<Step, { kind: 'pay' | 'fail' }>;

/**
 * Returns the step that a new charge is inserted with; null if it stays created. A payment that is disputed already
 * stays created too: the next poll or webhook books payment and dispute in one transaction.
 */
function decideFirst({ amount }: Pick<Charge, 'amount'>, evidence: Evidence): FirstStep | null {
  const [first, ...later] = decideSteps({ state: 'created', amount }, new Map(), evidence);
  return later.length > 0 || (first?.kind !== 'pay' && first?.kind !== 'fail') ? null : first;
}

/** Plans what follows the insert of a charge. Pure. */
export function planCharge(
  charge: Charge,
  { evidence }: AcceptedOutcome,
  lines: readonly PlannedLine[],
  parties: Omit<Parties, 'customer_id'>,
): PlannedCharge {
  const settlement = decideFirst(charge, evidence);
  const payment = settlement?.kind === 'pay' ? buildPayment(charge, settlement.funds, parties, lines) : null;
  const news = settlement && { pay: 'done' as const, fail: 'failed' as const }[settlement.kind];
  return {
    event: payment && payment.event,
    itemsPart(order_entry_ids, payment_entries) {
      const links = payment && linksOf(payment, payment_entries);
      return insertedChargeItems(
        lines.map((line, rank) => itemRow(charge, line, rank, order_entry_ids[rank], links?.[rank])),
      );
    },
    news: news && buildChargeUpdated(charge, news, lines.map(newsLine), charge.created_by),
  };
}

function itemRow(
  { id: charge_id }: Charge,
  { provider_id, amount, credit_amount, broker_fee_percent, event_label, title }: PlannedLine,
  rank: number,
  invoiced_entry_id: LedgerEntryId | undefined,
  links: LineLinks = { fee_entry_id: null, broker_fee_entry_id: null, distribute_entry_id: null },
) {
  assert(invoiced_entry_id !== undefined, 'every line of an order has an entry');
  return {
    charge_id,
    rank,
    invoiced_entry_id,
    provider_id,
    amount,
    credit_amount,
    broker_fee_percent,
    event_label: cutText(event_label, EVENT_LABEL_LENGTH_MAX),
    title: cutText(title, TITLE_LENGTH_MAX),
    ...links,
  };
}

function newsLine({ provider_id, amount, title, description }: PlannedLine) {
  return { provider_id, description: cutText(title, TITLE_LENGTH_MAX) || description, amount, refunded_amount: 0 };
}

/**
 * Puts the card of a charge on file if the payer wanted that and the processor keeps it. A payment that an API client
 * prepared keeps its card at the processor in any case: a job removes one that the payer does not want there. The
 * processor still needs the card of a payment that it decides later: `settleCharge` begins the job then.
 */
export async function keepChargedCard(
  tx: Tx,
  attempt: Attempt,
  { outcome, evidence, saved, card }: AcceptedOutcome,
  at: Date,
): Promise<void> {
  if (saved === null) return;
  const { processor, profile_id, created_by: by } = attempt;
  if (!attempt.remember_card) {
    const isDecided = outcome === 'succeeded' || evidence.state !== 'created';
    if (isDecided) await forgetUnwantedCard(tx, profile_id, { processor, ...saved });
    else await noteUnwantedCard(tx, attempt.id, saved);
    return;
  }
  await putCardOnFile(tx, profile_id, { processor, ...saved, card }, { at, by });
}

/** Why an attempt ended without money. */
interface UnpaidReason extends Pick<DeclinedOutcome, 'code' | 'detail' | 'open_intent_key'> {
  /** Of a decline, if a card was declined. */
  kind?: DeclineKind;
  /** True if a job made the charge, which has notices of its own. */
  is_automatic?: boolean;
}

/**
 * Closes an attempt without a charge: the card was declined, or the processor received no request. A card on file that
 * must not be charged again is marked. A job cancels a payment that is still open at the processor. The broker is
 * notified of a payment that the processor refused for a reason of the site.
 */
export async function closeUnpaidAttempt(
  tx: Tx,
  attempt: Attempt,
  state: 'declined' | 'failed',
  why: UnpaidReason | null,
  at: Date,
): Promise<void> {
  const isClosed = await closeAttempt(tx, attempt.id, ['reserved', 'awaiting_action'], {
    state,
    processor_key: null,
    decline_code: why?.code ?? null,
    decline_kind: why?.kind ?? null,
    detail: why?.detail ?? null,
    updated_at: at,
  });
  if (!isClosed) return;
  if (why?.kind !== undefined) await noteDecline(tx, attempt, why.kind, at);
  if (why && why.is_automatic !== true) await noteRefusal(tx, attempt, why, at);
  if (why?.open_intent_key === undefined) return;
  await enqueue(tx, cancelPayment, { charge_attempt_id: attempt.id, intent_key: why.open_intent_key });
}
