import { type Coupon, lockCoupons } from '#catalog';
import { type StatementBalance, statementBalance } from '#ledger';
import type { CouponId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import { type Outcomes, runInOrder, together } from '#platform/db/together';
import { type Profile, profileLock } from '#profiles';
import {
  type CartItem,
  cartLock,
  type CartOwner,
  type Invoicable,
  openItems,
  ordersInFlight,
  type ShownLine,
  shownLines,
} from '../records/index.ts';
import { lockSeatCharges } from '../claims/index.ts';
import { type OpenLot, openLotsLock } from '../credits/index.ts';
import {
  completeQuote,
  filterBalances,
  loadBalances,
  loadInvoicables,
  priceQuote,
  quoteParts,
} from '../quotes/index.ts';
import { billingProblems } from '../problems.ts';

interface LockedCart {
  items: readonly CartItem[];
  coupons: ReadonlyMap<CouponId, Coupon>;
  /** Plans, subscriptions and free entries of the payer, for a quote. */
  facts: Pick<Outcomes<ReturnType<typeof quoteParts>>, 'plans' | 'subscriptions' | 'free_entries' | 'trials_used'>;
}

interface Locked {
  payer: Profile;
  /** Null if only balances are paid. */
  cart: LockedCart | null;
  due: StatementBalance;
  shown: readonly ShownLine[];
  /** Credit of the payer, locked. */
  credit: readonly OpenLot[];
}

/**
 * Locks the payer, then the items of the cart, and loads what is due, in one exchange: each statement sees what was
 * committed while the one before it waited. The last one locks the credit of the payer. Then locks the coupons of the
 * items and the charges of claimed seats. The owner of the cart may check it out for several profiles concurrently.
 * @throws checkout_in_flight (409) if the payer has an open order, or an item is in an open order of another payer
 */
export async function lockAndLoad(
  tx: Tx,
  {
    payer_id,
    owner,
    at,
    is_balance_only,
  }: Pick<Due, 'owner' | 'at'> & { payer_id: ProfileId; is_balance_only: boolean },
): Promise<Locked> {
  if (is_balance_only) {
    const [payer, { in_flight, ...loaded }] = await runInOrder(
      tx,
      profileLock(payer_id),
      together({
        in_flight: ordersInFlight(payer_id, []),
        shown: shownLines(owner, 'balance'),
        due: statementBalance(payer_id, at),
        credit: openLotsLock(payer_id),
      }),
    );
    requireNoneInFlight(in_flight);
    return { payer, cart: null, ...loaded };
  }
  const [payer, items, { in_flight, shown, due, credit, ...facts }] = await runInOrder(
    tx,
    profileLock(payer_id),
    cartLock(owner),
    together({
      open_items: openItems(owner),
      in_flight: ordersInFlight(payer_id, fragment`select id from open_items`),
      shown: shownLines(owner, 'cart'),
      credit: openLotsLock(payer_id),
      ...quoteParts(payer_id, fragment`select plan_id from open_items`, at),
    }),
  );
  requireNoneInFlight(in_flight);
  const coupons = await lockCoupons(
    tx,
    items.flatMap(({ coupon_id }) => coupon_id ?? []),
  );
  await lockSeatCharges(
    tx,
    items.flatMap(({ claim_id }) => claim_id ?? []),
  );
  return { payer, cart: { items, coupons, facts }, due, shown, credit };
}

function requireNoneInFlight(in_flight: boolean): void {
  if (in_flight) throw billingProblems.checkout_in_flight({ retry_after_s: 2 });
}

interface Due extends Locked {
  owner: CartOwner;
  at: Date;
  /** Slug of the plan whose balance is paid; all plans when null. */
  balance_plan: string | null;
}

/**
 * Returns how to load what is due. The first `load` prices what `lockAndLoad` loaded; a repeated one loads again, under
 * further locks.
 */
export function planLoads(tx: Tx, { payer, owner, cart, at, balance_plan, due, shown }: Omit<Due, 'credit'>) {
  const scope = { payer, owner, at, ...cart };
  let is_first = true;
  const load = async (): Promise<Invoicable[]> => {
    const isLoaded = is_first;
    is_first = false;
    if (cart === null) {
      const balances = await loadBalances(tx, payer, at, isLoaded ? { due } : {});
      return filterBalances(balance_plan, balances);
    }
    if (!isLoaded) return loadInvoicables(tx, { ...scope, honored: shown });
    const quote = await completeQuote(tx, { payer, at, ...cart }, { ...cart.facts, due });
    return priceQuote(quote, { honored: shown });
  };
  const loadNow = async () => (cart === null ? load() : loadInvoicables(tx, scope));
  return { load, loadNow };
}
