import { waitUntilDelivered } from './backlog.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { onDatabase } from './on-database.ts';
import { insertPeople } from './people.ts';
import { clients } from './settings.ts';

export interface Buyer {
  username: string;
  token: string;
}

/** What the parts of the benchmark use; made once per database. */
export interface Seeded {
  /** Token of a manager of the site. */
  manager: string;
  /** Token of the user `reader`. */
  reader: string;
  buyers: readonly Buyer[];
}

export const PLAN = 'bench';
export const PEOPLE_COUNT = 2_000;
const PURCHASES_COUNT = 25;

/**
 * Migrates an empty database, seeds it and collects statistics: plans that PostgreSQL makes for empty tables would be
 * kept by the connections.
 */
export async function seedDatabase(database_url: string): Promise<Seeded> {
  const site = await startBenchSite(database_url);
  try {
    const seeded = await seed(site, database_url);
    await waitUntilDelivered(database_url);
    await analyze(database_url);
    return seeded;
  } finally {
    await site.stop();
  }
}

/**
 * Makes the manager, a plan, one reader, a buyer per client with some purchases, and other people.
 */
async function seed(site: BenchSite, database_url: string): Promise<Seeded> {
  const manager = await site.registerManager('seller');
  const reader = await site.register('reader');
  await site.call('POST', '/api/profile/tollgate/plans', manager, {
    slug: PLAN,
    title: 'Bench',
    description: 'Bench',
    is_active: true,
    period_amount: 2000,
    period_type: 'monthly',
  });
  await insertPeople(database_url, { template: 'reader', from: 0, count: PEOPLE_COUNT });
  const buyers = await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const username = `buyer-${index}`;
      return { username, token: await site.register(username) };
    }),
  );
  await Promise.all(
    buyers.map(async (buyer) => {
      for (let purchase = 0; purchase < PURCHASES_COUNT; purchase += 1) await buy(site, buyer);
    }),
  );
  return { manager, reader, buyers };
}

async function buy(site: BenchSite, { username, token }: Buyer): Promise<void> {
  await site.call('POST', '/api/cart', token, { plan: PLAN, option: 1 });
  const payment = { remember_card: false, processor_token: 'tok_bench' };
  await site.call('POST', `/api/billing/${username}/checkout`, token, payment);
}

/** Collects statistics; connections that were opened before keep their plans. */
export async function analyze(database_url: string): Promise<void> {
  await onDatabase(database_url, (client) => client.query('vacuum analyze'));
}
