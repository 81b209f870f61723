import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#platform/db/database';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser } from '../../../test/support/factories/accounts.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { findScannedTables } from '../../../test/support/scanned-tables.ts';
import { findPeople } from './held-role-store.ts';

const PEOPLE_COUNT = 2_000;

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** Inserts users that each manage one profile. */
async function insertManagers(): Promise<void> {
  await sql`with people as (
      insert into users (username, email, full_name, created_at)
      select 'manager-' || n, 'manager-' || n || '@example.com', 'Manager', now() from generate_series(1, ${PEOPLE_COUNT}) n
      returning id, username
    ), managed as (
      insert into profiles (slug, full_name, email, created_at) select username, username, '', now() from people
      returning id, slug
    )
    insert into roles (user_id, profile_id, role_type_id, accepted_at, created_at)
    select people.id, managed.id, (select id from role_types where slug = 'manager' and profile_id is null), now(), now()
    from people join managed on managed.slug = people.username`.execute(database.db);
  await sql`analyze users, profiles, roles`.execute(database.db);
}

test('people are found with what they manage, without a scan of the roles of all users', async () => {
  const { broker_id } = ctx.site;
  await insertManagers();
  const buyer = await makeUser(database.db);
  const manager = await makeUser(database.db);
  const organization = await makeOrganization(database.db, { manager });
  const seller = await makeUser(database.db);
  const provider = await makeOrganization(database.db, { manager: seller, is_provider: true });
  const find = async (user_ids: UserId[], profile_ids: ProfileId[]) =>
    inTransaction(database.db, async (tx) => {
      const people = await findPeople(tx, { user_ids, profile_ids, broker_id });
      return { people, scanned: await findScannedTables(tx) };
    });
  const { people, scanned } = await find([buyer.id, seller.id], [organization.id]);
  assert.deepEqual(
    new Map(
      [...people].map(([id, { managed, is_seller }]) => [id, [managed.map((role) => role.profile_id), is_seller]]),
    ),
    new Map([
      [buyer.id, [[], false]],
      [seller.id, [[], true]],
      [manager.id, [[organization.id], false]],
    ]),
  );
  assert(provider.is_provider);
  assert.deepEqual(
    scanned.filter((table) => table === 'roles' || table === 'profiles' || table === 'users'),
    [],
  );
});
