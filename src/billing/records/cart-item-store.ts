import { canonicalName } from '#kernel/slug';
import { sql } from 'kysely';
import { selectNamedUsers, selectUsers, type User, userPart } from '#accounts';
import { type Plan, planPart, readPlan, selectPlans } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { CartItemId, PlanId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, type Fragment, fragment, verbatimFragment } from '#platform/db/fragment';
import { defineList, listPage } from '#platform/db/list';
import type { TextMatch } from '#platform/lists/list-search';
import { part, type Part, readRows, readTogether, runAndCommit } from '#platform/db/together';
import type { CartItem, CartOwner, WantedItem } from './cart-item.ts';
import { insertedShownLine } from './shown-line-store.ts';
import type { ShownLine } from './shown-line.ts';

const columns = [
  'id',
  'user_id',
  'plan_id',
  'use_charge_id',
  'coupon_id',
  'option',
  'quantity',
  'full_name',
  'email',
  'sync_on',
  'claim_id',
  'created_at',
] as const;
/** The columns of an item. */
export const itemColumns = verbatimFragment(columns.map((column) => `"${column}"`).join(', '));
/** The columns of an item, for a query with other tables. */
export const qualifiedItemColumns = columns.map((column) => `cart_items.${column}` as const);

export const cartItemList = defineList({
  search: {
    user__username: 'owner.username',
    user__first_name: 'owner.full_name',
    user__last_name: 'owner.full_name',
    user__email: 'owner.email',
  },
  sort: { username: 'owner.username', created_at: 'cart_items.created_at' },
  default_order: [{ column: 'cart_items.created_at', descending: false }],
  tie_breaker: 'cart_items.id',
  date: 'cart_items.created_at',
});

/** Lists the open items of users' carts: of all users, or of one. Indexes: cart_items_created_at, cart_items_user. */
export async function listCartItems(
  reader: Reader,
  username: string | null,
  list: ListQuery,
  url: URL,
): Promise<Page<CartItem>> {
  let query = reader
    .selectFrom('cart_items')
    .innerJoin(selectUsers(reader).as('owner'), 'owner.id', 'cart_items.user_id')
    .select(qualifiedItemColumns)
    .where('cart_items.recorded_at', 'is', null);
  if (username !== null) {
    query = query.where('owner.username', '=', canonicalName(username));
    return listPage(reader, query, cartItemList, list, url);
  }
  const keys = sql`(select id, username as value from ${selectUsers(reader)} as owner)`;
  const spec = {
    ...cartItemList,
    grouped: { username: [{ keys, scope: 'cart_items.user_id', is_unique: true }] },
    // Indexes: users_text, cart_items_user.
    candidates: (matches: TextMatch) => sql`
      select cart_items.id from cart_items where cart_items.recorded_at is null
        and cart_items.user_id in (${selectNamedUsers(matches)})`,
  } as const;
  const is_bounded = list.start_at !== null || list.ends_at !== null;
  // Of the index alone. A user with items cannot be deleted without them.
  const count = sql<{ count: number }>`select count(user_id) as count from cart_items
    where recorded_at is null and user_id is not null`;
  return listPage(reader, query, spec, list, url, { count: is_bounded ? null : count });
}

/** Selects the open items of a cart, oldest first. Index: cart_items_user, cart_items_visitor. */
export async function findCartItems(reader: Reader, owner: CartOwner): Promise<CartItem[]> {
  return executeFragment(
    reader,
    fragment<CartItem>`select ${itemColumns} from cart_items where ${openItemsOf(owner)} order by created_at, id`,
  );
}

/** Selects the open items of a cart FOR UPDATE, oldest first. */
export async function lockCartItems(tx: Tx, owner: CartOwner): Promise<CartItem[]> {
  const { query, read } = cartLock(owner);
  return read(await executeFragment(tx, query));
}

/** Statement that locks the open items of a cart like `lockCartItems`. */
export function cartLock(owner: CartOwner) {
  return {
    query: fragment<CartItem>`select ${itemColumns} from cart_items where ${openItemsOf(owner)}
      order by created_at, id for update`,
    read: (rows: readonly object[]) => rows as CartItem[], // the columns of the query
  };
}

/**
 * Statement that locks a cart for additions, also an empty one, then its open items like `lockCartItems`. Items that a
 * concurrent addition inserted while this one waited are seen by the next statement only.
 */
export function additionLock(owner: CartOwner) {
  const name = 'user_id' in owner ? `cart:user:${owner.user_id}` : `cart:visitor:${owner.visitor_hash}`;
  return {
    // A condition without columns is evaluated once, before the rows are looked up.
    query: fragment<CartItem>`select ${itemColumns} from cart_items
      where (select pg_advisory_xact_lock(hashtextextended(${name}, 0)) is not null) and ${openItemsOf(owner)}
      order by created_at, id for update`,
    read: (rows: readonly object[]) => rows as CartItem[], // the columns of the query
  };
}

/** Part that finds whether a cart has an open item. */
export function anyOpenItem(owner: CartOwner): Part<boolean> {
  return {
    query: fragment`select 1 as open_item from cart_items where ${openItemsOf(owner)} limit 1`,
    read: (rows) => rows.length > 0,
  };
}

/** Part of the open items of a cart, for parts behind it that name its columns `id`, `plan_id` and `claim_id`. */
export function openItems(owner: CartOwner): Part<void> {
  return { query: fragment`select id, plan_id, claim_id from cart_items where ${openItemsOf(owner)}`, read: null };
}

export async function findCartItem(reader: Reader, id: number): Promise<CartItem | undefined> {
  return reader
    .selectFrom('cart_items')
    .select(columns)
    .where(sql<boolean>`id = ${id}`)
    .where('recorded_at', 'is', null)
    .where('user_id', 'is not', null)
    .executeTakeFirst();
}

const itemWithNames = readTogether((reader, id: number) => {
  const items = reader
    .selectFrom('cart_items')
    .where(sql<boolean>`id = ${id}`)
    .where('recorded_at', 'is', null)
    .where('user_id', 'is not', null);
  return {
    items: part(items.select(columns), { created_at: true }),
    plans: planPart(selectPlans(reader).where('plans.id', 'in', items.select('plan_id'))),
    users: userPart(
      selectUsers(reader).where('users.id', 'in', items.select('user_id').$castTo<{ user_id: UserId }>()),
    ),
  };
});

/** Finds an open item of a user's cart with its plan and its user, in one statement. */
export async function findCartItemWithNames(
  reader: Reader,
  id: number,
): Promise<{ item: CartItem; plan: Plan; user: User | null } | undefined> {
  const { items, plans, users } = await itemWithNames(reader, id);
  const [item] = items;
  const [plan] = plans;
  return item && plan && { item, plan: readPlan(plan), user: users[0] ?? null };
}

/**
 * Inserts an item and its shown line in one statement and commits the transaction; undefined if the cart has an item
 * with the same plan, use and person.
 */
export async function insertShownItem(
  tx: Tx,
  owner: CartOwner,
  item: Required<Omit<WantedItem, 'email'>> & { email: string | null; created_at: Date },
  shown: Omit<ShownLine, 'key'>,
): Promise<CartItem | undefined> {
  const { user_id, visitor_hash } = { user_id: null, visitor_hash: null, ...owner };
  const { plan_id, use_charge_id, sync_on, option, quantity, full_name, email, created_at } = item;
  const { new_item } = await runAndCommit(tx, {
    new_item: {
      // Values, not JSON: what users type may contain halves of characters, which JSON refuses.
      query: fragment`insert into cart_items (user_id, visitor_hash, plan_id, use_charge_id, sync_on, option, quantity,
          full_name, email, created_at)
        values (${user_id}, ${visitor_hash}, ${plan_id}, ${use_charge_id}, ${sync_on}, ${option}, ${quantity},
          ${full_name}, ${email}, ${created_at})
        on conflict do nothing returning ${itemColumns}`,
      read: (rows) => readRows<CartItem>(rows, ['created_at'])[0],
    },
    shown_line: { query: insertedShownLine(owner, shown, item.created_at), read: null },
  });
  return new_item;
}

export async function updateCartItem(
  tx: Tx,
  id: CartItemId,
  change: Partial<Pick<CartItem, 'option' | 'quantity' | 'full_name' | 'email' | 'sync_on' | 'use_charge_id'>>,
): Promise<CartItem | undefined> {
  return tx
    .updateTable('cart_items')
    .set(change)
    .where('id', '=', id)
    .where('recorded_at', 'is', null)
    .returning(columns)
    .executeTakeFirst();
}

export async function deleteCartItems(
  tx: Tx,
  owner: CartOwner,
  filter: { plan_id?: PlanId; emails?: readonly string[]; kept: readonly CartItemId[]; seats_only?: boolean },
): Promise<CartItemId[]> {
  let query = whereOpen(tx.deleteFrom('cart_items'), owner);
  if (filter.kept.length > 0) query = query.where('id', 'not in', [...filter.kept]);
  if (filter.plan_id !== undefined) query = query.where('plan_id', '=', filter.plan_id);
  if (filter.seats_only === true) query = query.where('sync_on', 'is not', null).where('claim_id', 'is', null);
  const { emails } = filter;
  if (emails !== undefined) {
    query = query.where(sql<boolean>`(lower(email) = any(${emails}) or lower(sync_on) = any(${emails}))`);
  }
  const rows = await query.returning('id').execute();
  return rows.map(({ id }) => id);
}

/** Deletes at most `rows_max` visitor items created before an instant. Index: cart_items_created_at. */
export async function deleteVisitorItems(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('cart_items')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('cart_items')
        .select('id')
        .where('recorded_at', 'is', null)
        .where('visitor_hash', 'is not', null)
        .where('created_at', '<', before)
        .orderBy('created_at')
        .limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Deletes open items. */
export async function deleteOpenItems(tx: Tx, ids: readonly CartItemId[]): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .deleteFrom('cart_items')
    .where('id', 'in', [...ids])
    .where('recorded_at', 'is', null)
    .execute();
}

/**
 * Moves the open items of a browser to the cart of a user and returns their ids. Deletes an item if the user's cart
 * already has the same plan, use and person.
 */
export async function moveVisitorItems(tx: Tx, visitor_hash: string, user_id: UserId): Promise<CartItemId[]> {
  const moved = await sql<{ id: CartItemId }>`
    update cart_items item set user_id = ${user_id}, visitor_hash = null
    where item.visitor_hash = ${visitor_hash} and item.recorded_at is null and not exists (
      select 1 from cart_items own
      where own.user_id = ${user_id} and own.recorded_at is null and own.claim_id is null and own.plan_id = item.plan_id
        and coalesce(own.use_charge_id, 0) = coalesce(item.use_charge_id, 0)
        and lower(coalesce(own.sync_on, '')) = lower(coalesce(item.sync_on, '')))
    returning item.id`.execute(tx);
  await tx.deleteFrom('cart_items').where('visitor_hash', '=', visitor_hash).where('recorded_at', 'is', null).execute();
  return moved.rows.map(({ id }) => id);
}

/** Condition on the open items of one cart. */
export function openItemsOf(owner: CartOwner): Fragment {
  return 'user_id' in owner
    ? fragment`user_id = ${owner.user_id} and recorded_at is null`
    : fragment`visitor_hash = ${owner.visitor_hash} and recorded_at is null`;
}

/** Narrows a query over cart_items to the open items of one cart. */
function whereOpen<Q extends { where(...args: never[]): Q }>(query: Q, owner: CartOwner): Q {
  const narrow = query as unknown as { where(column: string, operator: string, value: unknown): typeof narrow }; // every builder over cart_items has these columns
  const owned =
    'user_id' in owner
      ? narrow.where('user_id', '=', owner.user_id)
      : narrow.where('visitor_hash', '=', owner.visitor_hash);
  return owned.where('recorded_at', 'is', null) as unknown as Q;
}
