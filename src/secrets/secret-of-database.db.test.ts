import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSessionKey, rotateSessionKey } from '#gateway';
import { seal } from '#platform/security/crypto';
import { findSite } from '#platform/site';
import { makeUser } from '../../test/support/factories/accounts.ts';
import { testContext, type TestContext } from '../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { ConfigError } from '../config.ts';
import { adoptSecret, requireSecretOfDatabase } from './secret-of-database.ts';

const FIRST = 'the first master key, which is long enough';
const SECOND = 'the second master key, which is long enough';
let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const requireSecret = (secret: string) => requireSecretOfDatabase(ctx.db, secret, ctx.clock.now());
const isRefused = (error: unknown) =>
  error instanceof ConfigError &&
  error.lines[0]?.startsWith('SECRET_KEY: ') === true &&
  /secret adopt/.test(error.message);
const keyOfSite = async (secret: string) => {
  const site = await findSite(ctx.db);
  assert.ok(site);
  return openSessionKey(site, secret);
};

test('a database from before fingerprints were stored refuses a key that does not open its session key', async () => {
  const key = await rotateSessionKey(ctx, FIRST);
  assert.equal(await keyOfSite(FIRST), key);
  await assert.rejects(requireSecret(SECOND), isRefused);
  const stored = await ctx.db.selectFrom('secret_fingerprints').select('id').execute();
  assert.deepEqual(stored, [], 'a refused key is not stored');
});

test('nodes that start together with different keys on a new database: one key becomes that of the database', async () => {
  const other = await openTestDatabase();
  const keys = [FIRST, SECOND, FIRST, SECOND];
  const outcomes = await Promise.allSettled(
    keys.map((secret) => requireSecretOfDatabase(other.db, secret, ctx.clock.now())),
  );
  const accepted = new Set(keys.filter((_key, i) => outcomes[i]?.status === 'fulfilled'));
  assert.equal(accepted.size, 1);
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2);
  await other.close();
});

test('a start with another key is refused; adopting it removes every sealed text', async () => {
  await requireSecret(FIRST);
  await requireSecret(FIRST);
  await assert.rejects(requireSecret(SECOND), isRefused);

  const user = await makeUser(ctx.db);
  const at = ctx.clock.now();
  const sealed = seal('JBSWY3DPEHPK3PXP', Buffer.alloc(32, 7));
  await ctx.db
    .insertInto('totp_factors')
    .values({ user_id: user.id, secret_sealed: sealed, created_at: at, confirmed_at: at })
    .execute();
  await ctx.db
    .insertInto('idempotency_records')
    .values({
      scope: 'user:1',
      key: 'k',
      fingerprint: 'f',
      state: 'done',
      status: 200,
      headers: '{}',
      body_sealed: sealed,
      created_at: at,
      locked_until: at,
      expires_at: at,
    })
    .execute();
  const removed = await adoptSecret(ctx.db, SECOND, at);
  assert.deepEqual(removed, { totp_factors_count: 1, session_keys_count: 1 });
  await requireSecret(SECOND);
  await assert.rejects(requireSecret(FIRST), isRefused);
  assert.notEqual(await keyOfSite(SECOND), await keyOfSite(FIRST));

  // Every column that holds sealed text is named so, also those of later migrations.
  const { rows: columns } = await database.executeSql(
    `select table_name, column_name from information_schema.columns where table_schema = 'public' and column_name like '%\\_sealed'`,
  );
  assert.ok(columns.length >= 4);
  for (const { table_name, column_name } of columns) {
    const { rows } = await database.executeSql(
      `select count(*)::int as count from "${String(table_name)}" where "${String(column_name)}" is not null`,
    );
    assert.deepEqual(rows, [{ count: 0 }], `adoptSecret leaves ${String(table_name)}.${String(column_name)}`);
  }
});
