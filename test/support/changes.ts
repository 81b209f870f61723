import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Insertable } from 'kysely';
import type { Coupon, Plan } from '#catalog';
import { fromSubjectColumns, subjectText } from '#ledger';
import type { PlansTable } from '#platform/db/db-schema';
import { apiClient, registerUser, type TestResponse } from './client.ts';
import type { TestContext } from './context.ts';
import { makeCoupon, makePlan } from './factories/catalog.ts';
import { registerBrokerManager, registerProvider } from './register-managers.ts';
import { runJob } from './run-job.ts';
import { startApp, type TestApp } from './start-app.ts';

// The site of the examples V1 to V46 (spec changes.md §12): provider and broker cowork, subscriber xia, plans by month.

/** Beginning of the subscriptions of the examples. */
export const BEGIN = '2026-01-10T10:00:00Z';
/** Half of the month that begins at BEGIN. */
export const H = '2026-01-25T22:00:00Z';

const SIGN_IN_S = 400 * 86_400;

export type Call = ReturnType<typeof apiClient>;
type PlanFields = Parameters<typeof makePlan>[1];
/** Columns of migration 0089 that a plan of an example sets. */
type PlanTerms = Partial<
  Pick<
    Insertable<PlansTable>,
    | 'upgrade_mode'
    | 'downgrade_mode'
    | 'crossgrade_mode'
    | 'tier'
    | 'pause_days_max'
    | 'trial_days'
    | 'trial_requires_card'
    | 'quantity_min'
    | 'quantity_max'
    | 'cancel_refund'
    | 'money_back_days'
  >
>;

const plans = {
  basic: { period_amount: 9000 },
  pro: { period_amount: 24_900 },
  lite: { period_amount: 2000 },
  mate: { period_amount: 9000 },
  plus: { period_amount: 9060 },
  team: { period_amount: 1000 },
  annual: { period_amount: 97_200, period_type: 'yearly' },
} as const satisfies Record<string, PlanFields>;

export interface ChangeSite {
  app: TestApp;
  ctx: TestContext;
  /** Manager of cowork, the provider and broker. */
  broker: Call;
  /** Manager of the profile xia. */
  xia: Call;
  /** Moves the clock. No job runs. */
  moveTo(instant: string): void;
  /** Moves the clock, and runs the jobs one after the other. */
  runAt(instant: string, ...jobs: string[]): Promise<void>;
  /** Creates a plan of the examples, or one with these fields. */
  plan(slug: string, fields?: PlanFields & PlanTerms): Promise<Plan>;
  coupon(fields?: Partial<Coupon>): Promise<Coupon>;
  /** Registers a further subscriber with a personal profile of that name. */
  register(name: string): Promise<Call>;
  /** Signs in again: sessions end after 14 days, also by a clock that is moved. */
  signIn(name: string): Promise<Call>;
  /** Registers a user who manages the provider of that name. */
  provider(slug: string): Promise<Awaited<ReturnType<typeof registerProvider>>>;
  /** Puts a plan into the cart and pays it with a card that stays on file. */
  buy(call: Call, payer: string, plan: string, wish?: BuyWish): Promise<TestResponse>;
  close(): Promise<void>;
}

interface BuyWish {
  option?: number;
  quantity?: number;
  coupon?: string;
  token?: string | null;
}

/** Starts an application of its own, with the clock at BEGIN. */
export async function startChanges(given: Parameters<typeof startApp>[0] = {}): Promise<ChangeSite> {
  // The sign-in of the callers outlasts the examples.
  const config = { token_lifetime_s: SIGN_IN_S, refresh_lifetime_s: SIGN_IN_S, ...given.config };
  const app = await startApp({ now: new Date(BEGIN), ...given, config });
  const ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  const broker = await registerBrokerManager(app, 'operator');
  const register = async (name: string) => apiClient(app, await registerUser(app, name));
  const moveTo = (instant: string) => app.clock.set(new Date(instant));
  return {
    app,
    ctx,
    broker,
    xia: await register('xia'),
    moveTo,
    async runAt(instant, ...jobs) {
      moveTo(instant);
      for (const job of jobs) await runJob(app.tollgate, job);
    },
    plan: (slug, fields = {}) => makeTermsPlan(ctx, slug, fields),
    coupon: (fields = {}) => makeCoupon(ctx, fields),
    register,
    async signIn(name) {
      const body = { username: name, password: 'correct horse 7' };
      const signed = await expectStatus(apiClient(app)('POST', '/api/auth', body), 200, 201);
      return apiClient(app, signed.json<{ token: string }>().token);
    },
    provider: (slug) => registerProvider(app, `${slug}-manager`, slug),
    async buy(call, payer, plan, { option, quantity, coupon, token = 'tok_visa' } = {}) {
      const item = {
        plan,
        ...(option === undefined ? {} : { option }),
        ...(quantity === undefined ? {} : { quantity }),
      };
      await expectStatus(call('POST', '/api/cart', item), 200, 201);
      if (coupon !== undefined) await expectStatus(call('POST', '/api/cart/redeem', { code: coupon }), 200);
      await expectStatus(call('GET', `/api/billing/${payer}/checkout`), 200);
      const body = token === null ? {} : { processor_token: token, remember_card: true };
      return expectStatus(call('POST', `/api/billing/${payer}/checkout`, body), 200, 201);
    },
    close: () => app.close(),
  };
}

/** Returns a response; fails the test unless it has one of the statuses. */
export async function expectStatus(response: Promise<TestResponse>, ...statuses: number[]): Promise<TestResponse> {
  const given = await response;
  assert.ok(statuses.includes(given.status), `expected ${statuses.join(' or ')}, got ${given.status}: ${given.text}`);
  return given;
}

const terms = [
  'upgrade_mode',
  'downgrade_mode',
  'crossgrade_mode',
  'tier',
  'pause_days_max',
  'trial_days',
  'trial_requires_card',
  'quantity_min',
  'quantity_max',
  'cancel_refund',
  'money_back_days',
] as const;

async function makeTermsPlan(ctx: TestContext, slug: string, given: PlanFields & PlanTerms): Promise<Plan> {
  const known: PlanFields = Object.hasOwn(plans, slug) ? plans[slug as keyof typeof plans] : {}; // an own key
  const columns = terms.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]] as const]));
  const fields = Object.fromEntries(Object.entries(given).filter(([name]) => !terms.includes(name as never)));
  const plan = await makePlan(ctx, { renewal_type: 'auto-renew', ...known, ...fields, title: slug });
  if (columns.length === 0) return plan;
  const set = Object.fromEntries(columns) as PlanTerms; // the columns that were given
  await ctx.db.updateTable('plans').set(set).where('id', '=', plan.id).execute();
  return { ...plan, ...set } as Plan; // values of the columns, as a plan has them
}

/**
 * Returns the events of the ledger that work posts, one text per event, in the notation of the specification: an id
 * holds until the next one is written. Ids are numbered in the order in which the ledger names them first.
 */
export async function eventsPostedBy(site: Pick<ChangeSite, 'app'>, work: () => Promise<unknown>): Promise<string[]> {
  const last = await site.app.db
    .selectFrom('ledger_events')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  await work();
  return (await readEvents(site)).flatMap(({ id, text }) => (id > (last?.id ?? 0) ? [text] : []));
}

/** Returns every event of the ledger as `eventsPostedBy` does. */
async function readEvents({ app }: Pick<ChangeSite, 'app'>): Promise<{ id: number; text: string }[]> {
  const entries = await app.db
    .selectFrom('ledger_entries as entry')
    .innerJoin('ledger_events as event', 'event.id', 'entry.ledger_event_id')
    .innerJoin('profiles as orig', 'orig.id', 'entry.orig_profile_id')
    .innerJoin('profiles as dest', 'dest.id', 'entry.dest_profile_id')
    .select(['event.id', 'event.kind', 'orig.slug as from', 'dest.slug as to'])
    .select(['entry.subject_kind', 'entry.subject_id', 'entry.subject_part'])
    .select(['orig_account', 'dest_account', 'dest_amount', 'dest_unit'])
    .orderBy('entry.id')
    .execute();
  const numberOf = numbering();
  const events = new Map<number, { subject: string; rows: string[] }>();
  for (const { id, from, to, ...entry } of entries) {
    const event = events.get(id) ?? { subject: '', rows: [] };
    const named = fromSubjectColumns(entry);
    const part =
      named?.part && /^[0-9]+$/.test(named.part) ? numberOf(`${named.kind} ${named.id}`, named.part) : named?.part;
    const subject = named
      ? subjectText({ kind: named.kind, id: numberOf(named.kind, named.id), part: part ?? null })
      : '';
    const unit = entry.dest_unit === 'usd' ? '' : ` ${entry.dest_unit}`;
    const row = `${from}:${entry.orig_account}→${to}:${entry.dest_account} ${entry.dest_amount}${unit}`;
    event.rows.push(subject === event.subject ? row : `\`${subject}\` ${row}`);
    events.set(id, { ...event, subject });
  }
  return [...events].map(([id, { rows }]) => ({ id, text: rows.join(' · ') }));
}

/** Numbers the ids of each kind in the order in which they appear. */
function numbering(): (kind: string, id: string) => string {
  const numbers = new Map<string, Map<string, string>>();
  return (kind, id) => {
    const known = numbers.get(kind) ?? new Map<string, string>();
    numbers.set(kind, known);
    const number = known.get(id) ?? String(known.size + 1);
    known.set(id, number);
    return number;
  };
}

/**
 * Returns the balances of profiles by account, without accounts of 0: `cowork Backlog -12450 Funds 8709 · xia Refunded
 * -9000`.
 */
export async function balancesOf({ app }: Pick<ChangeSite, 'app'>, ...slugs: string[]): Promise<string> {
  const rows = await app.db
    .selectFrom(
      sql<{ profile_id: number; account: string; amount: number }>`(
        select dest_profile_id as profile_id, dest_account as account, dest_amount as amount from ledger_entries
        union all
        select orig_profile_id, orig_account, -orig_amount from ledger_entries
      )`.as('side'),
    )
    .innerJoin('profiles', (join) => join.on(sql<boolean>`profiles.id = side.profile_id`))
    .select(['profiles.slug', 'side.account'])
    .select(sql<number>`sum(side.amount)::bigint`.as('amount'))
    .where('profiles.slug', 'in', slugs)
    .where('side.account', '!=', 'settled')
    .groupBy(['profiles.slug', 'side.account'])
    .having(sql<boolean>`sum(side.amount) <> 0`)
    .orderBy('side.account')
    .execute();
  return slugs
    .flatMap((slug) => {
      const own = rows.filter((row) => row.slug === slug).map(({ account, amount }) => `${account} ${amount}`);
      return own.length === 0 ? [] : [`${slug} ${own.join(' ')}`];
    })
    .join(' · ');
}

/** Returns what is due on the statement of a profile, as its manager sees it. */
export async function dueOf(call: Call, slug: string): Promise<number> {
  const balance = await expectStatus(call('GET', `/api/billing/${slug}/balance`), 200);
  return balance.json<{ balance_amount: number }>().balance_amount;
}

/** Returns what is left of each lot of credit, by its number, without lots that are used up. */
export async function lotsLeft({ app }: Pick<ChangeSite, 'app'>): Promise<string> {
  const lots = await app.db.selectFrom('credits').select(['id', 'balance']).orderBy('id').execute();
  return lots.flatMap(({ balance }, index) => (balance === 0 ? [] : [`lot ${index + 1} left ${balance}`])).join(' · ');
}
