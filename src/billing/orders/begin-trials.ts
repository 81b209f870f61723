import type { Plan } from '#catalog';
import type { Tx } from '#platform/db/database';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import { lockPaymentMethod, paymentsProblems } from '#payments';
import { recordTrialUse, releaseTrialUses } from '#subscriptions';
import { paths } from '#platform/http/paths';
import type { Profile } from '#profiles';
import type { Invoicable, Order, OrderLine } from '../records/index.ts';
import { billingProblems } from '../problems.ts';

/** Thrown when a card must be put on file before the order is placed; the checkout saves it and tries again. */
export class CardNeeded extends Error {
  /** Plans whose trials the order begins. */
  readonly trials: readonly PlanId[];

  constructor(trials: readonly PlanId[]) {
    super('a card must be put on file');
    this.trials = trials;
  }
}

/**
 * Records the trials that an order begins: once per profile and plan, and per card and plan. A trial that asks for a
 * card needs one on file; it is not charged. A card that the buyer enters is put on file first, so that the trial names
 * it (`CardNeeded`).
 *
 * Locks: the card on file, so that it is not replaced by a card that was not checked.
 * @throws trial_used (409), payment_method_absent (400)
 */
export async function beginTrials(
  tx: Tx,
  payer: Profile,
  invoicables: readonly Invoicable[],
  { token, at }: { token: string | null; at: Date },
): Promise<void> {
  const plans = plansBegun(invoicables);
  if (plans.length === 0) return;
  if (token !== null && token !== '') throw new CardNeeded(plans.map(({ id }) => id));
  const card = await lockPaymentMethod(tx, payer.id);
  if (!card && plans.some((plan) => plan.trial_requires_card))
    throw paymentsProblems.payment_method_absent({ location: paths.cart(payer.slug) });
  for (const plan of plans.toSorted((a, b) => a.id - b.id)) {
    const card_fingerprint = card?.fingerprint ?? null;
    const use = { profile_id: payer.id, plan_id: plan.id, card_fingerprint, created_at: at };
    if (await recordTrialUse(tx, use)) continue;
    throw billingProblems.trial_used({ location: paths.cart(payer.slug) });
  }
}

/**
 * Refuses an order whose trials were promised before the card of the buyer was put on file, if that card has used them.
 * @throws trial_used (409)
 */
export function requirePromisedTrials(
  payer: Profile,
  invoicables: readonly Invoicable[],
  promised: readonly PlanId[],
): void {
  const begun = plansBegun(invoicables);
  if (promised.every((id) => begun.some((plan) => plan.id === id))) return;
  throw billingProblems.trial_used({ location: paths.cart(payer.slug) });
}

function plansBegun(invoicables: readonly Invoicable[]): Plan[] {
  return invoicables.flatMap(({ plan, lines }) => (lines.some(({ kind }) => kind === 'trial') ? [plan] : []));
}

/** Releases the trials of an order that was not paid. */
export async function releaseTrials(tx: Tx, payer_id: ProfileId, lines: readonly OrderLine[]): Promise<void> {
  await releaseTrialUses(tx, payer_id, trialPlans(lines));
}

/** Records the trials of a paid order whose trials were released; those that were used meanwhile stay as they are. */
export async function beginTrialsAgain(tx: Tx, order: Order, lines: readonly OrderLine[]): Promise<void> {
  for (const plan_id of trialPlans(lines))
    await recordTrialUse(tx, {
      profile_id: order.profile_id,
      plan_id,
      card_fingerprint: null,
      created_at: order.created_at,
    });
}

function trialPlans(lines: readonly OrderLine[]): PlanId[] {
  return lines.flatMap(({ kind, plan_id }): PlanId[] => (kind === 'trial' && plan_id !== null ? [plan_id] : []));
}
