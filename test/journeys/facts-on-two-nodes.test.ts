import assert from 'node:assert/strict';
import { after, before, test, type TestContext as Run } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { User } from '#accounts';
import { inTransaction } from '#platform/db/database';
import type { Profile } from '#profiles';
import { findSite, updateSite } from '../../src/platform/site.ts';
import { apiClient } from '../support/client.ts';
import { testContext, type TestContext } from '../support/context.ts';
import { next } from '../support/factories.ts';
import { testPassword } from '../support/factories/accounts.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { subscribe } from '../support/factories/subscriptions.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { tokenOf } from '../support/sign-in.ts';
import type { TestApp } from '../support/start-app.ts';
import { skipWithoutServer, startTwoNodes } from '../support/two-nodes.ts';

const skip = skipWithoutServer;
const BOUND_MS = 1_000;
const ROUNDS = 4;
let two: Awaited<ReturnType<typeof startTwoNodes>>;
let here: TestApp;
let there: TestApp;
let ctx: TestContext;

before(async () => {
  if (skip) return;
  two = await startTwoNodes({});
  [here, there] = two.nodes;
  ctx = await testContext(here.db);
});
after(() => two?.close());

/** A member of an organization that subscribed to a plan of a provider, with the manager of the provider. */
interface Sample {
  member: User;
  seller: User;
  token: string;
  seller_token: string;
  profile: Profile;
}

async function makeSample(): Promise<Sample> {
  const [member, seller] = [await makeReadyUser(here.db), await makeReadyUser(here.db)];
  const profile = await makeOrganization(here.db, { slug: next('customer') });
  await makeMember(here.db, profile, member, 'manager');
  const provider = await makeOrganization(here.db, { slug: next('seller'), manager: seller, is_provider: true });
  await subscribe(ctx, profile, await makePlan(ctx, { provider_id: provider.id, title: next('Plan') }));
  const [token, seller_token] = [await tokenOf(here, member), await tokenOf(here, seller)];
  return { member, seller, token, seller_token, profile };
}

const update = (text: string, values: unknown[]) => here.database.executeSql(text, values);
const statusOf = async (node: TestApp, authorization: string, url: string) =>
  (await node.http.inject({ url, headers: { authorization } })).statusCode;

/** Changes of facts with a request that is allowed before and refused after each. */
const changes: readonly {
  what: string;
  change: (sample: Sample) => Promise<unknown>;
  by?: 'seller';
  refused: number;
}[] = [
  {
    what: 'a session that was ended',
    change: ({ token }) => apiClient(here, token)('POST', '/api/auth/logout'),
    refused: 401,
  },
  {
    what: 'a role that was revoked',
    change: ({ member, profile }) =>
      update('delete from roles where user_id = $1 and profile_id = $2', [member.id, profile.id]),
    refused: 403,
  },
  {
    what: 'a subscription that ended a year ago',
    change: ({ profile }) =>
      update(
        `update subscriptions set created_at = created_at - interval '2 years', ends_at = created_at - interval '1 year' where profile_id = $1`,
        [profile.id],
      ),
    by: 'seller',
    refused: 403,
  },
  {
    what: 'a user who was archived',
    change: ({ member }) => update('update users set is_active = false where id = $1', [member.id]),
    refused: 401,
  },
  {
    what: 'a profile that was renamed',
    change: ({ profile }) => update('update profiles set slug = $1 where id = $2', [next('renamed'), profile.id]),
    refused: 403,
  },
  {
    what: 'a password that was removed',
    change: ({ member }) => update('update users set password_hash = null where id = $1', [member.id]),
    refused: 403,
  },
  {
    what: 'a signature that was deleted',
    change: ({ member }) => update('delete from signatures where user_id = $1', [member.id]),
    refused: 403,
  },
];

/** Returns the time until the other node refuses. */
async function measure({ change, by, refused, what }: (typeof changes)[number]): Promise<number> {
  const sample = await makeSample();
  const url = `/api/profile/${sample.profile.slug}/roles`;
  const authorization = `Bearer ${by === 'seller' ? sample.seller_token : sample.token}`;
  for (const node of [here, there, here, there]) assert.equal(await statusOf(node, authorization, url), 200, what);
  await change(sample);
  const began_ms = performance.now();
  assert.equal(await statusOf(here, authorization, url), refused, `${what}: next request of the same node`);
  while ((await statusOf(there, authorization, url)) === 200) {
    assert.ok(performance.now() - began_ms < BOUND_MS, `${what}: still allowed by the other node`);
    await sleep(2);
  }
  return performance.now() - began_ms;
}

function report(run: Run, what: string, delays: number[]): void {
  const sorted = delays.toSorted((left, right) => left - right);
  const [p50, max] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
  run.diagnostic(`${what}: p50 ${p50.toFixed(1)} ms, max ${max.toFixed(1)} ms`);
}

for (const change of changes) {
  test(
    `the next request of one node and the other node within a second refuse ${change.what}`,
    { skip },
    async (run) => {
      const delays: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) delays.push(await measure(change));
      report(run, change.what, delays);
    },
  );
}

test('a deleted API key is refused by both nodes', { skip }, async (run) => {
  const { token, profile } = await makeSample();
  const created = await apiClient(here, token)('POST', `/api/users/${(await whoOf(token)).username}/api-keys`, {
    title: 'key',
    password: testPassword,
  });
  assert.equal(created.status, 201, created.text);
  const secret = String(created.json()['secret']);
  const authorization = `Basic ${Buffer.from(`${secret}:`).toString('base64')}`;
  const url = `/api/profile/${profile.slug}`;
  for (const node of [here, there, here, there]) assert.equal(await statusOf(node, authorization, url), 200);
  await update('delete from api_keys where pub_key = $1', [secret.slice(0, 32)]);
  const began_ms = performance.now();
  assert.equal(await statusOf(here, authorization, url), 401);
  while ((await statusOf(there, authorization, url)) === 200) {
    assert.ok(performance.now() - began_ms < BOUND_MS);
    await sleep(2);
  }
  report(run, 'API key', [performance.now() - began_ms]);
});

async function whoOf(token: string): Promise<{ username: string }> {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return claims as { username: string }; // every token has this claim
}

test('the session key of the site changes on both nodes', { skip }, async (run) => {
  const site = await findSite(here.db);
  assert.ok(site);
  await Promise.all(two.nodes.map((node) => node.tollgate.site.get()));
  const delays: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const key = `sealed ${round}`;
    await inTransaction(here.db, (tx) => updateSite(tx, site.id, { session_key_sealed: key }));
    const began_ms = performance.now();
    assert.equal((await here.tollgate.site.get()).session_key_sealed, key);
    while ((await there.tollgate.site.get()).session_key_sealed !== key) {
      assert.ok(performance.now() - began_ms < BOUND_MS);
      await sleep(2);
    }
    delays.push(performance.now() - began_ms);
  }
  report(run, 'site', delays);
});

test('an access rule that was removed admits no caller on both nodes', { skip }, async (run) => {
  const operator = await registerBrokerManager(here, next('operator'));
  const delays: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = next('/area');
    const made = await operator('POST', '/api/proxy/rules', { rank: 0, path, allow: 0, is_forward: false });
    assert.equal(made.status, 201, made.text);
    // A rule that shows pages of the theme, of which there is none at this path.
    const ask = async (node: TestApp) => (await node.http.inject({ url: `${path}/page` })).statusCode;
    assert.equal(await ask(here), 404);
    while ((await ask(there)) !== 404) await sleep(2);
    const removed = await operator('DELETE', `/api/proxy/rules${path}`);
    assert.ok(removed.status < 300, removed.text);
    const began_ms = performance.now();
    assert.equal(await ask(here), 403, 'next request of the same node');
    while ((await ask(there)) !== 403) {
      assert.ok(performance.now() - began_ms < BOUND_MS, 'the other node still knows the rule');
      await sleep(2);
    }
    delays.push(performance.now() - began_ms);
  }
  report(run, 'access rule', delays);
});

test('revocation stays within a second when the listening connections are cut', { skip }, async (run) => {
  const [session] = changes;
  assert.ok(session);
  const delays: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const cutting = {
      ...session,
      change: async (sample: Sample) => {
        const { rows } = await here.database.executeSql(
          `select pg_terminate_backend(pid) as cut from pg_stat_activity
            where datname = current_database() and query like '/* facts */%'`,
        );
        assert.ok(rows.length >= 2, 'each node has a connection for changes');
        return session.change(sample);
      },
    };
    delays.push(await measure(cutting));
  }
  report(run, 'listeners cut', delays);
});
