import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { createPlan } from '#catalog';
import { postEvent } from '#ledger';
import { createOrganization, findRoleType, insertRole, type Profile } from '#profiles';
import { findEntitlements, openOrExtend, subscriptionSubject } from '#subscriptions';
import { testContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser } from '../../../test/support/factories/accounts.ts';
import { orderEntry, paidEntry } from '../../../test/support/factories/ledger.ts';
import { inTransaction } from '../../platform/db/database.ts';
import { type Facts, makeFacts } from '../../platform/facts/facts.ts';
import { locksFact, namedUserFact, planFact, profileFact, providersFact } from './decision-facts.ts';
import { type Fact, type FactMemory, makeFactMemory } from './fact.ts';
import { callerFact, type KnownCaller } from './load-callers.ts';

let database: TestDatabase;
let facts: Facts;
let memory: FactMemory;
let ctx: Awaited<ReturnType<typeof testContext>>;
let customer: Profile;
let plan: Awaited<ReturnType<typeof createPlan>>;
let mia: Awaited<ReturnType<typeof makeUser>>;
let sam: typeof mia;

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  facts = makeFacts({ database, log: pino({ level: 'silent' }) });
  memory = makeFactMemory(facts);
  const at = ctx.clock.now();
  mia = await makeUser(ctx.db, { username: 'mia' });
  sam = await makeUser(ctx.db, { username: 'sam' });
  await inTransaction(ctx.db, async (tx) => {
    const fields = { full_name: 'Acme' };
    customer = await createOrganization(tx, { slug: 'acme', manager: mia, fields }, at);
  });
  const terms = { title: 'Gold', period_amount: 2000, period_type: 'monthly', unit: 'usd', is_active: true } as const;
  plan = await createPlan(ctx, ctx.site.broker_id, { slug: 'gold', ...terms }, 'broker');
  await inTransaction(ctx.db, (tx) => openOrExtend(tx, { profile_id: customer.id, plan, periods_count: 1, at }));
});

after(async () => {
  facts.close();
  await database.close();
});

/** Loads until the value is in memory: facts are kept once the first changes were read. */
async function keep<V extends object>(fact: Fact<V>): Promise<V> {
  for (;;) {
    const value = await memory.get(fact);
    assert.ok(value);
    if (memory.peek(fact) === value) return value;
  }
}

const changes: readonly (readonly [string, () => Promise<unknown>, (caller: KnownCaller) => unknown, unknown])[] = [
  [
    'a profile gets another name',
    () => ctx.db.updateTable('profiles').set({ full_name: 'Acme Inc' }).where('id', '=', customer.id).execute(),
    ({ session }) => session.roles['manager']?.[0]?.printable_name,
    'Acme Inc',
  ],
  [
    'a plan gets another slug',
    () => ctx.db.updateTable('plans').set({ slug: 'silver' }).where('id', '=', plan.id).execute(),
    ({ facts: { subscriptions } }) => subscriptions.map((each) => each.plan),
    ['silver'],
  ],
  [
    'a subscription ends',
    () => ctx.db.deleteFrom('subscriptions').where('profile_id', '=', customer.id).execute(),
    ({ subscriptions }) => subscriptions.length,
    0,
  ],
  [
    'the broker gets another address',
    () => ctx.db.updateTable('profiles').set({ email: 'b@example.com' }).where('id', '=', ctx.site.broker_id).execute(),
    ({ site }) => site.email,
    'b@example.com',
  ],
  [
    'a role is given',
    () =>
      inTransaction(ctx.db, async (tx) => {
        const type = await findRoleType(tx, customer.id, 'contributor');
        assert.ok(type);
        const at = ctx.clock.now();
        const role = { user_id: mia.id, profile_id: ctx.site.broker_id, role_type_id: type.id, accepted_at: at };
        await insertRole(tx, role, at);
      }),
    ({ roles }) => roles.length,
    2,
  ],
  [
    'a profile is archived',
    () => ctx.db.updateTable('profiles').set({ is_active: false }).where('id', '=', customer.id).execute(),
    ({ roles }) => roles.length,
    1,
  ],
  [
    'an archived profile is active again',
    () => ctx.db.updateTable('profiles').set({ is_active: true }).where('id', '=', customer.id).execute(),
    ({ roles }) => roles.length,
    2,
  ],
  [
    'the user loses the password',
    () => ctx.db.updateTable('users').set({ password_hash: null }).where('id', '=', mia.id).execute(),
    ({ facts: { has_password } }) => has_password,
    false,
  ],
];

for (const [title, change, valueOf, expected] of changes)
  test(`the facts of a caller are loaded again, and those of others kept, when ${title}`, async () => {
    const of_mia = callerFact(ctx, mia.id);
    const of_sam = callerFact(ctx, sam.id);
    await keep(of_mia);
    const kept = await keep(of_sam);
    await change();
    assert.equal(memory.peek(of_mia), undefined);
    assert.deepEqual(valueOf(await keep(of_mia)), expected);
    // Every caller has the name and the address of the broker in its session.
    if (!title.includes('broker')) assert.equal(memory.peek(of_sam), kept);
  });

test('named facts are loaded again when their rows change, and an absent one is not kept', async () => {
  const profile = profileFact(ctx, 'acme');
  const user = namedUserFact(ctx, 'MIA');
  const providers = providersFact(ctx, [customer.id]);
  for (const fact of [profile, user, providers]) await keep<object>(fact);
  await ctx.db.updateTable('profiles').set({ slug: 'acme2' }).where('id', '=', customer.id).execute();
  assert.equal(await memory.get(profile), null);
  assert.equal(memory.peek(user), undefined);
  assert.notEqual(memory.peek(providers), undefined);
  assert.equal(await memory.get(planFact(ctx, 'bronze')), null);
  await ctx.db.updateTable('plans').set({ slug: 'bronze' }).where('id', '=', plan.id).execute();
  assert.equal((await memory.get(planFact(ctx, 'bronze')))?.provider_id, ctx.site.broker_id);
});

test('what a subscription owes is loaded again when it is ordered and when it is paid', async () => {
  const at = ctx.clock.now();
  const payer = await inTransaction(ctx.db, (tx) =>
    createOrganization(tx, { slug: 'debtor', manager: sam, fields: { full_name: 'Debtor' } }, at),
  );
  const { subscription } = await inTransaction(ctx.db, (tx) =>
    openOrExtend(tx, { profile_id: payer.id, plan, periods_count: 1, at }),
  );
  const locks = locksFact(ctx, (await findEntitlements(ctx.db, [payer.id])).get(payer.id) ?? []);
  assert.equal((await keep(locks)).size, 0);
  const sale = { provider: ctx.site.broker_id, amount: 2000, subject: subscriptionSubject(subscription.id) };
  const post = (kind: string, entry: ReturnType<typeof orderEntry>) =>
    inTransaction(ctx.db, (tx) => postEvent(tx, { key: `${kind}:debtor`, kind, at, entries: [entry] }));
  await post('order', orderEntry({ ...sale, payer: payer.id }));
  assert.equal(memory.peek(locks), undefined);
  assert.deepEqual([...(await keep(locks))], [subscription.id]);
  await post('charge', paidEntry(sale));
  assert.equal(memory.peek(locks), undefined);
  assert.equal((await keep(locks)).size, 0);
});
