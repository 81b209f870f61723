import { invalidInput } from '#kernel/problem';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { randomKey40 } from '#platform/security/crypto';
import { actorId } from '#platform/actor-id';
import type { PaymentContext } from '#payments';
import { findManagedAmong, type Profile } from '#profiles';
import {
  type CartOwner,
  cartVersion,
  collectLines,
  findPayLaterRefusers,
  type Invoicable,
  type Line,
  type Order,
} from '../records/index.ts';
import { mergeVisitorCart } from '../cart/index.ts';
import { billingProblems } from '../problems.ts';
import { chooseInvoicables, confirmInvoicables, emptyOrderProblem } from './confirm-invoicables.ts';
import { lockAndLoad, planLoads } from './load-due.ts';
import { type CheckoutInput, placeOrder, refusingConcurrent } from './reserve-order.ts';

/** The caller that places an order without paying it. */
export interface UnpaidOrderTerms {
  /** True for a manager of the broker. */
  is_broker: boolean;
  /** True for a manager of the payer. */
  is_payer: boolean;
  /**
   * True if managers of the payer may order without paying (setting PAY_LATER_ALLOWED), unless the provider refuses it
   * (`pay_later_terms`).
   */
  is_allowed: boolean;
}

export interface UnpaidOrder {
  payer: Profile;
  order: Order;
  /** Code of the link that pays the order; null if nothing is left to pay. */
  claim_code: string | null;
}

/**
 * Orders the items of the caller's cart for a profile without paying: the subscriptions begin, the profile owes the
 * price, and a link pays it. Balances that were due before are not part of the order.
 *
 * Only the provider of all lines and the broker may place such an order, because it gives access before it is paid;
 * managers of the payer only if the setting allows it.
 *
 * Locks: as a checkout.
 * @throws pay_later_refused (403), cart_empty, cart_changed, checkout_in_flight (409), invalid_input,
 *   options_undecided, currency_mixed (400)
 * @see docs/spec/billing.md 4.9, docs/decisions/0075-orders-paid-later.md
 */
export async function placeUnpaidOrder(
  ctx: PaymentContext,
  payer_id: ProfileId,
  owner: CartOwner,
  given: Pick<CheckoutInput, 'choices' | 'cart_version'>,
  terms: UnpaidOrderTerms,
): Promise<UnpaidOrder> {
  const input = { ...given, token: null, remember_card: false };
  await mergeVisitorCart(ctx);
  return refusingConcurrent(() =>
    inTransaction(ctx.db, async (tx) => {
      const at = ctx.clock.now();
      const locked = await lockAndLoad(tx, { payer_id, owner, at, is_balance_only: false });
      const { payer, cart } = locked;
      const { load, loadNow } = planLoads(tx, { ...locked, owner, at, balance_plan: null });
      const all = await load();
      const loaded = withoutBalances(all);
      const isConfirmed = input.cart_version !== null && input.cart_version === cartVersion(all);
      const confirmed = isConfirmed
        ? loaded
        : await confirmInvoicables({
            loaded,
            shown: locked.shown.filter(({ key }) => !key.startsWith('balance:')),
            input,
            loadNow: async () => withoutBalances(await loadNow()),
          });
      if (confirmed.length === 0) throw emptyOrderProblem(cart && cart.items);
      const invoicables = chooseInvoicables(confirmed, input);
      requireOneSeller(invoicables);
      const sellers = [...new Set(collectLines(invoicables).map(({ provider_id }) => provider_id))];
      const user_id = actorId(ctx);
      const managed = user_id === null ? new Set<ProfileId>() : await findManagedAmong(tx, user_id, sellers);
      requirePermission(
        { ...terms, is_allowed: terms.is_allowed && (await findPayLaterRefusers(tx, sellers)).size === 0 },
        sellers.every((id) => managed.has(id)),
      );
      const claim_code = randomKey40();
      const { order, rest } = await placeOrder(ctx, tx, {
        payer,
        owner,
        invoicables,
        input,
        at,
        credit: locked.credit,
        claim_code,
      });
      return { payer, order, claim_code: rest === 0 ? null : claim_code };
    }),
  );
}

function withoutBalances(invoicables: readonly Invoicable[]): Invoicable[] {
  return invoicables.filter(({ kind }) => kind === 'cart');
}

/** @throws pay_later_refused (403) */
function requirePermission({ is_broker, is_payer, is_allowed }: UnpaidOrderTerms, is_seller: boolean): void {
  if (is_broker || is_seller || (is_payer && is_allowed)) return;
  throw billingProblems.pay_later_refused({
    detail: 'Only the provider of the plan may place an order that is paid later. Pay it when you place it.',
  });
}

/** @throws invalid_input (400) naming `items` */
function requireOneSeller(invoicables: readonly Invoicable[]): void {
  const lines: Line[] = collectLines(invoicables);
  if (new Set(lines.map(({ provider_id }) => provider_id)).size > 1)
    throw invalidInput({ items: ['Order the plans of each provider separately to pay later.'] });
  if (invoicables.some(({ seat }) => seat !== undefined))
    throw invalidInput({ items: ['Seats for people without an account must be paid when they are ordered.'] });
}
