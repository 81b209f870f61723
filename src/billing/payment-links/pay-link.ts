import { invalidInput } from '#kernel/problem';
import { paths } from '#platform/http/paths';
import { actorId } from '#platform/actor-id';
import { inTransaction, type Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import {
  type Attempt,
  callProcessor,
  type Charge,
  findAttemptByKey,
  limitDeclines,
  type PaymentContext,
  prepareAttempt,
} from '#payments';
import { findManagedAmong, lockProfile, type Profile } from '#profiles';
import {
  applyOutcome,
  endingWaitingPayment,
  findSameWaiting,
  paymentUnknownProblem,
  refusingConcurrent,
  resumeCheckout,
} from '../checkout/index.ts';
import { lockBalances } from '../quotes/index.ts';
import {
  buildOrderLines,
  payableLines,
  cartVersion,
  findPaymentLink,
  insertOrder,
  type Invoicable,
  type Order,
  ordersInFlight,
  type PaymentLink,
} from '../records/index.ts';
import { billingProblems } from '../problems.ts';
import { getPayableLink, loadLinkLines, sumDue } from './load-link.ts';

export interface LinkPayment {
  /** From the browser. Null charges the card on file, for managers of the payer only. */
  token: string | null;
  /** Applies to managers of the payer only. */
  remember_card: boolean;
  /** Idempotency key of the charge; random when omitted. */
  key: string | null;
}

/**
 * Pays what is due on the order of a link, in the three steps of a checkout. No account is needed. The caller chooses
 * neither lines nor amount.
 *
 * Locks: the payer's profile, then the subscriptions of the lines, so that of concurrent payments and collections of
 * one order exactly one counts.
 * @throws payment_link_unknown (404), payment_link_closed, payment_confirmed, charge_pending, checkout_in_flight (409),
 *   invalid_input (400) naming `processor_token`; card_declined, charge_too_small (400), action_required (402),
 *   payment_unknown (503)
 * @see docs/spec/billing.md 4.9
 */
export async function payLink(ctx: PaymentContext, code: string, payment: LinkPayment): Promise<Charge> {
  return limitDeclines(ctx, async () => {
    const { link, payer } = await getPayableLink(ctx.db, code);
    const earlier = payment.key ? await findAttemptByKey(ctx.db, payment.key) : undefined;
    if (earlier && earlier.state !== 'failed' && earlier.profile_id === payer.id) return resumeCheckout(ctx, earlier);
    const input = { ...payment, ...(earlier ? { key: null } : {}), ...(await readCard(ctx, payer, payment)) };
    const same = { key: input.key, intent_key: null };
    const reserved = await endingWaitingPayment(
      ctx,
      payer.id,
      () => refusingConcurrent(() => reserveLink(ctx, link, input)),
      { created_by: actorId(ctx), same },
    ).catch(async (error: unknown) => {
      const waiting = await findSameWaiting(ctx, payer.id, same);
      if (waiting) return waiting;
      throw error;
    });
    // A concurrent request with this key began the payment, and it waits for its payer since.
    if (!('order' in reserved)) return resumeCheckout(ctx, reserved);
    const { order, attempt } = reserved;
    // A visitor has no account: the bank sends the browser back to the link.
    // Who has the link is not known: the page of the processor does not show the address of the payer.
    const of_link = { ...ctx, return_path: paths.finishPaymentLink(code), is_payer_hidden: true };
    const outcome = await callProcessor(of_link, attempt, order.id).catch((error: unknown) => {
      throw paymentUnknownProblem(error);
    });
    return applyOutcome(ctx, order.id, attempt, outcome);
  });
}

/** A card of the payer is used and stored for managers of the payer only: the link alone gives no access to it. */
async function readCard(
  ctx: PaymentContext,
  payer: Profile,
  { token, remember_card }: LinkPayment,
): Promise<Pick<LinkPayment, 'token' | 'remember_card'>> {
  const user_id = actorId(ctx);
  const isManager = user_id !== null && (await findManagedAmong(ctx.db, user_id, [payer.id])).has(payer.id);
  if (isManager) return { token, remember_card };
  if (token === null || token === '') throw invalidInput({ processor_token: ['This field is required.'] });
  return { token, remember_card: false };
}

async function reserveLink(
  ctx: PaymentContext,
  { id, profile_id, claim_code }: PaymentLink,
  { token, remember_card, key }: LinkPayment,
): Promise<{ order: Order; attempt: Attempt }> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const payer = await lockProfile(tx, profile_id);
    const invoicables = await lockLink(tx, { id, claim_code }, payer, at);
    const [first] = invoicables;
    if (!first) throw billingProblems.payment_link_closed();
    const total = sumDue({ unit: first.lines[0]?.unit ?? first.plan.unit }, invoicables);
    const prepared = await prepareAttempt(tx, {
      processors: ctx.processors,
      profile_id,
      created_by: actorId(ctx),
      ...total,
      lines: payableLines(buildOrderLines(total.unit, invoicables)),
      description: invoicables
        .flatMap(({ lines }) => lines.map(({ description }) => description))
        .join(', ')
        .slice(0, 200),
      token,
      remember_card,
      key,
      at,
    });
    const placed = await insertOrder(
      tx,
      {
        profile_id,
        created_by: actorId(ctx),
        cart_version: cartVersion(invoicables),
        ...total,
        attempt: prepared.row,
      },
      buildOrderLines(total.unit, invoicables),
      at,
    );
    if (placed.attempt === null) throw billingProblems.payment_link_closed();
    return { order: placed.order, attempt: { ...placed.attempt, source: prepared.source } };
  });
}

/**
 * Loads what is due on the order of a link, with its subscriptions locked. Empty if nothing is due. The caller has
 * locked the payer's profile.
 * @throws checkout_in_flight, charge_pending (409) if a payment of the payer is open
 */
export async function lockLink(
  tx: Tx,
  { claim_code }: Pick<PaymentLink, 'id' | 'claim_code'>,
  payer: Profile,
  at: Date,
): Promise<Invoicable[]> {
  const { in_flight } = await runTogether(tx, { in_flight: ordersInFlight(payer.id, []) });
  if (in_flight) throw billingProblems.checkout_in_flight({ retry_after_s: 2 });
  const current = await findPaymentLink(tx, claim_code);
  if (!current) return [];
  return lockBalances(tx, payer, () => loadLinkLines(tx, current, payer, at));
}
