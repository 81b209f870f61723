import { findSite, type Site } from '../../src/platform/site.ts';
import { inTransaction, type Db } from '../../src/platform/db/database.ts';

/**
 * Inserts the rows that every test needs and no verb makes: the site with its broker, the processor's profile,
 * the global role types and the agreements. Idempotent.
 */
export async function seedSite(db: Db, at: Date): Promise<Site> {
  const found = await findSite(db);
  if (found) return found;
  await inTransaction(db, async (tx) => {
    const [broker, processor] = await tx
      .insertInto('profiles')
      .values([
        {
          slug: 'cowork',
          full_name: 'Coworking Space',
          email: 'support@cowork.example.com',
          is_provider: true,
          default_timezone: 'America/Los_Angeles',
          created_at: at,
        },
        { slug: 'stripe', full_name: 'Payment processor', is_processor: true, created_at: at },
      ])
      .returning(['id', 'slug'])
      .execute();
    if (!broker || !processor) throw new Error('the profiles were not inserted');
    await tx
      .insertInto('names')
      .values([broker, processor].map(({ id, slug }) => ({ name: slug, profile_id: id })))
      .execute();
    await tx
      .insertInto('sites')
      .values({ slug: 'cowork', title: 'Cowork', broker_id: broker.id, created_at: at })
      .execute();
    await tx
      .insertInto('role_types')
      .values([
        { slug: 'manager', title: 'Profile Manager', created_at: at },
        { slug: 'contributor', title: 'Contributor', created_at: at },
      ])
      .execute();
    await tx
      .insertInto('agreements')
      .values([
        { slug: 'terms-of-use', title: 'Terms of Use', updated_at: at },
        { slug: 'privacy', title: 'Privacy', updated_at: at },
      ])
      .execute();
  });
  const site = await findSite(db);
  if (!site) throw new Error('the site was not inserted');
  return site;
}
