import { formatMoney, type Money } from '#kernel/money';
import { invalidInput, Problem } from '#kernel/problem';
import { equalsCi, normalizeCode } from '#kernel/text';
import { paymentsProblems } from '#payments';
import { paths } from '#platform/http/paths';
import type { Profile } from '#profiles';
import {
  type CartItem,
  collectLines,
  cartVersion,
  type Choice,
  chooseOptions,
  type Invoicable,
  type Line,
  isAsShown,
  type ShownLine,
} from '../records/index.ts';
import { billingProblems } from '../problems.ts';

/**
 * Returns the invoicables that the buyer confirmed: those that `cart_version` names, otherwise those shown last.
 * `loaded` applies ended coupons that were shown; `loadNow` does not, like the new lines in a `cart_changed` response.
 * @throws cart_changed (409)
 */
export async function confirmInvoicables({
  loaded,
  shown,
  input,
  loadNow,
}: {
  loaded: readonly Invoicable[];
  shown: readonly ShownLine[];
  input: { cart_version: string | null };
  loadNow: () => Promise<Invoicable[]>;
}): Promise<readonly Invoicable[]> {
  const { cart_version } = input;
  if (cart_version === null) {
    if (
      !isAsShown(
        loaded.flatMap((each) => each.shown),
        shown,
      )
    )
      throw billingProblems.cart_changed();
    return loaded;
  }
  if (cart_version === cartVersion(loaded)) return loaded;
  const current = await loadNow();
  if (cart_version !== cartVersion(current)) throw billingProblems.cart_changed();
  return current;
}

/** Returns the problem of an order without lines: the cart is empty, or has only withdrawn plans or unpaid seats. */
export function emptyOrderProblem(items: readonly CartItem[] | null): Problem {
  if (items === null || items.length === 0) return billingProblems.cart_empty({ location: paths.pricing() });
  const isSeat = items.every(({ claim_id }) => claim_id !== null);
  return billingProblems.cart_changed({
    detail: isSeat
      ? 'The payment for the seat in the cart failed or was refunded. Nothing was ordered. Remove it from the cart.'
      : 'The plans in the cart are no longer for sale. Nothing was ordered. Remove them from the cart.',
  });
}

/**
 * Applies the choices of the buyer. Returns invoicables without options.
 * @throws invalid_input (400) naming `items`; options_undecided (400)
 */
export function chooseInvoicables(
  loaded: readonly Invoicable[],
  { choices }: { choices?: readonly Choice[] | undefined },
): Invoicable[] {
  const isOpen = loaded.some(({ options }) => options.length > 0);
  const given = choices?.length === 0 && !isOpen ? undefined : choices;
  if (given !== undefined && given.length !== loaded.length) {
    throw invalidInput({ items: [`Send one item for each line: the cart has ${loaded.length}.`] });
  }
  const wrong = loaded.findIndex((each, index) => !mayChoose(each, given?.[index]?.option ?? 0));
  if (wrong >= 0) {
    throw invalidInput({ items: [`Item ${wrong + 1} chooses an option that the line in the cart does not have.`] });
  }
  const mismatched = loaded.findIndex(({ plan }, index) => !isPlan(given?.[index]?.plan, plan.slug));
  if (mismatched >= 0) {
    throw invalidInput({ items: [`Item ${mismatched + 1} is for another plan than the line in the cart.`] });
  }
  const decided = chooseOptions(loaded, given);
  if (decided === null) throw billingProblems.options_undecided();
  return decided;
}

function isPlan(typed: string | undefined, slug: string): boolean {
  return typed === undefined || equalsCi(normalizeCode(typed), slug);
}

/** True for any option of an undecided invoicable. A decided one accepts its option, 1 if it has only one, or 0. */
function mayChoose({ lines, options }: Invoicable, option: number): boolean {
  if (options.length > 0 || option === 0) return true;
  const chosen = lines.find(({ kind }) => kind === 'period')?.item?.option ?? 0;
  return option === Math.max(1, chosen);
}

/** Returns the problem of an order in several currencies, with the action that resolves it. */
export function currencyMixedProblem(payer: Profile, invoicables: readonly Invoicable[]): Problem {
  const units = new Set(collectLines(invoicables).flatMap(({ amount, unit }) => (amount > 0 ? [unit] : [])));
  const due = invoicables.find(({ kind }) => kind === 'balance');
  const remedy = due ? 'Pay the balance first' : 'Remove the items of one currency';
  return billingProblems.currency_mixed({
    detail: `The order mixes ${[...units].join(' and ')}. Nothing was charged. ${remedy}.`,
    location: due ? paths.balance(payer.slug, due.plan.slug) : paths.cart(payer.slug),
    members: { actions: [{ method: 'DELETE', path: '/api/cart' }] },
  });
}

/**
 * Requires that a claimed seat pays for as many seats as the subscription that it extends has: the time of more seats
 * would be given away, that of fewer seats would be lost.
 * @throws claim_quantity (409)
 */
export function requirePaidQuantities(invoicables: readonly Invoicable[]): void {
  for (const { plan, subscription, beneficiary, lines } of invoicables) {
    const paid = lines.find(({ kind, item }) => kind === 'period' && item !== null && item.claim_id !== null);
    if (!paid || subscription === null || paid.quantity === subscription.quantity) continue;
    const seats = (count: number) => `${count} ${count === 1 ? 'seat' : 'seats'}`;
    throw billingProblems.claim_quantity({
      detail: `The code pays for ${seats(paid.quantity)} of ${plan.title}, and the subscription has ${subscription.quantity}. Nothing was ordered.`,
      ...(beneficiary === null ? {} : { location: paths.changeSubscription(beneficiary.slug, plan.slug) }),
    });
  }
}

/** True if the amount is below the minimum of the processor. */
export function isChargeTooSmall(error: unknown): boolean {
  return error instanceof Problem && error.code === paymentsProblems.charge_too_small.code;
}

/** Returns the problem of an amount below the minimum of the processor, with the action that resolves it. */
export function chargeTooSmallProblem(payer: Profile, total: Money, lines: readonly Line[]): Problem {
  const codes = [...new Set(lines.flatMap(({ coupon }) => coupon?.code ?? []))];
  const remedy = codes.length === 0 ? 'Add another item' : `Remove the coupon ${codes.join(', ')} or add another item`;
  return paymentsProblems.charge_too_small({
    detail: `${formatMoney(total)} is below the minimum of a card payment. Nothing was charged. ${remedy}.`,
    location: paths.cart(payer.slug),
    members: codes.length === 0 ? {} : { actions: [{ method: 'DELETE', path: '/api/cart/redeem' }] },
  });
}
