import { type Db, inTransaction, type Tx } from '../../db/database.ts';

/** Most forms kept for one browser; the oldest is replaced. */
const PER_BROWSER_MAX = 5;
/** Most forms kept at all: further ones are dropped. */
const ROWS_MAX = 2000;
const KEPT_MS = 15 * 60_000;

export interface KeptPostKey {
  browser_hash: string;
  path_hash: string;
}

export interface KeptPost extends KeptPostKey {
  owner_nonce: string;
  owner_tag: string;
  fields_sealed: string;
}

/** Inserts a form, or replaces the one of the same browser and page. Returns false when too many forms are kept. */
export async function insertKeptPost(db: Db, post: KeptPost, at: Date): Promise<boolean> {
  const row = { ...post, expires_at: new Date(at.getTime() + KEPT_MS) };
  return inTransaction(db, async (tx) => {
    const { count } = await tx
      .selectFrom('kept_posts')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) >= ROWS_MAX) return false;
    await tx
      .insertInto('kept_posts')
      .values(row)
      .onConflict((conflict) => conflict.columns(['browser_hash', 'path_hash']).doUpdateSet(row))
      .execute();
    await tx
      .deleteFrom('kept_posts')
      .where('browser_hash', '=', post.browser_hash)
      .where('path_hash', 'not in', ({ selectFrom }) =>
        selectFrom('kept_posts')
          .select('path_hash')
          .where('browser_hash', '=', post.browser_hash)
          .orderBy('expires_at', 'desc')
          .limit(PER_BROWSER_MAX),
      )
      .execute();
    return true;
  });
}

/** Deletes the form of a browser and page, and returns it unless it has expired: each is shown once. */
export async function takeKeptPost(db: Db, key: KeptPostKey, at: Date): Promise<KeptPost | null> {
  const row = await db
    .deleteFrom('kept_posts')
    .where('browser_hash', '=', key.browser_hash)
    .where('path_hash', '=', key.path_hash)
    .returningAll()
    .executeTakeFirst();
  return row === undefined || row.expires_at <= at ? null : row;
}

/** Deletes expired forms; run by a job. */
export async function deleteExpiredPosts(tx: Tx, at: Date, rows_max: number): Promise<number> {
  // Index: kept_posts_expiry.
  const deleted = await tx
    .deleteFrom('kept_posts')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('browser_hash', 'path_hash'),
        'in',
        selectFrom('kept_posts')
          .select(['browser_hash', 'path_hash'])
          .where('expires_at', '<=', at)
          .orderBy('expires_at')
          .limit(rows_max)
          .$asTuple('browser_hash', 'path_hash'),
      ),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Deletes every form: they are sealed, and their owners marked, with the master key. */
export async function deleteKeptPosts(tx: Tx): Promise<void> {
  await tx.deleteFrom('kept_posts').execute();
}
