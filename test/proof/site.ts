import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'kysely';
import type { User } from '#accounts';
import { inTransaction } from '../../src/platform/db/database.ts';
import { createOrganization, makeManager } from '#profiles';
import { linkKeyHash } from '../../src/platform/security/link-keys.ts';
import { apiClient, type TestResponse } from '../support/client.ts';
import { testContext } from '../support/context.ts';
import { park } from '#billing';
import { makeCoupon, makePlan } from '../support/factories/catalog.ts';
import { makeReadyUser } from '../support/factories/profiles.ts';
import { tokenOf } from '../support/sign-in.ts';
import type { TestApp } from '../support/start-app.ts';
import { Books } from './model/books.ts';
import { type Coupon, makeModel, type Model, type Plan } from './model/model.ts';
import { termsOf } from './outside.ts';

const TOKEN_MS_MAX = 10 * 86_400_000;
const DAY_MS = 86_400_000;

/** A charge as the commands name it: its lines by rank. */
export interface ChargeFact {
  key: string;
  customer: string;
  state: string;
  amounts: number[];
}

/** A write-off, an offline payment or an import. */
export interface AdjustmentFact {
  key: string;
  kind: string;
  provider: string;
  payer: string;
  unit: string;
  amount: number;
}

/** Callers of one sequence of commands: buyers, people without a verified address, a provider, the broker. */
export interface Site {
  app: TestApp;
  /** Codes of payment links, oldest first. */
  links: string[];
  /** Provider of a payment link. */
  sellerOf(code: string): Promise<string>;
  /** First ledger entry of this sequence. */
  first_entry: number;
  /** Sends a request of a user to a node; to the first one when omitted. */
  call(
    username: string,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    body?: unknown,
    via?: { node?: TestApp; headers?: Record<string, string> },
  ): Promise<TestResponse>;
  /** Username of the manager of a provider. */
  managerOf(provider: string): string;
  /** Codes that were sent to an address, oldest first. */
  codesFor(email: string): Promise<string[]>;
  /** Marks the address of a person as verified, or as not verified. */
  verify(email: string, is_verified: boolean): Promise<void>;
  findCharges(customers: readonly string[]): Promise<ChargeFact[]>;
  findAdjustments(payers: readonly string[]): Promise<AdjustmentFact[]>;
  /** Fails if a job fails, but for `may_fail`: jobs that call a processor whose calls fail on purpose. */
  moveClock(ms: number, may_fail?: readonly string[]): Promise<void>;
}

let sites_count = 0;

/** Makes the callers, plans and coupons of a sequence of commands, and the model of what they have. */
export async function makeSite(app: TestApp): Promise<{ site: Site; model: Model }> {
  sites_count += 1;
  // Guesses of coupon codes are limited by network, and all sequences come from one network.
  await app.db.deleteFrom('rate_limits').execute();
  const name = (role: string) => `${role}-${process.pid}-${sites_count}`;
  const { db } = app;
  const users = new Map<string, User>();
  const addUser = async (role: string, verified = true) => {
    const at = app.clock.now();
    const unverified = verified ? {} : { email_verified_at: null };
    const user = await makeReadyUser(db, { username: name(role), personal: true, at, ...unverified });
    users.set(user.username, user);
    return user;
  };
  const buyers: string[] = [];
  for (const role of ['xia', 'yan', 'zoe']) buyers.push((await addUser(role)).username);
  const people = new Map<string, string>();
  for (const role of ['ann', 'bob']) {
    const user = await addUser(role, false);
    assert(user.email, 'a person has an address');
    people.set(user.email, user.username);
    buyers.push(user.username);
  }
  // The model has no time, so that income is not recognised: `recognition.test.ts` compares it with a second program.
  await inTransaction(db, async (tx) => {
    for (const { id } of await tx.selectFrom('profiles').select('id').where('slug', 'in', buyers).execute())
      await park(tx, { profile_id: id, job: 'recognise_income', reason: 'The model has no time.' }, app.clock.now());
  });
  const managers = new Map<string, string>();
  const club = name('club');
  const [alice, donny] = [await addUser('alice'), await addUser('donny')];
  const broker = 'cowork';
  await inTransaction(db, async (tx) => {
    const fields = { full_name: club, is_provider: true };
    await createOrganization(tx, { slug: club, manager: alice, fields }, app.clock.now());
    const profile = await tx.selectFrom('profiles').selectAll().where('slug', '=', broker).executeTakeFirstOrThrow();
    await makeManager(tx, profile, donny, app.clock.now());
  });
  managers.set(club, alice.username).set(broker, donny.username);

  const catalog = await makeCatalog(app, { broker, club, suffix: `${process.pid}-${sites_count}` });
  const model = makeModel({
    now: app.clock.now().getTime(),
    broker,
    processor: 'stripe',
    terms: termsOf(app),
    buyers,
    people,
    ...catalog,
  });
  const site = connect(app, users, managers, await findLastEntry(app));
  await readFunds(app, model);
  return { site, model };
}

async function findLastEntry({ db }: TestApp): Promise<number> {
  const { rows } = await sql<{ id: string }>`select coalesce(max(id), 0)::text as id from ledger_entries`.execute(db);
  return Number(rows[0]?.id);
}

/** The funds of the profiles that all sequences share. The rest of the books starts at zero. */
async function readFunds({ db }: TestApp, model: Model): Promise<void> {
  const { rows } = await sql<{ slug: string; unit: string; amount: string }>`
    select slug, unit, sum(amount)::text as amount from ledger_balances balance
    join profiles on profiles.id = balance.profile_id
    where slug = ${model.broker} and account = 'Funds' group by slug, unit`.execute(db);
  model.books = new Books(new Map(rows.map(({ slug, unit, amount }) => [`${slug} Funds ${unit}`, Number(amount)])));
}

function connect(
  app: TestApp,
  users: ReadonlyMap<string, User>,
  managers: ReadonlyMap<string, string>,
  first_entry: number,
): Site {
  const tokens = new Map<string, { token: string; at: number }>();
  const tokenFor = async (username: string) => {
    const now = app.clock.now().getTime();
    const held = tokens.get(username);
    if (held && now - held.at < TOKEN_MS_MAX) return held.token;
    const user = users.get(username);
    assert(user, `no user ${username}`);
    const token = await tokenOf(app, user);
    tokens.set(username, { token, at: now });
    return token;
  };
  return {
    app,
    links: [],
    first_entry,
    async sellerOf(code) {
      const row = await app.db
        .selectFrom('payment_links')
        .innerJoin('profiles', 'profiles.id', 'payment_links.provider_id')
        .select('slug')
        .where('claim_code_hash', '=', linkKeyHash(code))
        .executeTakeFirstOrThrow();
      return row.slug;
    },
    call: async (username, method, url, body, { node = app, headers } = {}) =>
      apiClient(node, await tokenFor(username))(method, url, body, headers),
    managerOf(provider) {
      const username = managers.get(provider);
      assert(username, `no manager of ${provider}`);
      return username;
    },
    async codesFor(email) {
      await app.tollgate.worker.drain();
      const mails = app.tollgate.mailbox.list(email).filter(({ event }) => event === 'claim_code_generated');
      return mails.toReversed().flatMap(({ text }) => /[0-9a-f]{40}/.exec(text)?.[0] ?? []);
    },
    async verify(email, is_verified) {
      const email_verified_at = is_verified ? app.clock.now() : null;
      await app.db.updateTable('users').set({ email_verified_at }).where('email', '=', email).execute();
    },
    async findCharges(customers) {
      const { rows } = await sql<ChargeFact>`
        select processor_key as key, slug as customer, state,
          array(select amount::int from charge_items item where item.charge_id = charges.id order by rank) as amounts
        from charges join profiles on profiles.id = charges.profile_id
        where slug = any(${[...customers]}) order by charges.id`.execute(app.db);
      return rows;
    },
    async findAdjustments(payers) {
      const { rows } = await sql<AdjustmentFact>`
        select key, kind, provider.slug as provider, payer.slug as payer, unit, amount::int as amount from adjustments
        join profiles provider on provider.id = provider_id join profiles payer on payer.id = adjustments.profile_id
        where payer.slug = any(${[...payers]}) order by adjustments.id`.execute(app.db);
      return rows;
    },
    async moveClock(ms, may_fail = []) {
      const to = new Date(app.clock.now().getTime() + ms);
      const move = () => apiClient(app)('POST', '/_dev/clock', { now: to.toISOString() });
      let reply = await move();
      // One move runs at a time.
      for (let tries = 0; reply.status === 409 && tries < 3000; tries += 1) {
        await setTimeout(20);
        reply = await move();
      }
      // A concurrent move went further.
      if (reply.status === 400 && app.clock.now() > to) return;
      assert.equal(reply.status, 200, reply.text);
      const failed = reply.json<{ failed: { job: string }[] }>().failed.filter(({ job }) => !may_fail.includes(job));
      assert.deepEqual(failed, [], 'every job succeeds');
    },
  };
}

interface Sellers {
  broker: string;
  club: string;
  suffix: string;
}

/** Makes the plans and coupons at the site and in the model. */
async function makeCatalog(
  app: TestApp,
  { broker, club, suffix }: Sellers,
): Promise<{ plans: Plan[]; coupons: Coupon[] }> {
  const ctx = await testContext(app.db, { now: app.clock.now() });
  const idOf = async (slug: string) =>
    (await app.db.selectFrom('profiles').select('id').where('slug', '=', slug).executeTakeFirstOrThrow()).id;
  const ids = new Map([
    [broker, await idOf(broker)],
    [club, await idOf(club)],
  ]);
  const base = { unit: 'usd', setup: 0, period_type: 'monthly', period_length: 1, broker_bps: 0, advance: [] } as const;
  const advance = [
    { kind: 'percentage', value: 1234, length: 3 },
    { kind: 'period', value: 2, length: 12 },
  ] as const;
  const plans: Plan[] = [
    { ...base, slug: `basic-${suffix}`, provider: broker, amount: 2000 },
    { ...base, slug: `prepaid-${suffix}`, provider: broker, amount: 9000, setup: 300, advance },
    { ...base, slug: `club-${suffix}`, provider: club, amount: 17_999, broker_bps: 1000 },
    {
      ...base,
      slug: `weekly-${suffix}`,
      provider: club,
      amount: 700,
      period_type: 'weekly',
      period_length: 2,
      broker_bps: 3333,
    },
    { ...base, slug: `yen-${suffix}`, provider: club, amount: 123_400, unit: 'jpy', broker_bps: 500 },
    { ...base, slug: `free-${suffix}`, provider: club, amount: 0, period_type: 'yearly' },
  ];
  for (const plan of plans) {
    const made = await makePlan(ctx, {
      provider_id: ids.get(plan.provider) ?? assert.fail(),
      slug: plan.slug,
      title: plan.slug,
      period_amount: plan.amount,
      setup_amount: plan.setup,
      unit: plan.unit,
      period_type: plan.period_type,
      period_length: plan.period_length,
      // The model renews nothing.
      renewal_type: 'one-time',
      broker_fee_percent: plan.broker_bps,
      advance_discounts: plan.advance.map(({ kind, value, length }) => ({
        discount_type: kind,
        discount_value: value,
        length,
      })),
    });
    assert.equal(made.slug, plan.slug);
  }
  const coupons: Coupon[] = [
    { code: `HALF-${suffix}`, provider: broker, kind: 'percentage', value: 5000, plan: null, left: 3, ends_at: null },
    {
      code: `THIRD-${suffix}`,
      provider: club,
      kind: 'percentage',
      value: 3333,
      plan: null,
      left: null,
      ends_at: ctx.clock.now().getTime() + 60 * DAY_MS,
    },
    { code: `TEN-${suffix}`, provider: club, kind: 'currency', value: 1000, plan: null, left: 4, ends_at: null },
    {
      code: `MONTH-${suffix}`,
      provider: broker,
      kind: 'period',
      value: 1,
      plan: `prepaid-${suffix}`,
      left: 2,
      ends_at: null,
    },
    { code: `ALL-${suffix}`, provider: broker, kind: 'percentage', value: 10_000, plan: null, left: 2, ends_at: null },
  ];
  for (const { code, provider, kind, value, plan, left, ends_at } of coupons) {
    const only =
      plan === null
        ? null
        : await app.db.selectFrom('plans').select('id').where('slug', '=', plan).executeTakeFirstOrThrow();
    await makeCoupon(ctx, {
      profile_id: ids.get(provider) ?? assert.fail(),
      code,
      discount_type: kind,
      discount_value: value,
      plan_id: only && only.id,
      nb_attempts: left,
      ends_at: ends_at === null ? null : new Date(ends_at),
    });
  }
  return { plans, coupons };
}
