import type { ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { paymentsProblems } from '../problems.ts';
import {
  type IntentTerms,
  isSameMoney,
  type NamedIntent,
  type PaymentContext,
  withProcessorTimeout,
} from '../processors/index.ts';
import {
  type Attempt,
  findAttemptByIntent,
  findCharge,
  findChargeOfAttempt,
  findOrphanByIntent,
} from '../records/index.ts';
import { closeIntent, lockIntentByKey } from './intent-store.ts';

/** Thrown when a payment that a client names takes another amount than the order, or while its amount changes. */
export class IntentRefused extends Error {
  readonly reason: 'differs' | 'busy';

  constructor(reason: 'differs' | 'busy') {
    super(`the payment that the client names cannot pay the order: ${reason}`);
    this.name = 'IntentRefused';
    this.reason = reason;
  }
}

/**
 * Reads the payment that a token names, without an effect on it; null if it names a card.
 * @throws intent_unknown, intent_foreign (400), intent_used (409), processor_unreachable, processor_setup (503)
 */
export async function findNamedIntent(
  ctx: PaymentContext,
  { token, account, profile_id }: { token: string; account: string; profile_id: ProfileId },
): Promise<NamedIntent | null> {
  const { intents } = ctx.processors.chosen;
  if (!intents?.isPayment(token)) return null;
  const found = await withProcessorTimeout(ctx, intents.findPayment({ intent_key: token, account, profile_id }));
  if (found === 'unknown') throw paymentsProblems.intent_unknown();
  if (found === 'foreign') throw paymentsProblems.intent_foreign();
  if (await isReturned(ctx.db, token)) throw paymentsProblems.intent_used();
  return found;
}

/** True if a token names a payment instead of a card. */
export function namesPayment({ processors }: Pick<PaymentContext, 'processors'>, token: string | null): boolean {
  return token !== null && processors.chosen.intents?.isPayment(token) === true;
}

/**
 * Claims a payment for the attempt that the transaction inserts. The unique key of `charge_attempts` decides between
 * two orders of different payers. The payer's profile is locked, so a payment that goes back is not claimed.
 *
 * @throws intent_used (409), intent_unusable (400), IntentRefused
 */
export async function claimIntent(tx: Tx, intent: NamedIntent, order: IntentTerms, at: Date): Promise<void> {
  await requireUnused(tx, intent);
  const open = await lockIntentByKey(tx, intent.intent_key);
  if (open?.busy_until && open.busy_until > at) throw new IntentRefused('busy');
  if (!isSameMoney(intent, order)) throw new IntentRefused('differs');
  if (!intent.is_usable) throw paymentsProblems.intent_unusable();
  await closeIntent(tx, intent.intent_key, at);
}

async function requireUnused(tx: Tx, { intent_key, attempt_key, taken }: NamedIntent): Promise<void> {
  const attempt = await findAttemptByIntent(tx, intent_key);
  if (attempt) throw await usedProblem(tx, attempt);
  const isCharged = taken !== null && (await findCharge(tx, taken.charge_key)) !== undefined;
  if (attempt_key !== null || isCharged) throw paymentsProblems.intent_used();
  if (await isReturned(tx, intent_key)) throw paymentsProblems.intent_used();
}

/** True if a payment goes back to its payer, or went. */
async function isReturned(reader: Reader, intent_key: string): Promise<boolean> {
  const orphan = await findOrphanByIntent(reader, intent_key);
  return orphan !== undefined && orphan.state !== 'watched';
}

/** Builds the problem of a payment that another order has; it names the charge of an order that is paid. */
export async function usedProblem(reader: Reader, { id }: Pick<Attempt, 'id'>) {
  const charge = await findChargeOfAttempt(reader, id);
  return paymentsProblems.intent_used(charge ? { members: { charge: charge.processor_key } } : {});
}
