import { Problem } from '#kernel/problem';
import type { ProfileId } from '#platform/db/db-schema';
import {
  type Attempt,
  findAttemptByIntent,
  findNamedIntent,
  type NamedIntent,
  namesPayment,
  type PaymentContext,
  paymentsProblems,
  returnPayment,
  usedProblem,
} from '#payments';
import { findCardAccount } from '../card-form.ts';
import { getProfileById } from '../payer.ts';
import { loadInvoicables, takeStoredOption } from '../quotes/index.ts';
import { billingProblems } from '../problems.ts';
import type { CartOwner } from '../records/index.ts';

/** A payment that the client of a checkout names instead of a card. */
interface NamedPayment {
  intent: NamedIntent;
  /** The attempt of this payer that has it and waits for its payer: the checkout is finished instead of begun. */
  waiting: Attempt | null;
}

/**
 * Reads the payment that the token of a checkout names, on the account on which the cart is charged; null for a card.
 * @throws intent_unknown, intent_foreign (400), intent_used (409), processor_unreachable, processor_setup (503)
 */
export async function findNamedPayment(
  ctx: PaymentContext,
  payer_id: ProfileId,
  owner: CartOwner,
  token: string | null,
): Promise<NamedPayment | null> {
  if (token === null || !namesPayment(ctx, token)) return null;
  const attempt = await findAttemptByIntent(ctx.db, token);
  const account = attempt?.profile_id === payer_id ? attempt.account : await findCartAccount(ctx, payer_id, owner);
  const intent = await findNamedIntent(ctx, { token, account, profile_id: payer_id });
  if (intent === null) return null;
  if (!attempt) return { intent, waiting: null };
  if (attempt.profile_id === payer_id && attempt.state === 'awaiting_action') return { intent, waiting: attempt };
  throw await usedProblem(ctx.db, attempt);
}

/** Refusals after which a repeated checkout with the same payment is refused too, or pays for something else. */
const final: ReadonlySet<string> = new Set([
  billingProblems.cart_changed.code,
  billingProblems.cart_empty.code,
  billingProblems.trial_used.code,
]);

/**
 * Returns the refusal of a checkout. A payment that took money goes back to its payer if no repeated checkout can use
 * it; after other refusals it waits an hour for one.
 */
export async function returnIfFinal(
  ctx: PaymentContext,
  payer_id: ProfileId,
  intent: NamedIntent | null,
  error: unknown,
): Promise<unknown> {
  if (intent?.taken == null || !(error instanceof Problem) || !final.has(error.code)) return error;
  // False if a concurrent request with the same payment took the cart.
  const goesBack = await returnPayment(ctx, ctx.processors.chosen.name, intent.taken, payer_id);
  return goesBack ? differsProblem(true, error) : paymentsProblems.intent_used({ cause: error });
}

/** Builds the problem of a payment of another amount than the order. */
export function differsProblem(is_taken: boolean, cause?: unknown): Problem {
  const detail = is_taken
    ? 'The order is another one than the payment was made for. The payment goes back to the card within days.'
    : 'The payment is of another amount than the order. Nothing was charged.';
  return billingProblems.cart_changed({ detail, cause });
}

async function findCartAccount(ctx: PaymentContext, payer_id: ProfileId, owner: CartOwner): Promise<string> {
  const payer = await getProfileById(ctx.db, payer_id);
  const invoicables = await loadInvoicables(ctx.db, { payer, owner, at: ctx.clock.now() });
  const offered = { unit: invoicables[0]?.plan.unit ?? '', invoicables: invoicables.map(takeStoredOption) };
  return findCardAccount(ctx.db, ctx.processors, offered);
}
