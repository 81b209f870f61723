import assert from 'node:assert/strict';
import { findUserById } from '#accounts';
import { randomKey40 } from '#platform/security/crypto';
import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import {
  type Attempt,
  type Charge,
  closeAttempt,
  findChargeOfAttempt,
  insertCharge,
  insertChargeItems,
} from '../records/index.ts';
import { putCardOnFile } from '../cards/index.ts';
import type { AcceptedOutcome, DeclinedOutcome } from '../processors/index.ts';
import { settleCharge } from './settle-charge.ts';

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
 * Inserts the charge of an accepted attempt, and books the payment if it is done already.
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
  const is_first = await closeAttempt(tx, attempt.id, ['reserved', 'awaiting_action', 'failed'], {
    state: 'settled',
    processor_key: outcome.processor_key,
    decline_code: null,
    detail: null,
    updated_at: at,
  });
  if (!is_first) {
    const charge = await findChargeOfAttempt(tx, attempt.id);
    assert(charge, 'a settled attempt has a charge');
    return charge;
  }
  assert.equal(
    items.reduce((sum, { amount }) => sum + amount, 0),
    attempt.amount,
    'the lines of a charge make its amount',
  );

  const charge = await insertCharge(tx, {
    claim_code: randomKey40(),
    charge_attempt_id: attempt.id,
    profile_id: attempt.profile_id,
    created_by: attempt.created_by,
    amount: attempt.amount,
    unit: attempt.unit,
    description: await describeCharge(tx, attempt, outcome),
    last4: outcome.card.last4,
    exp_date: outcome.card.exp_date,
    card_name: outcome.card.card_name,
    processor: attempt.processor,
    account: attempt.account,
    processor_key: outcome.processor_key,
    created_at: at,
  });
  await insertChargeItems(
    tx,
    items.map((item, rank) => itemRow(charge, item, rank)),
  );
  if (attempt.remember_card && outcome.customer_key !== null) {
    await putCardOnFile(
      tx,
      attempt.profile_id,
      {
        processor: attempt.processor,
        account: attempt.account,
        customer_key: outcome.customer_key,
        card: outcome.card,
      },
      { at, by: attempt.created_by },
    );
  }
  return settleCharge(tx, charge.id, outcome.evidence, at, attempt.created_by);
}

/** Closes an attempt without a charge: the card was declined, or the processor received no request. */
export async function closeUnpaidAttempt(
  tx: Tx,
  attempt: Attempt,
  state: 'declined' | 'failed',
  why: Pick<DeclinedOutcome, 'code' | 'detail'> | null,
  at: Date,
): Promise<void> {
  await closeAttempt(tx, attempt.id, ['reserved', 'awaiting_action'], {
    state,
    processor_key: null,
    decline_code: why?.code ?? null,
    detail: why?.detail ?? null,
    updated_at: at,
  });
}

function itemRow({ id }: Charge, { entry_id, event_label = '', title = '', ...item }: NewChargeItem, rank: number) {
  return {
    ...item,
    event_label: event_label.slice(0, EVENT_LABEL_LENGTH_MAX),
    title: title.slice(0, TITLE_LENGTH_MAX),
    charge_id: id,
    rank,
    invoiced_entry_id: entry_id,
  };
}

async function describeCharge(tx: Tx, attempt: Attempt, { processor_key, card }: AcceptedOutcome): Promise<string> {
  const user = attempt.created_by === null ? undefined : await findUserById(tx, attempt.created_by);
  return `Charge ${processor_key} on credit card of ${card.card_name}${user ? ` (${user.username})` : ''}`;
}
