import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { pino } from 'pino';
import { authenticate, makeAccountsSettings, openSession, peekCaller, type User } from '#accounts';
import { makeThrottle } from '#platform/security/throttle';
import { type Database, inTransaction, openDatabase } from '#platform/db/database';
import { type FactReader, type Facts, makeFacts, noFacts } from '#platform/facts/facts';
import type { Access } from '#platform/http/guards/access';
import { makeDecideAccess, type Profile } from '#profiles';
import { findProviderTerms, providersAt } from '#subscriptions';
import { movableClock } from '../../src/platform/clock.ts';
import { findSite, makeSiteSource, type Site, updateSite } from '../../src/platform/site.ts';
import { ordinaryDay, testContext, type TestContext } from '../support/context.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { proxyDatabase } from '../support/database-proxy.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { subscribe } from '../support/factories/subscriptions.ts';
import { TEST_SECRET } from '../support/test-secret.ts';

const log = pino({ level: 'silent' });
const clock = movableClock(ordinaryDay);
const throttle = makeThrottle(() => performance.now());
const settings = makeAccountsSettings({
  secret_key: TEST_SECRET,
  throttle,
  password_length_min: 8,
  token_lifetime_s: 14 * 86_400,
  refresh_lifetime_s: 30 * 86_400,
  verification_lifetime_s: 86_400,
});
let database: TestDatabase;
let ctx: TestContext;
let site: Site;
/** A process with its own facts. On a PGlite both use the one connection of the database. */
interface Node {
  database: Database;
  facts: Facts;
}
let nodes: [Node, Node];

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  site = ctx.site;
  const second = database.url === null ? database : await openDatabase({ url: database.url });
  nodes = [database, second].map((each) => ({ database: each, facts: makeFacts({ database: each, log }) })) as [
    Node,
    Node,
  ];
  for (const { facts } of nodes) await untilTrusted(facts);
});
after(async () => {
  for (const { facts } of nodes) facts.close();
  if (nodes[1].database !== database) await nodes[1].database.close();
  await database.close();
});

async function untilTrusted(facts: Facts, is_trusted = true): Promise<void> {
  facts.start();
  for (const deadline = performance.now() + 10_000; facts.status().is_trusted !== is_trusted; await sleep(5))
    assert.ok(performance.now() < deadline, 'facts become usable, or unusable');
}

interface World {
  users: User[];
  profiles: Profile[];
  /** One per user: token and cookie of the same session. */
  sessions: { token: string; cookie_secret: string | null }[];
}

async function makeWorld(): Promise<World> {
  const { db } = database;
  const users = [await makeReadyUser(db), await makeReadyUser(db), await makeReadyUser(db)];
  const [customer, provider] = [await makeOrganization(db), await makeOrganization(db, { is_provider: true })];
  await subscribe(ctx, customer, await makePlan(ctx, { provider_id: provider.id }));
  const sessions = await inTransaction(db, (tx) =>
    Promise.all(users.map((user) => openSession(tx, settings, { user, kind: 'cookie', peer: null }, clock.now()))),
  );
  return { users, profiles: [customer, provider], sessions };
}

/** All answers of the guards about a world, from one source. */
async function readAnswers({ db }: Database, facts: FactReader, world: World): Promise<unknown> {
  const source = { db, clock, settings, facts };
  const decide = makeDecideAccess({
    facts,
    findProviderTerms,
    providersAt,
    findLead: async () => null,
    grace_days: 90,
    terms_required: true,
  });
  const answers: unknown[] = [(await makeSiteSource(facts, db).get()).title];
  for (const [index, user] of world.users.entries()) {
    const { token = '', cookie_secret = '' } = world.sessions[index] ?? {};
    answers.push(await authenticate(source, { authorization: `Bearer ${token}`, session_cookie: undefined }));
    answers.push(await authenticate(source, { authorization: undefined, session_cookie: cookie_secret ?? '' }));
    const ask = async (access: Access, params: Record<string, string>, method = 'GET') =>
      decide(db, clock, {
        access,
        actor: {
          kind: 'user',
          user_id: user.id,
          username: user.username,
          session_id: null,
          via: 'token',
          visitor_hash: null,
        },
        site,
        params,
        method,
      });
    for (const { slug } of world.profiles)
      for (const method of ['GET', 'PUT']) answers.push(await ask({ kind: 'provider' }, { profile: slug }, method));
    answers.push(await ask({ kind: 'active' }, {}), await ask({ kind: 'broker' }, {}));
    for (const { username } of world.users) answers.push(await ask({ kind: 'self' }, { user: username }));
  }
  return answers;
}

/** Writes by index of user and profile; each text changes something that some answer depends on. */
const writes: readonly ((world: World, index: number) => [text: string, values: unknown[]])[] = [
  ({ users }, index) => [
    `update sessions set ended_at = case when ended_at is null then created_at end where user_id = $1`,
    [users[index % 3]?.id],
  ],
  ({ users }, index) => ['update users set is_active = not is_active where id = $1', [users[index % 3]?.id]],
  ({ users }, index) => [
    `update users set password_hash = case when password_hash is null then 'x' end where id = $1`,
    [users[index % 3]?.id],
  ],
  ({ users, profiles }, index) => [
    `insert into roles (user_id, profile_id, role_type_id, created_at)
     select users.id, profiles.id, type.id, now() from users, profiles, role_types type
      where users.id = $1 and users.is_active and profiles.id = $2 and profiles.is_active and type.profile_id is null and type.slug = $3
     on conflict do nothing`,
    [
      users[index % 3]?.id,
      [...profiles.map(({ id }) => id), site.broker_id][index % 3],
      index % 2 ? 'manager' : 'contributor',
    ],
  ],
  ({ users }, index) => ['delete from roles where user_id = $1', [users[index % 3]?.id]],
  ({ profiles }, index) => ['update profiles set is_active = not is_active where id = $1', [profiles[index % 2]?.id]],
  ({ profiles }, index) => [`update profiles set slug = slug || 'x' where id = $1`, [profiles[index % 2]?.id]],
  ({ profiles }, index) => [
    `update subscriptions set created_at = created_at - interval '80 days', ends_at = ends_at - interval '80 days' where profile_id = $1`,
    [profiles[index % 2]?.id],
  ],
  ({ users }, index) => ['delete from signatures where user_id = $1', [users[index % 3]?.id]],
  () => [`update agreements set updated_at = updated_at + interval '1 second' where slug = 'terms-of-use'`, []],
  () => [
    `update agreements set slug = case slug when 'terms-of-use' then 'former' else 'terms-of-use' end where slug in ('terms-of-use', 'former')`,
    [],
  ],
  () => [`update role_types set otp_required = not otp_required where profile_id is null and slug = 'contributor'`, []],
  ({ users }, index) => [
    `insert into totp_factors (user_id, secret_sealed, created_at, confirmed_at) values ($1, 'x', now(), now())
     on conflict (user_id) do update set confirmed_at = case when totp_factors.confirmed_at is null then now() end`,
    [users[index % 3]?.id],
  ],
  (_world, index) => [`update sites set title = $1`, [`Title ${index}`]],
];

test('interleaved reads and writes of two processes give the answers of the database', async () => {
  const steps = fc.array(
    fc.record({ node: fc.nat(1), write: fc.nat(writes.length - 1), index: fc.nat(5), elsewhere: fc.boolean() }),
    { minLength: 10, maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const world = await makeWorld();
      for (const { node, write, index, elsewhere } of list) {
        const writer = nodes[node] ?? nodes[0];
        await writer.database.executeSql(...(writes[write]?.(world, index) ?? ['', []]));
        const expected = await readAnswers(database, noFacts, world);
        assert.deepEqual(await readAnswers(writer.database, writer.facts, world), expected, 'the process that wrote');
        if (!elsewhere) continue;
        const other = nodes[1 - node] ?? nodes[1];
        const deadline = performance.now() + 1_000;
        for (;;) {
          try {
            assert.deepEqual(await readAnswers(other.database, other.facts, world), expected, 'the other process');
            break;
          } catch (error) {
            if (performance.now() > deadline) throw error;
            await sleep(5);
          }
        }
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

test('expiry is compared at each use, with the clock of the site', async () => {
  const [{ facts, database: own }] = nodes;
  const world = await makeWorld();
  const [session] = world.sessions;
  assert.ok(session);
  const local = movableClock(clock.now());
  const source = { db: own.db, clock: local, settings, facts };
  const credentials = { authorization: `Bearer ${session.token}`, session_cookie: undefined };
  assert.notEqual(await authenticate(source, credentials), 'invalid');
  const peeked = peekCaller(source, credentials);
  assert.ok(typeof peeked === 'object' && peeked !== null, 'the caller is in memory');
  local.set(new Date(local.now().getTime() + 14 * 86_400_000));
  assert.equal(peekCaller(source, credentials), 'invalid');
  assert.equal(await authenticate(source, credentials), 'invalid');
});

test('repeated invalid tokens and unknown cookies store nothing', async () => {
  const [{ facts, database: own }] = nodes;
  const source = { db: own.db, clock, settings, facts };
  const before_count = facts.status().entries_count;
  for (let index = 0; index < 300; index += 1) {
    const cookie = `${index}`.padStart(43, 'x');
    assert.equal(await authenticate(source, { authorization: undefined, session_cookie: cookie }), null);
    assert.equal(
      await authenticate(source, { authorization: `Bearer a.b.${index}`, session_cookie: undefined }),
      'invalid',
    );
  }
  assert.ok(facts.status().entries_count <= before_count);
});

const skip = process.env['TEST_DATABASE_URL']
  ? false
  : 'a broken connection needs a PostgreSQL: TEST_DATABASE_URL is not set';

test(
  'facts are not used a second after the reads of changes stopped, and again after they work',
  { skip },
  async () => {
    const proxy = await proxyDatabase(database.url ?? '');
    const own = await openDatabase({ url: proxy.url });
    const facts = makeFacts({ database: own, log });
    try {
      await untilTrusted(facts);
      const source = makeSiteSource(facts, own.db);
      await source.get();
      assert.ok(source.peek());
      proxy.freeze(); // no connection is closed: no error reaches the process
      await proxy.blackhole();
      const frozen_ms = performance.now();
      await untilTrusted(facts, false);
      assert.ok(performance.now() - frozen_ms < 1_100);
      await inTransaction(database.db, (tx) => updateSite(tx, site.id, { title: 'Changed meanwhile' }));
      assert.equal(source.peek(), undefined);
      await proxy.restore();
      await untilTrusted(facts);
      assert.equal((await source.get()).title, 'Changed meanwhile');
      assert.equal((await findSite(database.db))?.title, 'Changed meanwhile');
    } finally {
      facts.close();
      await own.close();
      await proxy.disconnect();
    }
  },
);
