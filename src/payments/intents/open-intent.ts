import { type Money, toSmallestUnit } from '#kernel/money';
import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import type { Context } from '#platform/context';
import { paymentsProblems } from '../problems.ts';
import {
  type IntentTerms,
  isSameMoney,
  type PaymentContext,
  type Processor,
  type ProcessorIntents,
  withProcessorTimeout,
} from '../processors/index.ts';
import { openIntentLimit } from '../rate-limits.ts';
import { type IntentPlace, lockIntent, type OpenIntentRow, updateIntent } from './intent-store.ts';

/** Longer than a call that changes an amount can take: it may arrive after this process gave it up. */
const BUSY_MS = 30_000;

/** A payment of a cart that an API client prepares. */
export interface WantedPayment extends IntentTerms {
  profile_id: ProfileId;
  /** The provider of all lines; null for several. */
  provider_id: ProfileId | null;
  cart_version: string;
}

type Opened = Awaited<ReturnType<ProcessorIntents['openPayment']>>;

/**
 * Returns the secret of the one open payment of a profile, for the script of the processor in the browser of an API
 * client; opens the payment, or changes it to these amounts. Null if there is none: the processor has no such payments,
 * does not charge the amount or does not respond, another call changes the amount, or the limit is reached.
 *
 * While the amount changes no order claims the payment: it would be confirmed with another amount than was checked.
 */
export async function openPaymentIntent(ctx: PaymentContext, wanted: WantedPayment): Promise<string | null> {
  const { intents, name: processor } = ctx.processors.chosen;
  const { profile_id, provider_id, cart_version: _, ...terms } = wanted;
  if (intents === null || !isCharged(ctx.processors.chosen, terms)) return null;
  const open = { keep: intents.keepPayment, open: intents.openPayment, cancel: intents.cancelPayment };
  return openOne(
    ctx,
    { profile_id, processor, kind: 'payment' },
    async (row) => {
      if (row.intent_key !== null) {
        const before = { intent_key: row.intent_key, account: row.account };
        const kept = row.account === terms.account ? await open.keep(before, { ...terms, provider_id }) : null;
        if (kept !== null) return { opened: kept, generation: row.generation, terms };
        await open.cancel(before);
      }
      const generation = row.generation + (row.intent_key === null ? 0 : 1);
      return { opened: await open.open({ ...wanted, generation }), generation, terms };
    },
    terms,
  );
}

/** True if a processor charges an amount: nothing to pay, and less than a card can pay, has no payment. */
function isCharged({ maximum, minimum, units }: Processor, money: Money): boolean {
  const { amount, unit } = money;
  if (units?.has(unit) === false || toSmallestUnit(money) === null) return false;
  return amount > 0 && amount >= minimum(unit) && amount <= maximum(unit);
}

/** Returns the secret of the one open card to keep of a profile, as `openPaymentIntent`. */
export async function openSetupIntent(ctx: PaymentContext, profile_id: ProfileId): Promise<string | null> {
  const { intents, name: processor } = ctx.processors.chosen;
  if (intents === null) return null;
  return openOne(ctx, { profile_id, processor, kind: 'setup' }, async (row) => {
    const kept = row.intent_key === null ? null : await intents.keepSetup({ intent_key: row.intent_key, account: '' });
    if (kept !== null) return { opened: kept, generation: row.generation, terms: null };
    const generation = row.generation + (row.intent_key === null ? 0 : 1);
    return { opened: await intents.openSetup({ profile_id, generation }), generation, terms: null };
  });
}

/** What a call to the processor opened. */
interface Opening {
  opened: Opened;
  generation: number;
  terms: IntentTerms | null;
}

async function openOne(
  ctx: PaymentContext,
  place: IntentPlace,
  call: (row: OpenIntentRow) => Promise<Opening>,
  terms: IntentTerms | null = null,
): Promise<string | null> {
  if (!(await ctx.throttle.allows(openIntentLimit, `${place.kind}:${place.profile_id}`))) return null;
  const row = await beginOpening(ctx, place, terms);
  if (row === null) return null;
  try {
    const opening = await withProcessorTimeout(ctx, call(row));
    return (await saveOpening(ctx, place, row, opening)) ? opening.opened.client_secret : null;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return null;
  }
}

/** True if the processor did not carry out a call, or did not respond. */
function isUnavailable(error: unknown): boolean {
  const { processor_setup, processor_unreachable } = paymentsProblems;
  return error instanceof Problem && [processor_setup.code, processor_unreachable.code].includes(error.code);
}

/**
 * Reads the open intent of a place; null if another call changes it now. Marks one that this call will change: until
 * its amount is known again it has none.
 */
async function beginOpening(
  ctx: Context,
  place: IntentPlace,
  terms: IntentTerms | null,
): Promise<OpenIntentRow | null> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const row = await lockIntent(tx, place, at);
    if (row.busy_until !== null && row.busy_until > at) return null;
    if (row.intent_key !== null && terms !== null && !isOf(row, terms))
      await updateIntent(tx, place, { amount: null, busy_until: new Date(at.getTime() + BUSY_MS) });
    return row;
  });
}

function isOf({ account, amount, broker_fee_amount, unit }: OpenIntentRow, terms: IntentTerms): boolean {
  return amount !== null && unit !== null && isSameMoney({ account, amount, broker_fee_amount, unit }, terms);
}

/**
 * Stores the intent that a call opened. False if an order claimed the one before, or another call opened another one
 * meanwhile: this one is then left to expire.
 */
async function saveOpening(
  ctx: Context,
  place: IntentPlace,
  before: OpenIntentRow,
  { opened: { intent_key }, generation, terms }: Opening,
): Promise<boolean> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const row = await lockIntent(tx, place, at);
    if (row.intent_key === intent_key && row.generation === generation && before.intent_key !== intent_key) return true;
    if (row.generation !== before.generation || row.intent_key !== before.intent_key) return false;
    await updateIntent(tx, place, { ...terms, intent_key, generation, busy_until: null, updated_at: at });
    return true;
  });
}
