import { type RawBuilder, sql } from 'kysely';
import { canonicalName } from '#kernel/slug';
import type { ListQuery, Page } from '#kernel/page';
import type { AgreementId, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import { part, readTogether } from '#platform/db/together';
import { type Profile, selectProfileNames } from '../records/index.ts';
import type { Agreement } from './agreement.ts';

export async function findAgreement(reader: Reader, slug: string): Promise<Agreement | undefined> {
  return reader.selectFrom('agreements').selectAll().where('slug', '=', canonicalName(slug)).executeTakeFirst();
}

const withBroker = readTogether((reader, slug: string, broker_id: ProfileId) => ({
  agreements: part(reader.selectFrom('agreements').selectAll().where('slug', '=', slug), { updated_at: true }),
  brokers: part(selectProfileNames(reader).where('profiles.id', '=', broker_id), { created_at: true }),
}));

/** Finds an agreement together with the broker, which its text names. */
export async function findAgreementWithBroker(
  reader: Reader,
  slug: string,
  broker_id: ProfileId,
): Promise<{ agreement: Agreement; broker: Pick<Profile, 'slug' | 'full_name' | 'email'> } | undefined> {
  const { agreements, brokers } = await withBroker(reader, canonicalName(slug), broker_id);
  const [agreement] = agreements;
  const [broker] = brokers;
  return agreement && broker && { agreement, broker };
}

export async function findAgreementByTitle(reader: Reader, title: string): Promise<Agreement | undefined> {
  return reader.selectFrom('agreements').selectAll().where('title', '=', title).executeTakeFirst();
}

export const agreementList = defineList({
  search: { slug: 'agreements.slug', title: 'agreements.title' },
  sort: { slug: 'agreements.slug', title: 'agreements.title', updated_at: 'agreements.updated_at' },
  default_order: [{ column: 'agreements.title', descending: false }],
  tie_breaker: 'agreements.id',
});

export async function listAgreements(reader: Reader, list: ListQuery, url: URL): Promise<Page<Agreement>> {
  return listPage(reader, reader.selectFrom('agreements').selectAll(), agreementList, list, url);
}

/** Finds up to 200 agreements, in the order of titles. */
export async function findAllAgreements(reader: Reader): Promise<Agreement[]> {
  return reader.selectFrom('agreements').selectAll().orderBy('title').orderBy('id').limit(200).execute();
}

export async function findSignature(
  reader: Reader,
  agreement_id: AgreementId,
  user_id: UserId,
): Promise<{ last_signed: Date } | undefined> {
  return reader
    .selectFrom('signatures')
    .select('last_signed')
    .where('agreement_id', '=', agreement_id)
    .where('user_id', '=', user_id)
    .executeTakeFirst();
}

export async function findAgreementsBySlugs(reader: Reader, slugs: readonly string[]): Promise<Agreement[]> {
  if (slugs.length === 0) return [];
  return reader
    .selectFrom('agreements')
    .selectAll()
    .where('slug', 'in', [...slugs])
    .execute();
}

/** Inserts an agreement. Returns undefined if its slug or its title is taken. */
export async function insertAgreement(tx: Tx, agreement: Omit<Agreement, 'id'>): Promise<Agreement | undefined> {
  return tx
    .insertInto('agreements')
    .values(agreement)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

export async function updateAgreement(
  tx: Tx,
  id: AgreementId,
  change: Partial<Pick<Agreement, 'title' | 'updated_at'>>,
): Promise<Agreement> {
  return tx.updateTable('agreements').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
}

/** Deletes an agreement and, by the foreign key, its signatures. */
export async function deleteAgreement(tx: Tx, id: AgreementId): Promise<void> {
  await tx.deleteFrom('agreements').where('id', '=', id).execute();
}

export interface NewSignature {
  agreement: Agreement;
  user_id: UserId;
  ip: string | null;
  user_agent: string | null;
}

/** Records that a user signed the current version of an agreement; replaces an earlier signature. */
export async function upsertSignature(
  tx: Tx,
  { agreement, user_id, ip, user_agent }: NewSignature,
  at: Date,
): Promise<void> {
  const evidence = { last_signed: at, agreement_updated_at: agreement.updated_at, ip, user_agent };
  await tx
    .insertInto('signatures')
    .values({ agreement_id: agreement.id, user_id, ...evidence })
    .onConflict((conflict) => conflict.columns(['agreement_id', 'user_id']).doUpdateSet(evidence))
    .execute();
}

/**
 * Returns the condition that a signature covers the current version of its agreement.
 *
 * The arguments are names or aliases of the tables `signatures` and `agreements` in the query.
 */
export function validSignatureCondition(signature = 'signatures', agreement = 'agreements'): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${signature}.last_signed`)} >= ${sql.ref(`${agreement}.updated_at`)}`;
}

/** True if a user has signed the current version of an agreement, or if the site has no agreement with this slug. */
export async function hasSigned(reader: Reader, user_id: UserId, slug: string): Promise<boolean> {
  const row = await reader
    .selectFrom('agreements')
    .leftJoin('signatures', (join) =>
      join.onRef('signatures.agreement_id', '=', 'agreements.id').on('signatures.user_id', '=', user_id),
    )
    .select(sql<boolean>`coalesce(${validSignatureCondition()}, false)`.as('is_signed'))
    .where('agreements.slug', '=', slug)
    .executeTakeFirst();
  return row?.is_signed ?? true;
}

/** Deletes the signatures of a user. */
export async function deleteSignatures(tx: Tx, user_id: UserId): Promise<void> {
  await tx.deleteFrom('signatures').where('user_id', '=', user_id).execute();
}
