import { findPlansByIds, findPlansBySlugs, findUseCharge, type Plan, type UseCharge } from '#catalog';
import { invalidInput } from '#kernel/problem';
import { normalizeCode } from '#kernel/text';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { networkOf } from '#platform/security/throttle';
import {
  normalizeHandle,
  requireReachable,
  describeOffer,
  findItemOffers,
  recordShownOffers,
} from '../quotes/index.ts';
import {
  CART_ITEMS_MAX,
  type CartItem,
  type CartOwner,
  lockCartItems,
  upsertCartItem,
  findRememberedCoupon,
} from '../records/index.ts';
import { billingProblems } from '../problems.ts';
import { visitorItemLimit } from './rate-limits.ts';
import { applyCode } from './redeem-coupon.ts';

/** Item that a caller adds to a cart, as the API names it. */
export interface CartItemRequest {
  plan: string;
  use?: string | null | undefined;
  option?: number | undefined;
  quantity?: number | undefined;
  sync_on?: string | null | undefined;
  full_name?: string | undefined;
  email?: string | null | undefined;
}

export interface AddedItem {
  item: CartItem;
  plan: Plan;
  is_new: boolean;
  /** Every price of the item in one sentence; the response shows it. */
  detail: string;
}

interface Resolved {
  wish: CartItemRequest;
  plan: Plan;
  use: UseCharge | null;
}

/**
 * Adds items to a cart: all of them or none. An item for the same plan, use and person is updated instead.
 * Applies the remembered code of the buyer to the added items that it fits.
 *
 * Records the response as shown to the owner of the cart, also when the broker adds an item for the owner. An item that
 * the broker only updates is not recorded: the owner was shown another offer for it.
 *
 * Locks: the items of the cart.
 * @throws invalid_input (400) naming `plan`, `use` or `sync_on`; currency_mixed, cart_full (400)
 * @throws too_many_requests (429)
 *
 * @see docs/spec/billing.md 4.2
 */
export async function addToCart(
  ctx: Context,
  owner: CartOwner,
  wishes: readonly CartItemRequest[],
): Promise<AddedItem[]> {
  // Each browser of a visitor has its own cart, so visitors are limited by network.
  if ('visitor_hash' in owner) await ctx.throttle.take(visitorItemLimit, networkOf(ctx.peer?.ip), wishes.length);
  const cleaned = wishes.map(cleanWish);
  const plans = await findPlansBySlugs(
    ctx.db,
    cleaned.map((wish) => wish.plan),
  );
  const resolved = cleaned.map((wish) => resolveWish(wish, plans.get(wish.plan)));
  await requireReachable(ctx.db, cleaned);
  return inTransaction(ctx.db, async (tx) => {
    const held = await lockCartItems(tx, owner);
    if (held.length + wishes.length > CART_ITEMS_MAX) throw billingProblems.cart_full();
    await requireOneCurrency(tx, held, resolved);
    const at = ctx.clock.now();
    const upserted: Omit<AddedItem, 'detail'>[] = [];
    for (const { wish, plan, use } of resolved) {
      const { item, is_new } = await upsertCartItem(
        tx,
        owner,
        { ...wish, plan_id: plan.id, use_charge_id: use?.id ?? null, sync_on: wish.sync_on || null },
        at,
      );
      upserted.push({ item, plan, is_new });
    }
    const ids = new Set(upserted.map(({ item }) => item.id));
    const remembered = await findRememberedCoupon(tx, owner);
    if (remembered !== null) await applyCode(tx, owner, remembered, at, ids);
    const items = (await lockCartItems(tx, owner)).filter(({ id }) => ids.has(id));
    const offers = await findItemOffers(tx, items, at);
    const changed = new Set(upserted.flatMap(({ item, is_new }) => (is_new ? [] : [item.id])));
    const seen = isOwn(ctx, owner) ? offers : offers.filter(({ item }) => !changed.has(item.id));
    await recordShownOffers(tx, owner, seen, at);
    const byId = new Map(offers.map((offer) => [offer.item.id, offer]));
    return upserted.map((each) => {
      const offer = byId.get(each.item.id);
      return { ...each, item: offer?.item ?? each.item, detail: offer ? describeOffer(offer) : '' };
    });
  });
}

function isOwn({ actor }: Context, owner: CartOwner): boolean {
  return 'visitor_hash' in owner || (actor.kind === 'user' && actor.user_id === owner.user_id);
}

function cleanWish(wish: CartItemRequest): CartItemRequest {
  return {
    ...wish,
    plan: normalizeCode(wish.plan),
    ...(wish.use ? { use: normalizeCode(wish.use) } : {}),
    ...(wish.sync_on ? { sync_on: normalizeHandle(wish.sync_on) } : {}),
    ...(wish.email ? { email: normalizeHandle(wish.email) } : {}),
  };
}

function resolveWish(wish: CartItemRequest, plan: Plan | undefined): Resolved {
  if (!plan?.is_active) throw invalidInput({ plan: [`Plan '${wish.plan}' does not exist or is inactive.`] });
  if (plan.is_not_priced)
    throw invalidInput({ plan: ['This plan has no price. Contact the provider to subscribe to it.'] });
  if (wish.use === undefined || wish.use === null || wish.use === '') return { wish, plan, use: null };
  const use = findUseCharge(plan, wish.use);
  if (!use) throw invalidInput({ use: [`UseCharge '${wish.use}' does not exist or is inactive.`] });
  return { wish, plan, use };
}

async function requireOneCurrency(tx: Tx, held: readonly CartItem[], resolved: readonly Resolved[]): Promise<void> {
  const present = await findPlansByIds(
    tx,
    held.filter(({ claim_id }) => claim_id === null).map((item) => item.plan_id),
  );
  // The cart shows no withdrawn plan: its currency does not count.
  const offered = [...present.values()].filter((plan) => plan.is_active && !plan.is_not_priced);
  const units = new Set([...offered, ...resolved.map(({ plan }) => plan)].map((plan) => plan.unit));
  if (units.size > 1)
    throw billingProblems.currency_mixed({
      detail: `A cart has one currency. This item would mix ${[...units].join(' and ')}.`,
    });
}
