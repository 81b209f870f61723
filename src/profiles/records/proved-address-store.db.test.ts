import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { User } from '#accounts';
import { findPersonalProfile, findProfileByEmail, findProfilesByHandles, updateProfileRow } from './profile-store.ts';
import type { Profile } from './profile.ts';
import { findRole, updateRole } from './role-store.ts';
import { inTransaction } from '#platform/db/database';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext } from '../../../test/support/context.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await testContext(database.db);
});
after(() => database.close());

/** Returns the slugs that an address finds, by each of the two functions. */
async function found(email: string): Promise<(string | undefined)[]> {
  const by_handle = (await findProfilesByHandles(database.db, [email])).get(email);
  return [(await findProfileByEmail(database.db, email))?.slug, by_handle?.slug];
}

async function person(username: string, email: string, is_verified: boolean): Promise<{ user: User; own: Profile }> {
  const sample = is_verified ? {} : { email_verified_at: null };
  const user = await makeReadyUser(database.db, { username, email, ...sample, personal: true });
  const own = await findPersonalProfile(database.db, user.id);
  assert.ok(own);
  return { user, own };
}

const setEmail = (profile: Profile, email: string) =>
  inTransaction(database.db, (tx) => updateProfileRow(tx, profile.id, { email }));

test('an address finds the profile of the user who verified it, case-insensitively', async () => {
  await person('ann', 'ann@corp.example', true);
  assert.deepEqual(await found('ANN@corp.example'), ['ann', 'ann']);
});

test('an unverified address finds neither a personal profile nor an organization', async () => {
  const { user } = await person('typist', 'ceo@corp.example', false);
  await makeOrganization(database.db, { slug: 'typed-org', email: 'ceo@corp.example', manager: user });
  await makeOrganization(database.db, { slug: 'unmanaged', email: 'ceo@corp.example' });
  assert.deepEqual(await found('ceo@corp.example'), [undefined, undefined]);
});

test('an address of a personal profile that differs from the verified one finds no profile', async () => {
  const { own } = await person('bill', 'bill@corp.example', true);
  await setEmail(own, 'wanted@corp.example');
  assert.deepEqual(await found('wanted@corp.example'), [undefined, undefined]);
});

test('an organization is found by the verified address of a manager who accepted the role', async () => {
  const { user: owner } = await person('cleo', 'cleo@corp.example', true);
  const maker = (await person('maker', 'maker@corp.example', true)).user;
  const org = await makeOrganization(database.db, { slug: 'made-up', email: 'cleo@corp.example', manager: maker });
  const own = await findPersonalProfile(database.db, owner.id);
  assert.ok(own);
  await setEmail(own, 'elsewhere@corp.example');
  assert.deepEqual(
    await found('cleo@corp.example'),
    [undefined, undefined],
    'the address that the creator entered is not verified',
  );

  await makeMember(database.db, org, owner, 'contributor');
  assert.deepEqual(
    await found('cleo@corp.example'),
    [undefined, undefined],
    'another role of the owner does not count',
  );
  await database.db.deleteFrom('roles').where('user_id', '=', owner.id).where('profile_id', '=', org.id).execute();

  await makeMember(database.db, org, owner, 'manager');
  assert.deepEqual(await found('cleo@corp.example'), ['made-up', 'made-up']);

  const role = await findRole(database.db, org.id, owner.id);
  assert.ok(role);
  for (const change of [
    { accepted_at: null },
    { accepted_at: role.accepted_at, grant_key: 'a'.repeat(40) },
    { grant_key: null, request_key: 'b'.repeat(40) },
  ]) {
    await inTransaction(database.db, (tx) => updateRole(tx, role.id, change));
    assert.deepEqual(await found('cleo@corp.example'), [undefined, undefined], JSON.stringify(change));
  }
});

test('an address finds the personal profile of its owner before an older organization', async () => {
  const { user } = await person('dora', 'dora@corp.example', true);
  const org = await makeOrganization(database.db, { slug: 'dora-org', email: 'dora@corp.example', manager: user });
  await database.db
    .updateTable('profiles')
    .set({ created_at: new Date('2020-01-01') })
    .where('id', '=', org.id)
    .execute();
  assert.deepEqual(await found('dora@corp.example'), ['dora', 'dora']);
});

test('the address of an archived user finds no profile', async () => {
  const { user } = await person('gone', 'gone@corp.example', true);
  await database.db.updateTable('users').set({ is_active: false }).where('id', '=', user.id).execute();
  assert.deepEqual(await found('gone@corp.example'), [undefined, undefined]);
});
