import { findPlanBySlug } from '#catalog';
import { chargeStep, parseDecimal } from '#kernel/money';
import { commonProblems, invalidInput, type Problem } from '#kernel/problem';
import { singleLine } from '#kernel/text';
import type { Entry } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Reader } from '#platform/db/database';
import { findProfileBySlug } from '#profiles';
import { findSubscription, subscriptionSubject } from '#subscriptions';
import {
  type Adjustment,
  adjustmentEventKey,
  type DuePart,
  findAdjustmentsOfRequest,
  importEntries,
  invoiceImports,
  makeCheckSubject,
  type NewAdjustment,
  recordAdjustments,
  withUsername,
} from '../adjustments/index.ts';
import { billingProblems } from '../problems.ts';
import { findEventEntries } from '#ledger';

/** A sale that was made and paid outside of the site, as it was typed. */
export interface OfflinePayment {
  /** `subscriber:plan`. */
  subscription: string;
  /** Instant of the payment: not in the future, before the end of the subscription. It may precede the beginning. */
  created_at: Date;
  /** Decimal number of the unit of the plan, with at most two decimals. */
  amount: string;
  descr?: string | undefined;
}

/** Largest imported payment, in 1/100 of the unit. */
export const OFFLINE_AMOUNT_MAX = 100_000_000_000;

/** A payment whose fields were read. */
export interface ReadPayment {
  payer_id: ProfileId;
  part: DuePart;
  description: string;
  at: Date;
}

/**
 * Records a sale that was made and paid outside of the site, on a subscription to a plan of the provider. It writes its
 * own order: an existing balance is settled by `cancelBalance`. The subscription is not extended. A retry with the
 * same `request_key` returns the outcome of the first call.
 * @throws invalid_input (400), offline_payment_refused (400)
 * @see docs/spec/billing.md 2.9
 */
export async function importPayment(
  ctx: Context,
  provider_id: ProfileId,
  payment: OfflinePayment,
  request_key: string | null,
): Promise<{ adjustment: Adjustment; entries: Entry[] }> {
  return inTransaction(ctx.db, async (tx) => {
    const [earlier] = request_key === null ? [] : await findAdjustmentsOfRequest(tx, request_key);
    if (earlier)
      return { adjustment: earlier, entries: (await findEventEntries(tx, adjustmentEventKey(earlier))) ?? [] };
    const read = await readPayment(ctx, tx, provider_id, payment);
    const [recorded] = await recordAdjustments(ctx, tx, [newImport(read, request_key)]);
    if (!recorded) throw commonProblems.not_found();
    await invoiceImports(tx, [recorded]);
    return recorded;
  });
}

/** Returns the adjustment of an imported payment. */
export function newImport({ payer_id, part, description, at }: ReadPayment, request_key: string | null): NewAdjustment {
  return {
    kind: 'import',
    profile_id: payer_id,
    provider_id: part.provider_id,
    amount: part.amount,
    unit: part.unit,
    description,
    at,
    request_key,
    entries: importEntries(payer_id, part, makeCheckSubject(), description),
  };
}

async function readPayment(
  ctx: Context,
  reader: Reader,
  provider_id: ProfileId,
  payment: OfflinePayment,
): Promise<ReadPayment> {
  const [subscriber, plan_slug, ...rest] = payment.subscription.split(':').map((text) => text.trim());
  if (!subscriber || !plan_slug || rest.length > 0) throw refuse('Invalid subscription/plan field format');
  const profile = await findProfileBySlug(reader, subscriber);
  if (!profile) throw refuse('Invalid subscriber');
  const plan = await findPlanBySlug(reader, plan_slug);
  if (plan?.profile_id !== provider_id) throw refuse('Invalid plan');
  const amount = readAmount(payment.amount, plan.unit);
  const at = payment.created_at;
  if (at > ctx.clock.now()) throw invalidInput({ created_at: ['The payment must not be in the future.'] });
  const subscription = await findSubscription(reader, profile.id, plan.id, at);
  if (!subscription)
    throw refuse('Invalid combination of subscriber and plan, or the subscription is no longer active.');
  if (subscription.request_key !== null) throw refuse('This request is not accepted yet. Accept it first.');
  return {
    payer_id: profile.id,
    part: {
      provider_id,
      subject: subscriptionSubject(subscription.id),
      label: `${profile.slug}:${plan.slug}`,
      amount,
      unit: plan.unit,
    },
    description: describePayment(ctx, payment.descr),
    at,
  };
}

/** Returns the text of an imported payment with the name of the caller. */
export function describePayment(ctx: Context, descr: string | undefined): string {
  return withUsername(ctx, singleLine(descr ?? '').trim() || 'Off-line payment');
}

/**
 * Reads an amount in 1/100 of the unit.
 * @throws invalid_input (400) naming `amount`
 */
export function readAmount(text: string, unit: string): number {
  const amount = parseDecimal(text);
  const error = refuseAmount(amount, unit);
  if (amount === null || error !== null) throw invalidInput({ amount: [error ?? NO_AMOUNT] });
  return amount;
}

const NO_AMOUNT = 'Enter a number with at most two decimals, such as 10.00.';

/** Returns the reason why an amount is refused, or null. Pure. */
export function refuseAmount(amount: number | null, unit: string): string | null {
  if (amount === null) return NO_AMOUNT;
  if (amount <= 0) return 'Enter an amount above zero.';
  if (amount > OFFLINE_AMOUNT_MAX) return 'Enter an amount of at most 1000000000.00.';
  if (amount % chargeStep(unit) !== 0) return `Amounts in ${unit} are whole numbers.`;
  return null;
}

function refuse(detail: string): Problem {
  return billingProblems.offline_payment_refused({ detail });
}
