import { canonicalName } from '#kernel/slug';
import type { Clock } from '#platform/clock';
import { inTransaction, type Db, type Tx } from '#platform/db/database';
import { findSite, insertSite, type Site } from '#platform/site';
import { CONTRIBUTOR, insertAgreement, insertProfile, insertRoleType, MANAGER, TERMS_OF_USE } from '#profiles';
import { insertFirstRules } from '#gateway';
import { lockSetUp } from './set-up-store.ts';

export interface SetUp {
  slug: string;
  title: string;
  email: string;
  default_timezone?: string;
}

/**
 * Inserts the rows that every site needs: the broker's profile, the profile of the payment processor, the role types
 * `manager` and `contributor`, the agreements, and the first access rules. Returns an existing site unchanged.
 *
 * Sources: docs/spec/identity.md 1.1, docs/spec/gateway.md 1.2.
 */
export async function setUpSite(db: Db, clock: Clock, wanted: SetUp): Promise<Site> {
  const found = await findSite(db);
  if (found) return found;
  await inTransaction(db, (tx) => insertSiteRows(tx, clock.now(), wanted));
  const site = await findSite(db);
  if (!site) throw new Error('the site was not set up');
  return site;
}

async function insertSiteRows(tx: Tx, at: Date, wanted: SetUp): Promise<void> {
  const { title, email, default_timezone = 'UTC' } = wanted;
  const slug = canonicalName(wanted.slug);
  // Nodes that start together are serialized: the second one finds the site.
  await lockSetUp(tx);
  if (await findSite(tx)) return;
  const broker = await insertProfile(tx, { slug, full_name: title, email, default_timezone, is_provider: true }, at);
  await insertProfile(
    tx,
    { slug: slug === 'stripe' ? 'processor' : 'stripe', full_name: 'Payment processor', is_processor: true },
    at,
  );
  const site_id = await insertSite(tx, { slug, title, broker_id: broker.id }, at);
  await insertRoleType(tx, { slug: MANAGER, profile_id: null, title: 'Profile Manager' }, at);
  await insertRoleType(tx, { slug: CONTRIBUTOR, profile_id: null, title: 'Contributor' }, at);
  await insertAgreement(tx, { slug: TERMS_OF_USE, title: 'Terms of Use', updated_at: at });
  await insertAgreement(tx, { slug: 'privacy', title: 'Privacy', updated_at: at });
  await insertFirstRules(tx, site_id);
}
