import assert from 'node:assert/strict';
import { selectUsers, type User } from '#accounts';
import { findUseCharge, type Plan, plansById, plansBySlug, refuseSoldQuantity, type UseCharge } from '#catalog';
import { invalidInput } from '#kernel/problem';
import { normalizeCode } from '#kernel/text';
import type { Context } from '#platform/context';
import type { CartItemId, PlanId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { fragment, queryFragment } from '#platform/db/fragment';
import { type Part, readRows, runInOrder, together } from '#platform/db/together';
import { networkOf } from '#platform/security/throttle';
import {
  normalizeHandle,
  requireReachable,
  describeOffer,
  findItemOffers,
  findOpenTrials,
  recordShownOffers,
  buildShownItem,
  offerItem,
} from '../quotes/index.ts';
import {
  type CartItem,
  type CartOwner,
  itemIdentity,
  itemsMax,
  additionLock,
  lockCartItems,
  openItems,
  upsertCartItems,
  insertShownItem,
  rememberedCode,
} from '../records/index.ts';
import { billingProblems } from '../problems.ts';
import { visitorItemLimit } from './rate-limits.ts';
import { applyCode } from './redeem-coupon.ts';

/** Item that a caller adds to a cart, as the API names it. */
export interface NewCartItem {
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
  /** Owner of the cart; null for a visitor. */
  user: User | null;
  /** Every price of the item in one sentence; the response shows it. */
  detail: string;
  /** True if the item begins with a trial. */
  trial_available: boolean;
}

interface ResolvedItem {
  new_item: NewCartItem;
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
 * Locks: the cart for additions, then its items.
 * @throws invalid_input (400) naming `plan`, `use`, `quantity` or `sync_on`; currency_mixed, cart_full (400)
 * @throws too_many_requests (429)
 *
 * @see docs/spec/billing.md 4.2
 */
export async function addToCart(
  ctx: Context,
  owner: CartOwner,
  new_items: readonly NewCartItem[],
): Promise<AddedItem[]> {
  // Each browser of a visitor has its own cart, so visitors are limited by network.
  if ('visitor_hash' in owner) await ctx.throttle.take(visitorItemLimit, networkOf(ctx.peer?.ip), new_items.length);
  const cleaned = new_items.map(normalizeNewItem);
  const added = await inTransaction(ctx.db, async (tx) => {
    const cart = await lockAndResolve(tx, owner, cleaned);
    const at = ctx.clock.now();
    const { present_items, resolved, remembered, user } = cart;
    const single = remembered === null && resolved.length === 1 ? resolved[0] : undefined;
    if (!single || present_items.some(({ plan_id }) => plan_id === single.plan.id))
      return addSeveral(tx, ctx, owner, cart, at);
    const item = await addSingle(tx, owner, single, at);
    return item && [{ ...item, user: user ?? null }];
  });
  return added ?? addAgain(ctx, owner, cleaned);
}

/** A concurrent request added the only item behind the lock of this one. */
function addAgain(ctx: Context, owner: CartOwner, cleaned: readonly NewCartItem[]): Promise<AddedItem[]> {
  return inTransaction(ctx.db, async (tx) => {
    const cart = await lockAndResolve(tx, owner, cleaned);
    return addSeveral(tx, ctx, owner, cart, ctx.clock.now());
  });
}

interface ResolvedCart {
  present_items: readonly CartItem[];
  resolved: readonly ResolvedItem[];
  user: User | undefined;
  /** Remembered code of the owner. */
  remembered: string | null;
}

/** Locks the items of a cart, and loads and checks those that are added. */
async function lockAndResolve(tx: Tx, owner: CartOwner, cleaned: readonly NewCartItem[]): Promise<ResolvedCart> {
  const [present_items, { wanted_plans, user, remembered, plans_present }] = await runInOrder(
    tx,
    additionLock(owner),
    together({
      wanted_plans: plansBySlug(
        tx,
        cleaned.map((new_item) => new_item.plan),
      ),
      user: ownerPart(tx, owner),
      remembered: rememberedCode(owner),
      open_items: openItems(owner),
      plans_present: plansById(fragment`select plan_id from open_items where claim_id is null`),
    }),
  );
  const resolved = cleaned.map((new_item) => resolveNewItem(new_item, wanted_plans.get(new_item.plan)));
  await requireReachable(tx, cleaned);
  if (countItems(present_items, resolved) > itemsMax(owner)) throw billingProblems.cart_full();
  requireOneCurrency(plans_present, resolved);
  return { present_items, resolved, user, remembered };
}

/** Returns the number of items of a cart after an addition, which updates the items that the cart has. */
function countItems(present_items: readonly CartItem[], resolved: readonly ResolvedItem[]): number {
  const own = present_items.filter(({ claim_id }) => claim_id === null);
  const identities = new Set(own.map(itemIdentity));
  for (const { new_item, plan, use } of resolved) {
    const { sync_on = null } = new_item;
    identities.add(itemIdentity({ plan_id: plan.id, use_charge_id: use?.id ?? null, sync_on }));
  }
  return present_items.length - own.length + identities.size;
}

/** Adds items of which the cart may have some, and applies the remembered code. */
async function addSeveral(
  tx: Tx,
  ctx: Context,
  owner: CartOwner,
  { resolved, user, remembered }: ResolvedCart,
  at: Date,
): Promise<AddedItem[]> {
  const wanted = resolved.map(({ new_item, plan, use }) => {
    const { option, quantity, full_name, email } = new_item;
    const given = { option, quantity, full_name, email };
    return { ...given, plan_id: plan.id, use_charge_id: use?.id ?? null, sync_on: new_item.sync_on || null };
  });
  const upserted = await upsertCartItems(tx, owner, wanted, at);
  const ids = new Set(upserted.map(({ item }) => item.id));
  if (remembered !== null) await applyCode(tx, owner, remembered, at, ids);
  const items = (await lockCartItems(tx, owner)).filter(({ id }) => ids.has(id));
  const offers = await findItemOffers(tx, owner, items, at);
  const changed = new Set(upserted.flatMap(({ item, is_new }) => (is_new ? [] : [item.id])));
  const recorded = isOwn(ctx, owner) ? offers : offers.filter(({ item }) => !changed.has(item.id));
  await recordShownOffers(tx, owner, recorded, at);
  const byId = new Map(offers.map((offer) => [offer.item.id, offer]));
  return upserted.map((each, index) => {
    const plan = resolved[index]?.plan;
    assert(plan, 'an item for each that was resolved');
    const offer = byId.get(each.item.id);
    const detail = offer ? describeOffer(offer) : '';
    const trial_available = offer?.trial != null;
    return { ...each, plan, item: offer?.item ?? each.item, detail, trial_available, user: user ?? null };
  });
}

const userOf = queryFragment((reader, id: UserId) => selectUsers(reader).where('users.id', '=', id));

/** Part that finds the user who owns a cart; null for the cart of a visitor. */
function ownerPart(reader: Reader, owner: CartOwner): Part<User | undefined> | null {
  if (!('user_id' in owner)) return null;
  return {
    query: userOf(reader, owner.user_id),
    read: (rows) => readRows<User>(rows, ['created_at', 'last_login_at', 'email_verified_at', 'phone_verified_at'])[0],
  };
}

/** Adds the only item of a request in one statement and commits; undefined, with nothing added, if the cart has it. */
async function addSingle(
  tx: Tx,
  owner: CartOwner,
  { new_item, plan, use }: ResolvedItem,
  at: Date,
): Promise<Omit<AddedItem, 'user'> | undefined> {
  const row = {
    plan_id: plan.id,
    use_charge_id: use?.id ?? null,
    sync_on: new_item.sync_on || null,
    option: new_item.option ?? 0,
    quantity: new_item.quantity ?? 0,
    full_name: new_item.full_name ?? '',
    email: new_item.email ?? null,
    created_at: at,
  };
  const has_trial = (await findOpenTrials(tx, owner, [plan])).has(plan.id);
  // The offer does not depend on the id, which the statement puts into the key of the shown line.
  const draft = { ...row, id: 0 as CartItemId, user_id: null, coupon_id: null, claim_id: null };
  const { key: _, ...shown } = buildShownItem(offerItem(draft, plan, null, at, { has_trial }));
  const item = await insertShownItem(tx, owner, row, shown);
  if (!item) return undefined;
  const offer = offerItem(item, plan, null, at, { has_trial });
  return { item, plan, is_new: true, trial_available: offer.trial !== null, detail: describeOffer(offer) };
}

function isOwn({ actor }: Context, owner: CartOwner): boolean {
  return 'visitor_hash' in owner || (actor.kind === 'user' && actor.user_id === owner.user_id);
}

function normalizeNewItem(new_item: NewCartItem): NewCartItem {
  return {
    ...new_item,
    plan: normalizeCode(new_item.plan),
    ...(new_item.use ? { use: normalizeCode(new_item.use) } : {}),
    ...(new_item.sync_on ? { sync_on: normalizeHandle(new_item.sync_on) } : {}),
    ...(new_item.email ? { email: normalizeHandle(new_item.email) } : {}),
  };
}

function resolveNewItem(new_item: NewCartItem, plan: Plan | undefined): ResolvedItem {
  if (!plan?.is_active) throw invalidInput({ plan: [`Plan '${new_item.plan}' does not exist or is inactive.`] });
  if (plan.is_not_priced)
    throw invalidInput({ plan: ['This plan has no price. Contact the provider to subscribe to it.'] });
  if (new_item.use === undefined || new_item.use === null || new_item.use === '') {
    const refusal = refuseSoldQuantity(plan, new_item.quantity ?? 0);
    if (refusal !== null) throw invalidInput({ quantity: [refusal] });
    return { new_item, plan, use: null };
  }
  const use = findUseCharge(plan, new_item.use);
  if (!use) throw invalidInput({ use: [`UseCharge '${new_item.use}' does not exist or is inactive.`] });
  return { new_item, plan, use };
}

function requireOneCurrency(plans_present: ReadonlyMap<PlanId, Plan>, resolved: readonly ResolvedItem[]): void {
  // The cart shows no withdrawn plan: its currency does not count.
  const offered = [...plans_present.values()].filter((plan) => plan.is_active && !plan.is_not_priced);
  const units = new Set([...offered, ...resolved.map(({ plan }) => plan)].map((plan) => plan.unit));
  if (units.size > 1)
    throw billingProblems.currency_mixed({
      detail: `A cart has one currency. This item would mix ${[...units].join(' and ')}.`,
    });
}
