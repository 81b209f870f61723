import assert from 'node:assert/strict';
import { findProfileBySlug } from '#profiles';
import { apiClient, browserClient } from './client.ts';
import { testContext } from './context.ts';
import { testPassword } from './factories/accounts.ts';
import { makePlan } from './factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from './factories/profiles.ts';
import { tokenOf } from './sign-in.ts';
import type { TestApp } from './start-app.ts';

const names = ['gina', 'cora', 'paul', 'bea', 'boss'] as const;
type Name = (typeof names)[number];

export interface SharedCharge {
  /** Signed-in browsers of the people of the charge. */
  browsers: Record<Name, ReturnType<typeof browserClient>>;
  /** Key of the charge. */
  key: string;
  /** Orders plans for acme in one charge; returns its key. */
  buy(...plans: string[]): Promise<string>;
}

/**
 * Makes a charge with lines of two sellers: `acme` (manager boss) pays the monthly plan `gym-pass` of `gymclub`
 * (11.00; manager gina, contributor cora) and `pool-card` of `poolside` (manager paul). bea manages the broker.
 * The name of acme has markup.
 */
export async function makeSharedCharge(
  app: TestApp,
  { pool_card }: { pool_card: { period_amount: number; period_type?: 'monthly' | 'yearly' } },
): Promise<SharedCharge> {
  const { db } = app;
  const ctx = await testContext(db);
  const people = await Promise.all(
    names.map(async (username) => {
      const user = await makeReadyUser(db, { username });
      const browser = browserClient(app);
      await browser.get('/login/');
      await browser.post('/login/', { username, password: testPassword });
      return [username, { user, browser }] as const;
    }),
  );
  const { gina, cora, paul, bea, boss } = Object.fromEntries(people) as Record<Name, (typeof people)[number][1]>; // one entry for each name
  const broker = await findProfileBySlug(db, 'cowork');
  assert.ok(broker);
  await makeMember(db, broker, bea.user, 'manager');
  const acme = await makeOrganization(db, { slug: 'acme', manager: boss.user });
  await db.updateTable('profiles').set({ full_name: '<i>Acme</i> & "Co"' }).where('id', '=', acme.id).execute();
  const gym = await makeOrganization(db, { slug: 'gymclub', manager: gina.user, is_provider: true });
  await makeMember(db, gym, cora.user, 'contributor');
  const pool = await makeOrganization(db, { slug: 'poolside', manager: paul.user, is_provider: true });
  await makePlan(ctx, { provider_id: gym.id, title: 'Gym pass', period_amount: 1100 });
  await makePlan(ctx, { provider_id: pool.id, title: 'Pool card', ...pool_card });
  const call = apiClient(app, await tokenOf(app, boss.user));
  const buy = async (...plans: string[]): Promise<string> => {
    for (const plan of plans) assert.equal((await call('POST', '/api/cart', { plan })).status, 201);
    const paid = await call('POST', '/api/billing/acme/checkout', { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
    return String(paid.json()['processor_key']);
  };
  const key = await buy('gym-pass', 'pool-card');
  const browsers = {
    gina: gina.browser,
    cora: cora.browser,
    paul: paul.browser,
    bea: bea.browser,
    boss: boss.browser,
  };
  return { browsers, key, buy };
}
