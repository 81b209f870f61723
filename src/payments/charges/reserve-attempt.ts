import { toSmallestUnit } from '#kernel/money';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { randomKey40 } from '#platform/security/crypto';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { cardKeyOf, type PaymentMethod } from '../cards/index.ts';
import { paymentsProblems } from '../problems.ts';
import type { ChargeSource, NamedIntent, Processor, Processors } from '../processors/index.ts';
import { claimIntent } from '../intents/index.ts';
import { type Attempt, type AttemptSource, insertedAttempt, type NewAttemptRow } from '../records/index.ts';
import { type ChargePlace, findChargePlace, type PayableLine, providerOf } from './charge-place.ts';
import { chooseCard } from './choose-card.ts';

export interface NewAttempt {
  processors: Processors;
  profile_id: ProfileId;
  /** The user who pays; null for a job. */
  created_by: UserId | null;
  amount: number;
  unit: string;
  /** Lines that the charge pays, which decide its account. */
  lines: readonly PayableLine[];
  /** As the processor's own pages show it. */
  description: string;
  /** From the browser; null charges the card on file. */
  token: string | null;
  /** The payment that the token names, if it names no card. */
  intent?: NamedIntent | null;
  remember_card: boolean;
  /** Cards on file, newest first, if the caller has read them in the same transaction; read when omitted. */
  cards?: readonly PaymentMethod[];
  /** Idempotency key of the charge; random when omitted. */
  key?: string | null;
  at: Date;
  /** Instant by the clock, if the rows get that of a schedule. */
  reserved_at?: Date;
}

/** The intent to charge a profile before it is inserted, and the card to charge. */
export interface PreparedAttempt {
  row: NewAttemptRow;
  source: AttemptSource;
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
 * A token is charged by the chosen processor, a card on file by the processor that keeps it. A payment that the token
 * names is claimed: the caller has locked the payer's profile.
 *
 * @throws payment_method_absent, charge_too_small, charge_too_large, charge_not_whole, charge_unit_refused (400);
 *   those of claimIntent
 */
export async function prepareAttempt(tx: Tx, wanted: NewAttempt): Promise<PreparedAttempt> {
  const {
    processors,
    token,
    intent = null,
    remember_card,
    cards: _cards,
    lines: _lines,
    key,
    at,
    reserved_at,
    ...facts
  } = wanted;
  // The amount is checked before the card, so that the refusal does not depend on whether a card is on file.
  requireChargeable(processors.chosen, wanted);
  const { processor, source, card_key, ...place } = await sourceOf(tx, wanted);
  if (processor !== processors.chosen) requireChargeable(processor, wanted);
  if (intent !== null) await claimIntent(tx, intent, { ...wanted, ...place }, at);
  const row = {
    ...facts,
    key: key ?? randomKey40(),
    processor: processor.name,
    ...place,
    intent_key: intent && intent.intent_key,
    card_key,
    remember_card: token !== null && remember_card,
    state: 'reserved',
    created_at: at,
    reserved_at: reserved_at ?? at,
    updated_at: at,
  } as const;
  return { row, source: { ...source, provider_id: providerOf(wanted.lines) } };
}

function requireChargeable(processor: Processor, wanted: Pick<NewAttempt, 'amount' | 'unit'>): void {
  if (processor.units?.has(wanted.unit) === false) throw paymentsProblems.charge_unit_refused();
  if (wanted.amount < processor.minimum(wanted.unit)) throw paymentsProblems.charge_too_small();
  if (wanted.amount > processor.maximum(wanted.unit)) throw paymentsProblems.charge_too_large();
  if (toSmallestUnit(wanted) === null) throw paymentsProblems.charge_not_whole();
}

interface ChosenSource extends ChargePlace {
  processor: Processor;
  source: ChargeSource;
  /** Of a card on file; null for a token. */
  card_key: string | null;
}

/** Decides what is charged, and where. The attempt stores the place before the call; it never changes for it. */
async function sourceOf(tx: Tx, wanted: NewAttempt): Promise<ChosenSource> {
  const { processors, token, intent = null, remember_card, lines, unit } = wanted;
  const place = await findChargePlace(tx, processors.chosen, lines, unit);
  const entered = { processor: processors.chosen, ...place, card_key: null };
  if (intent !== null) return { ...entered, source: { intent: intent.intent_key } };
  if (token !== null && token !== '') return { ...entered, source: { token, remember: remember_card } };
  const chosen = await chooseCard(tx, wanted);
  if (!chosen) throw paymentsProblems.payment_method_absent();
  const { account, customer_key, method_key } = chosen.card;
  const source = { saved: { account, customer_key, method_key } };
  return { processor: chosen.processor, ...chosen.place, card_key: cardKeyOf(chosen.card), source };
}
