import { canonicalName } from '#kernel/slug';
import { sql } from 'kysely';
import type { Clock } from '#platform/clock';
import { inTransaction, type Db, type Tx } from '#platform/db/database';
import { findSite, type Site } from '#platform/site';
import { CONTRIBUTOR, insertAgreement, insertProfile, insertRoleType, MANAGER, TERMS_OF_USE } from '#profiles';
import { insertFirstRules } from '#gateway';

export interface SetUp {
  slug: string;
  title: string;
  email: string;
  default_timezone?: string;
}

/**
 * Makes the rows that a site stands on, once: the broker's profile, the one that stands for the payment processor, the role types
 * `manager` and `contributor`, the agreements, and the first access rules. A site that exists is left as it is.
 * @see spec/identity.md 1.1, spec/gateway-themes-pages.md 1.2
 */
export async function setUpSite(db: Db, clock: Clock, wanted: SetUp): Promise<Site> {
  const found = await findSite(db);
  if (found) return found;
  await inTransaction(db, (tx) => insertSite(tx, clock.now(), wanted));
  const site = await findSite(db);
  if (!site) throw new Error('the site was not set up');
  return site;
}

/** Lets one process at a time make what a new site needs. */
export async function lockSetUp(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('tollgate set-up', 0))`.execute(tx);
}

async function insertSite(tx: Tx, at: Date, wanted: SetUp): Promise<void> {
  const { title, email, default_timezone = 'UTC' } = wanted;
  const slug = canonicalName(wanted.slug);
  // Nodes that start together take turns; whoever comes second finds the site.
  await lockSetUp(tx);
  if (await findSite(tx)) return;
  const broker = await insertProfile(tx, { slug, full_name: title, email, default_timezone, is_provider: true }, at);
  await insertProfile(
    tx,
    { slug: slug === 'stripe' ? 'processor' : 'stripe', full_name: 'Payment processor', is_processor: true },
    at,
  );
  const { id } = await tx
    .insertInto('sites')
    .values({ slug, title, broker_id: broker.id, created_at: at })
    .returning('id')
    .executeTakeFirstOrThrow();
  await insertRoleType(tx, { slug: MANAGER, profile_id: null, title: 'Profile Manager' }, at);
  await insertRoleType(tx, { slug: CONTRIBUTOR, profile_id: null, title: 'Contributor' }, at);
  await insertAgreement(tx, { slug: TERMS_OF_USE, title: 'Terms of Use', updated_at: at });
  await insertAgreement(tx, { slug: 'privacy', title: 'Privacy', updated_at: at });
  await insertFirstRules(tx, id);
}
