import { toSmallestUnit } from '#kernel/money';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { randomKey40 } from '#platform/security/crypto';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { findSavedCard, type PaymentMethod } from '../cards/index.ts';
import { paymentsProblems } from '../problems.ts';
import type { Account, ChargeSource, Processor, Processors } from '../processors/index.ts';
import { type Attempt, insertedAttempt, type NewAttemptRow } from '../records/index.ts';

export interface NewAttempt {
  processors: Processors;
  profile_id: ProfileId;
  /** The user who pays; null for a job. */
  created_by: UserId | null;
  amount: number;
  unit: string;
  /** As the processor's own pages show it. */
  description: string;
  /** From the browser; null charges the card on file. */
  token: string | null;
  remember_card: boolean;
  /** Card on file, null without one, if the caller has read it in the same transaction; read when omitted. */
  card?: PaymentMethod | null;
  /** Idempotency key of the charge; random when omitted. */
  key?: string | null;
  at: Date;
}

/** The intent to charge a profile before it is inserted, and the card to charge. */
export interface PreparedAttempt {
  row: NewAttemptRow;
  source: ChargeSource;
}

/**
 * Inserts the intent to charge a profile. The caller commits it before `callProcessor`.
 *
 * @throws payment_method_absent, charge_too_small, charge_too_large, charge_not_whole, charge_unit_refused (400)
 */
export async function reserveAttempt(tx: Tx, wanted: NewAttempt): Promise<Attempt> {
  const { row, source } = await prepareAttempt(tx, wanted);
  const { attempt } = await runTogether(tx, { attempt: insertedAttempt(row) });
  return { ...attempt, source };
}

/**
 * Decides the intent to charge a profile, for `insertedAttempt`.
 * A token is charged by the chosen processor, a card on file by the processor that keeps it.
 *
 * @throws payment_method_absent, charge_too_small, charge_too_large, charge_not_whole, charge_unit_refused (400)
 */
export async function prepareAttempt(tx: Tx, wanted: NewAttempt): Promise<PreparedAttempt> {
  const { processors, token, remember_card, card: _card, key, at, ...facts } = wanted;
  // The amount is checked before the card, so that the refusal does not depend on whether a card is on file.
  requireChargeable(processors.chosen, wanted);
  const { processor, account, source } = await sourceOf(tx, wanted);
  if (processor !== processors.chosen) requireChargeable(processor, wanted);
  const row = {
    ...facts,
    key: key ?? randomKey40(),
    processor: processor.name,
    account,
    remember_card: token !== null && remember_card,
    state: 'reserved',
    created_at: at,
    updated_at: at,
  } as const;
  return { row, source };
}

function requireChargeable(processor: Processor, wanted: Pick<NewAttempt, 'amount' | 'unit'>): void {
  if (processor.units?.has(wanted.unit) === false) throw paymentsProblems.charge_unit_refused();
  if (wanted.amount < processor.minimum(wanted.unit)) throw paymentsProblems.charge_too_small();
  if (wanted.amount > processor.maximum(wanted.unit)) throw paymentsProblems.charge_too_large();
  if (toSmallestUnit(wanted) === null) throw paymentsProblems.charge_not_whole();
}

interface AttemptSource {
  processor: Processor;
  account: Account;
  source: ChargeSource;
}

async function sourceOf(tx: Tx, wanted: NewAttempt): Promise<AttemptSource> {
  const { processors, profile_id, token, remember_card } = wanted;
  if (token !== null && token !== '')
    return { processor: processors.chosen, account: '', source: { token, remember: remember_card } };
  const card = wanted.card === undefined ? await findSavedCard(tx, profile_id) : wanted.card;
  if (!card) throw paymentsProblems.payment_method_absent();
  const { account, customer_key, method_key } = card;
  const source = { saved: { account, customer_key, method_key } };
  return { processor: processors.getByName(card.processor), account, source };
}
