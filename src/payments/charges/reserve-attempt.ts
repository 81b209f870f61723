import { toSmallestUnit } from '#kernel/money';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { randomKey40 } from '#platform/security/crypto';
import type { Tx } from '#platform/db/database';
import { type Attempt, CHARGE_AMOUNT_MAX, chargeMinimum, insertAttempt } from '../records/index.ts';
import { savedCard } from '../cards/index.ts';
import { paymentsProblems } from '../problems.ts';
import { type ChargeSource, CHOSEN_PROCESSOR } from '../processors/index.ts';

export interface NewAttempt {
  profile_id: ProfileId;
  /** The user who pays; null when a job does. */
  created_by: UserId | null;
  amount: number;
  unit: string;
  /** As the processor's own pages show it. */
  description: string;
  /** From the browser; null charges the card on file. */
  token: string | null;
  remember_card: boolean;
  /** Names the intent when whoever asks may ask again; random when left out. */
  key?: string | null;
  at: Date;
}

/**
 * Writes down that a profile is about to be charged. The caller commits before `callProcessor`.
 *
 * @throws payment_method_absent, charge_too_small, charge_too_large, charge_not_whole (400)
 */
export async function reserveAttempt(tx: Tx, wanted: NewAttempt): Promise<Attempt> {
  const { token, remember_card, key, at, ...facts } = wanted;
  if (wanted.amount < chargeMinimum(wanted.unit)) throw paymentsProblems.charge_too_small();
  if (wanted.amount > CHARGE_AMOUNT_MAX) throw paymentsProblems.charge_too_large();
  if (toSmallestUnit(wanted) === null) throw paymentsProblems.charge_not_whole();
  const source = await sourceOf(tx, wanted);

  const attempt = await insertAttempt(tx, {
    ...facts,
    key: key ?? randomKey40(),
    processor: CHOSEN_PROCESSOR,
    remember_card: token !== null && remember_card,
    state: 'reserved',
    created_at: at,
    updated_at: at,
  });
  return { ...attempt, source };
}

async function sourceOf(tx: Tx, { profile_id, token, remember_card }: NewAttempt): Promise<ChargeSource> {
  if (token !== null && token !== '') return { token, remember: remember_card };
  const card = await savedCard(tx, profile_id);
  if (!card) throw paymentsProblems.payment_method_absent();
  return { customer_key: card.customer_key };
}
