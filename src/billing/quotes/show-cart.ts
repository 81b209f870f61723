import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import type { Profile } from '#profiles';
import {
  type CartItem,
  type CartOwner,
  findCartItems,
  type Invoicable,
  isAsShown,
  type ShownLine,
  type ShownScope,
  findShownLines,
  replaceShownLines,
  upsertShownLines,
} from '../records/index.ts';
import { type ItemOffer, buildShownItem } from './item-offer.ts';
import { filterBalances, loadBalances } from './load-balances.ts';
import { loadInvoicables } from './load-invoicables.ts';
import { findItemOffers } from './find-item-offers.ts';

interface ShowOptions {
  /** Includes the options of items for which one is chosen. */
  undecided?: boolean;
  /** Applies ended coupons that the buyer was shown, for a form that is shown again after a refusal. */
  keeps_price?: boolean;
  /** Only lines of these providers; null for all. */
  sellers?: readonly ProfileId[] | null;
}

/**
 * Loads the invoicables of a payer at checkout and records them as shown to the owner of the cart.
 * @throws beneficiary_unknown (400)
 */
export async function showCart(
  ctx: Context,
  payer: Profile,
  owner: CartOwner,
  { undecided = false, keeps_price = false, sellers = null }: ShowOptions = {},
): Promise<Invoicable[]> {
  const honored = keeps_price ? await findShownLines(ctx.db, owner, 'cart') : [];
  const all = await loadInvoicables(ctx.db, { payer, owner, at: ctx.clock.now(), undecided, honored });
  const invoicables = all.filter(({ plan }) => sellers === null || sellers.includes(plan.profile_id));
  await recordShown(ctx, owner, 'cart', invoicables);
  return invoicables;
}

/** Loads the balances due, of all plans or of one, and records them as shown on the balance page. */
export async function showBalance(
  ctx: Context,
  payer: Profile,
  owner: CartOwner,
  plan: string | null,
): Promise<Invoicable[]> {
  const invoicables = filterBalances(plan, await loadBalances(ctx.db, payer, ctx.clock.now()));
  await recordShown(ctx, owner, 'balance', invoicables);
  return invoicables;
}

/** Records the offers of items as shown by a response without a payer. */
export async function recordShownOffers(
  tx: Tx,
  owner: CartOwner,
  offers: readonly ItemOffer[],
  at: Date,
): Promise<void> {
  await upsertShownLines(
    tx,
    owner,
    'cart',
    offers.map((offer) => buildShownItem(offer)),
    at,
  );
}

/** Loads the offers of all items of a cart and records them as shown. */
export async function showCartItems(tx: Tx, owner: CartOwner, at: Date): Promise<ItemOffer[]> {
  const items: CartItem[] = await findCartItems(tx, owner);
  const offers = await findItemOffers(tx, owner, items, at);
  await recordShownOffers(tx, owner, offers, at);
  return offers;
}

async function recordShown(
  ctx: Context,
  owner: CartOwner,
  scope: ShownScope,
  invoicables: readonly Invoicable[],
): Promise<void> {
  const lines = invoicables.flatMap(({ shown }) => shown);
  if (isSame(lines, await findShownLines(ctx.db, owner, scope))) return;
  await inTransaction(ctx.db, (tx) => replaceShownLines(tx, owner, scope, lines, ctx.clock.now()));
}

/** True if the recorded lines equal those of the response; nothing is written then. */
function isSame(lines: readonly ShownLine[], shown: readonly ShownLine[]): boolean {
  const ends = (list: readonly ShownLine[]) =>
    list
      .map(({ key, due, coupon_id, coupon_ends_at }) => JSON.stringify([key, due, coupon_id, coupon_ends_at]))
      .toSorted()
      .join();
  return isAsShown(lines, shown) && ends(lines) === ends(shown);
}
