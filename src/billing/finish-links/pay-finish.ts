import type { Money } from '#kernel/money';
import { Problem } from '#kernel/problem';
import { paths } from '#platform/http/paths';
import { throttleProblems } from '#platform/security/throttle';
import { inTransaction, type Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import {
  type Attempt,
  callProcessor,
  type Charge,
  limitDeclines,
  type PaymentContext,
  paymentsProblems,
  prepareAttempt,
} from '#payments';
import { findProfileById, lockProfile, type Profile, profileName } from '#profiles';
import { abandonCheckout, applyOutcome, paymentUnknownProblem, refusingConcurrent } from '../checkout/index.ts';
import {
  dueAt,
  type DunningCase,
  findCase,
  isChargeable,
  loadDues,
  lockOpenCase,
  takesFinishLink,
} from '../dunning/index.ts';
import { lockBalances } from '../quotes/index.ts';
import {
  buildOrderLines,
  cartVersion,
  collectLines,
  type FinishLink,
  insertOrder,
  type Invoicable,
  notedFinishAttempt,
  type Order,
  ordersInFlight,
  payableLines,
  sumLines,
} from '../records/index.ts';
import { billingProblems } from '../problems.ts';
import { finishDeclineLimit, finishLimit } from '../rate-limits.ts';
import { findPayment, getFinishLink } from './load-finish.ts';

export interface FinishPayment {
  /** From the browser. Null charges the card on file, which the renewal charged. */
  token: string | null;
  /** What the page showed: nothing else is charged. */
  shown: Money;
}

/**
 * Pays what is due on a dunning case by the link of its mail, in the three steps of a checkout, while the payer is
 * present. No account is needed. The payment of the renewal was ended before the mail. One that this link began and
 * that still waits is ended first; if it took money in the meantime, nothing more is charged.
 *
 * Locks: the payer's profile, the case, then the subscriptions that are due, so that of concurrent payments one counts.
 * @throws finish_link_unknown (404); finish_link_paid, finish_link_expired, finish_amount_changed, payment_confirmed,
 *   checkout_in_flight, charge_pending (409); finish_link_tried, too_many_requests (429); card_declined,
 *   payment_method_absent (400); action_required (402); payment_unknown (503)
 */
export async function payFinish(ctx: PaymentContext, key: string, payment: FinishPayment): Promise<Charge> {
  const { link, dunning_case } = await getFinishLink(ctx.db, key);
  return limitTries(ctx, link, () =>
    limitDeclines(ctx, async () => {
      await endOwnPayment(ctx, link);
      const { order, attempt } = await refusingConcurrent(() => reserveFinish(ctx, dunning_case, payment));
      // The reader has no account: the bank sends the browser back to the link.
      const outcome = await callProcessor(
        { ...ctx, return_path: paths.returnToFinishLink(key), is_payer_hidden: true },
        attempt,
        order.id,
      ).catch((error: unknown) => {
        throw paymentUnknownProblem(error);
      });
      return applyOutcome(ctx, order.id, attempt, outcome);
    }),
  );
}

/** Limits what one link tries. Many readers of one link must not use up the tries of a card at its bank. */
async function limitTries<T>(
  { throttle }: PaymentContext,
  { key_hash }: FinishLink,
  pay: () => Promise<T>,
): Promise<T> {
  await throttle.requireBelowLimits([[finishDeclineLimit, key_hash]]).catch((error: unknown) => {
    if (!(error instanceof Problem) || error.code !== throttleProblems.too_many_requests.code) throw error;
    throw billingProblems.finish_link_tried({ cause: error });
  });
  await throttle.take(finishLimit, key_hash);
  try {
    return await pay();
  } catch (error) {
    if (error instanceof Problem && error.code === paymentsProblems.card_declined.code)
      await throttle.allows(finishDeclineLimit, key_hash);
    throw error;
  }
}

/**
 * Ends the payment that a link began and that waits for its payer. Payments that were begun elsewhere are left alone.
 * @throws payment_confirmed (409) if it took money in the meantime: it is settled
 */
async function endOwnPayment(ctx: PaymentContext, link: FinishLink): Promise<void> {
  const { attempt } = await findPayment(ctx.db, link);
  if (attempt?.state !== 'awaiting_action') return;
  await abandonCheckout(ctx, attempt);
  const { charge } = await findPayment(ctx.db, link);
  if (charge) throw billingProblems.payment_confirmed();
}

/** Reserves the payment of what is due at a case, and notes it as the one of the link. */
async function reserveFinish(
  ctx: PaymentContext,
  { id, profile_id, provider_id, unit }: DunningCase,
  { token, shown }: FinishPayment,
): Promise<{ order: Order; attempt: Attempt }> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const payer = await lockProfile(tx, profile_id);
    const place = { profile_id, provider_id, unit };
    const open = await lockOpenCase(tx, place);
    const isOpen = open?.id === id;
    if (!isOpen && (await findCase(tx, id))?.state === 'recovered') throw billingProblems.finish_link_paid();
    if (!isOpen || !takesFinishLink(open, at)) throw billingProblems.finish_link_expired();
    const { invoicables, amount } = await lockDue(tx, payer, place, at);
    if (!isChargeable({ amount })) throw billingProblems.finish_link_paid();
    if (amount !== shown.amount || unit !== shown.unit) throw billingProblems.finish_amount_changed();
    const lines = buildOrderLines(unit, invoicables);
    const provider = await findProfileById(tx, provider_id);
    const prepared = await prepareAttempt(tx, {
      processors: ctx.processors,
      profile_id,
      created_by: null,
      amount,
      unit,
      lines: payableLines(lines),
      // Pages of the processor show it to the reader of the link: no plan, and not who pays.
      description: provider ? profileName(provider) : '',
      token,
      remember_card: false,
      at,
    });
    const placed = await insertOrder(
      tx,
      { profile_id, created_by: null, cart_version: cartVersion(invoicables), amount, unit, attempt: prepared.row },
      lines,
      at,
      { finish_link: notedFinishAttempt(id) },
    );
    if (placed.attempt === null) throw billingProblems.finish_link_paid();
    return { order: placed.order, attempt: { ...placed.attempt, source: prepared.source } };
  });
}

/**
 * Loads what is due at a place, with its subscriptions locked.
 * @throws checkout_in_flight, charge_pending (409) if a payment of the payer is open
 */
async function lockDue(
  tx: Tx,
  payer: Profile,
  place: Pick<DunningCase, 'profile_id' | 'provider_id' | 'unit'>,
  at: Date,
): Promise<{ invoicables: Invoicable[]; amount: number }> {
  const { in_flight } = await runTogether(tx, { in_flight: ordersInFlight(payer.id, []) });
  if (in_flight) throw billingProblems.checkout_in_flight({ retry_after_s: 2 });
  const load = async () => [
    ...(dueAt(await loadDues(tx, payer, at, { renewing_only: true }), place)?.invoicables ?? []),
  ];
  const invoicables = await lockBalances(tx, payer, load);
  return { invoicables, amount: sumLines(collectLines(invoicables), place.unit)?.amount ?? 0 };
}
