import type { CartItemId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment, type Fragment } from '#platform/db/fragment';
import { insertion } from '#platform/db/insertion';
import { type Part, readRows } from '#platform/db/together';
import type { CartOwner } from './cart-item.ts';
import { itemKey, type ShownLine, type ShownScope } from './shown-line.ts';

/** Selects the shown lines of an owner by key. Index: shown_lines_place. */
export async function findShownLines(reader: Reader, owner: CartOwner, scope: ShownScope): Promise<ShownLine[]> {
  return reader
    .selectFrom('shown_lines')
    .select(['key', 'offer', 'due', 'coupon_id', 'coupon_ends_at'])
    .where(isOwnedBy(owner))
    .where('scope', '=', scope)
    .orderBy('key')
    .execute();
}

/** Part that finds shown lines, like `findShownLines`. */
export function shownLines(owner: CartOwner, scope: ShownScope): Part<ShownLine[]> {
  const query = fragment`select key, offer, due, coupon_id, coupon_ends_at from shown_lines
    where ${isOwnedBy(owner)} and scope = ${scope} order by key`;
  return { query, read: (rows) => readRows<ShownLine>(rows, ['coupon_ends_at']) };
}

/** Insert of the shown line of the item that the part `new_item` inserted. */
export function insertedShownLine(owner: CartOwner, shown: Omit<ShownLine, 'key'>, at: Date): Fragment {
  const { user_id, visitor_hash } = { user_id: null, visitor_hash: null, ...owner };
  return fragment`insert into shown_lines
      (user_id, visitor_hash, scope, key, offer, due, coupon_id, coupon_ends_at, shown_at)
    select ${user_id}::bigint, ${visitor_hash}::text, 'cart', 'item:' || id, ${shown.offer}::text, ${shown.due}::text,
      ${shown.coupon_id}::bigint, ${shown.coupon_ends_at}::timestamptz, ${at}::timestamptz
    from new_item on conflict do nothing`;
}

const line_columns = [
  'user_id',
  'visitor_hash',
  'scope',
  'key',
  'offer',
  'due',
  'coupon_id',
  'coupon_ends_at',
  'shown_at',
] as const;

/** Inserts or replaces lines of a response; other lines of the scope stay. */
export async function upsertShownLines(
  tx: Tx,
  owner: CartOwner,
  scope: ShownScope,
  lines: readonly ShownLine[],
  at: Date,
): Promise<void> {
  if (lines.length === 0) return;
  await deleteShownLines(
    tx,
    owner,
    scope,
    lines.map(({ key }) => key),
  );
  const rows = lines.map((line) => ({ user_id: null, visitor_hash: null, ...owner, scope, shown_at: at, ...line }));
  await executeFragment(tx, fragment`${insertion('shown_lines', line_columns, rows)} on conflict do nothing`);
}

/** Replaces all lines of a scope by those of a response. */
export async function replaceShownLines(
  tx: Tx,
  owner: CartOwner,
  scope: ShownScope,
  lines: readonly ShownLine[],
  at: Date,
): Promise<void> {
  await tx.deleteFrom('shown_lines').where(isOwnedBy(owner)).where('scope', '=', scope).execute();
  await upsertShownLines(tx, owner, scope, lines, at);
}

async function deleteShownLines(tx: Tx, owner: CartOwner, scope: ShownScope, keys: readonly string[]): Promise<void> {
  await tx
    .deleteFrom('shown_lines')
    .where(isOwnedBy(owner))
    .where('scope', '=', scope)
    .where(fragment<boolean>`key = any(${[...keys]}::text[])`)
    .execute();
}

/** Deletes the lines of cart items that their owner removed or ordered. */
export async function deleteShownItems(tx: Tx, owner: CartOwner, ids: readonly CartItemId[]): Promise<void> {
  if (ids.length > 0) await deleteShownLines(tx, owner, 'cart', ids.map(itemKey));
}

/** Deletes all shown lines of the owner of a cart. */
export async function deleteAllShownLines(tx: Tx, owner: CartOwner): Promise<void> {
  await tx.deleteFrom('shown_lines').where(isOwnedBy(owner)).execute();
}

/** Moves the lines of `moved` items from a browser to a user and deletes the browser's other lines. */
export async function moveShownLines(
  tx: Tx,
  visitor_hash: string,
  user_id: UserId,
  moved: readonly CartItemId[],
): Promise<void> {
  if (moved.length > 0) {
    await tx
      .updateTable('shown_lines')
      .set({ user_id, visitor_hash: null })
      .where(isOwnedBy({ visitor_hash }))
      .where(fragment<boolean>`key = any(${moved.map(itemKey)}::text[])`)
      .execute();
  }
  await tx.deleteFrom('shown_lines').where(isOwnedBy({ visitor_hash })).execute();
}

/** Deletes at most `rows_max` lines shown to visitors before an instant. Index: shown_lines_visitor. */
export async function deleteVisitorLines(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('shown_lines')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('shown_lines')
        .select('id')
        .where('visitor_hash', 'is not', null)
        .where('shown_at', '<', before)
        .orderBy('shown_at')
        .limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

function isOwnedBy(owner: CartOwner) {
  const user_id = 'user_id' in owner ? owner.user_id : 0;
  const visitor_hash = 'visitor_hash' in owner ? owner.visitor_hash : '';
  return fragment<boolean>`coalesce(user_id, 0) = ${user_id} and coalesce(visitor_hash, '') = ${visitor_hash}`;
}
