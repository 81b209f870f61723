import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createPlan, type Plan } from '#catalog';
import { postEvent } from '#ledger';
import type { UserId } from '#platform/db/db-schema';
import {
  createOrganization,
  findAgreement,
  findRoleType,
  insertRole,
  insertRoleType,
  type Profile,
  upsertSignature,
} from '#profiles';
import { openOrExtend, subscriptionSubject } from '#subscriptions';
import { type TestContext, signedIn, testContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser } from '../../../test/support/factories/accounts.ts';
import { orderEntry } from '../../../test/support/factories/ledger.ts';
import { inTransaction } from '../../platform/db/database.ts';
import { loadCaller } from './load-callers.ts';
import { collectFacts } from './collect-facts.ts';
import { decideWith, noMemory } from './fact.ts';
import { operators } from '../rules/operators.ts';
import type { RuleParams } from '../rules/rule-params.ts';

let database: TestDatabase;
let ctx: TestContext;
let provider: Profile;
let customer: Profile;
let plan: Plan;
const users = new Map<string, { id: UserId; username: string }>();

const settings = { provider_grace_days: 90 };

/** Returns the code of the refusal of an operator for a user, or null if it grants. */
async function ask(op: number, username: string, params: RuleParams, is_read = true): Promise<string | null> {
  const user = users.get(username);
  const operator = operators[op];
  assert.ok(user && operator);
  const caller = await loadCaller(ctx, user.id);
  const caller_ctx = { ...ctx, actor: signedIn(user) };
  const question = { operator, params, caller, is_read };
  const facts = await decideWith(noMemory, (read) => collectFacts(read, caller_ctx, settings, question));
  return operator.decide(facts, params)?.kind ?? null;
}

async function giveRole(
  username: string,
  profile: Pick<Profile, 'id'>,
  slug: string,
  { is_agreed = true, grant_key = null }: { is_agreed?: boolean; grant_key?: string | null } = {},
): Promise<void> {
  const user = users.get(username);
  assert.ok(user);
  await inTransaction(ctx.db, async (tx) => {
    const type = await findRoleType(tx, profile.id, slug);
    assert.ok(type);
    const at = ctx.clock.now();
    const accepted_at = is_agreed ? at : null;
    const role = { user_id: user.id, profile_id: profile.id, role_type_id: type.id, grant_key, accepted_at };
    await insertRole(tx, role, at);
  });
}

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  const at = ctx.clock.now();
  for (const username of ['paula', 'pete', 'mia', 'sam', 'ned', 'invited', 'otto']) {
    const user = await makeUser(ctx.db, { username, ...(username === 'ned' ? { password: null } : {}) });
    users.set(username, user);
  }
  const manager = (name: string) => users.get(name) ?? null;
  await inTransaction(ctx.db, async (tx) => {
    provider = await createOrganization(
      tx,
      { slug: 'vendor', manager: manager('paula'), fields: { full_name: 'Vendor', is_provider: true } },
      at,
    );
    customer = await createOrganization(
      tx,
      { slug: 'acme', manager: manager('mia'), fields: { full_name: 'Acme' } },
      at,
    );
    await insertRoleType(tx, { slug: 'auditor', profile_id: customer.id, title: 'Auditor', otp_required: true }, at);
  });
  await giveRole('pete', provider, 'contributor');
  await giveRole('otto', customer, 'auditor');
  await giveRole('invited', customer, 'contributor', { is_agreed: false, grant_key: 'a'.repeat(40) });
  plan = await createPlan(
    ctx,
    provider.id,
    { slug: 'gold', title: 'Gold', period_amount: 2000, period_type: 'monthly', unit: 'usd', is_active: true },
    'broker',
  );
});

after(() => database.close());

const acme = { profile: 'acme' };

test('users with a role on a profile pass, users without role or with an ended role do not', async () => {
  assert.equal(await ask(3, 'mia', acme), null);
  assert.equal(await ask(3, 'sam', acme), 'role_required');
  assert.equal(await ask(3, 'invited', acme), 'role_required');
  assert.equal(await ask(3, 'otto', acme), 'role_required');
  assert.equal(await ask(4, 'otto', { ...acme, roledescription: 'auditor' }, false), null);
});

test('a provider has no access before the subscription, full access during it, and reads for 90 days after it', async () => {
  assert.equal(await ask(6, 'paula', acme), 'role_required');
  const at = ctx.clock.now();
  const { subscription } = await inTransaction(ctx.db, (tx) =>
    openOrExtend(tx, { profile_id: customer.id, plan, periods_count: 1, at }),
  );
  assert.equal(await ask(8, 'paula', acme, false), null);
  assert.equal(await ask(7, 'pete', acme, false), null);
  assert.equal(await ask(6, 'pete', acme, false), 'role_required');
  assert.equal(await ask(10, 'pete', acme, false), null);
  assert.equal(await ask(18, 'paula', acme, false), 'role_required');
  assert.equal(await ask(13, 'paula', { user: 'mia' }, false), null);
  assert.equal(await ask(13, 'sam', { user: 'mia' }), 'role_required');

  ctx.clock.set(new Date(subscription.ends_at.getTime() + 86_400_000));
  assert.equal(await ask(8, 'paula', acme, true), null);
  assert.equal(await ask(8, 'paula', acme, false), 'role_required');
  ctx.clock.set(new Date(subscription.ends_at.getTime() + 91 * 86_400_000));
  assert.equal(await ask(8, 'paula', acme, true), 'role_required');
  assert.equal(await ask(16, 'mia', { ...acme, plan: 'gold' }), null);
  assert.equal(await ask(15, 'mia', { ...acme, plan: 'gold' }), 'subscription_required');
});

test('a role that its user did not accept makes no associate of that user', async () => {
  await giveRole('ned', customer, 'contributor', { is_agreed: false });
  for (const op of [12, 13, 14]) assert.equal(await ask(op, 'mia', { user: 'ned' }), 'role_required');
  assert.equal(await ask(12, 'mia', { user: 'otto' }), null, 'a user who accepted a role is an associate');
});

test('a subscription with an amount due requires payment until it is paid', async () => {
  const at = ctx.clock.now();
  const { subscription } = await inTransaction(ctx.db, (tx) =>
    openOrExtend(tx, { profile_id: customer.id, plan, periods_count: 1, at }),
  );
  const gold = { ...acme, plan: 'gold' };
  assert.equal(await ask(15, 'mia', gold), null);
  await inTransaction(ctx.db, (tx) =>
    postEvent(tx, {
      key: 'order:locked',
      kind: 'order',
      at,
      entries: [
        orderEntry({
          provider: provider.id,
          payer: customer.id,
          amount: 2000,
          subject: subscriptionSubject(subscription.id),
        }),
      ],
    }),
  );
  assert.equal(await ask(15, 'mia', gold), 'payment_required');
  assert.equal(await ask(16, 'mia', gold), null);
  assert.equal(await ask(15, 'paula', gold), null, 'the provider of the plan needs no subscription');
  assert.equal(await ask(15, 'mia', { ...acme, plan: 'lead' }), 'plan_unknown');
  assert.equal(await ask(15, 'mia', { profile: 'unknown', plan: 'gold' }), 'profile_unknown');
});

test('an agreement is required until it is signed, and again after it has changed', async () => {
  const sam = users.get('sam');
  assert.ok(sam);
  const sign = (at: Date) =>
    inTransaction(ctx.db, async (tx) => {
      const agreement = await findAgreement(tx, 'privacy');
      assert.ok(agreement);
      await upsertSignature(tx, { agreement, user_id: sam.id, ip: null, user_agent: null }, at);
    });
  const privacy = { agreement: 'privacy' };
  assert.equal(await ask(2, 'sam', privacy), 'agreement_required');
  await sign(ctx.clock.now());
  assert.equal(await ask(2, 'sam', privacy), null);
  await inTransaction(ctx.db, (tx) =>
    tx
      .updateTable('agreements')
      .set({ updated_at: new Date(ctx.clock.now().getTime() + 1000) })
      .where('slug', '=', 'privacy')
      .execute(),
  );
  assert.equal(await ask(2, 'sam', privacy), 'agreement_required');
  assert.equal(await ask(2, 'sam', { agreement: 'no-such' }), 'agreement_required');
});

test('a user without password, or without the second factor that a role requires, is not active', async () => {
  assert.equal(await ask(17, 'ned', {}), 'password_required');
  assert.equal(await ask(17, 'otto', {}), 'otp_required');
  assert.equal(await ask(17, 'sam', {}), null);
});

test('a deleted account has no facts', async () => {
  // An id that no sequence of the test reaches.
  assert.equal(await loadCaller(ctx, 2_000_000_000 as UserId), null);
});
