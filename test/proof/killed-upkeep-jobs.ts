import assert from 'node:assert/strict';
import { type RawBuilder, sql } from 'kysely';
import { creditReturn } from '#billing';
import { verifyLedger } from '#ledger';
import { DEFAULT_PROCESSOR, makeProcessors, withdrawFunds } from '#payments';
import { sha256Hex } from '../../src/platform/security/crypto.ts';
import type { JobScene, JobWork } from './killed-job.ts';
import { DAY_MS, HOUR_MS, sell, wait } from './killed-job-scene.ts';

const none = () => Promise.resolve(undefined);

async function expectNumber({ site }: JobScene, expected: number, from: RawBuilder<unknown>): Promise<void> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${from}`.execute(site.app.db);
  assert.equal(rows[0]?.count, expected);
}

/** Withdraws funds of the broker, whose account needs no connection; notes the key of the processor. */
async function withdraw(scene: JobScene): Promise<void> {
  const { site, name, notes } = scene;
  await sell(scene);
  const { db, clock } = site.app;
  const processors = makeProcessors(DEFAULT_PROCESSOR, { db, clock, credit: creditReturn });
  const request = { amount: 700, unit: 'usd', key: sha256Hex(name) };
  await withdrawFunds({ ...site.ctx, clock, processors }, site.ctx.site.broker_id, request);
  const { processor_key } = await db
    .selectFrom('payouts')
    .select('processor_key')
    .where('key', '=', request.key)
    .executeTakeFirstOrThrow();
  notes.set('payout', processor_key ?? '');
}

const payoutEvents = ({ notes }: JobScene) =>
  sql`ledger_events where key in ('payout:' || ${notes.get('payout')}::text, 'payout:' || ${notes.get('payout')}::text || ':failed')`;

const payoutWork: readonly JobWork[] = [
  {
    job: 'finish_payouts',
    title: 'books the return of a payout',
    async prepare(scene) {
      await withdraw(scene);
      await sql`update test_processor_payouts set state = 'failed' where key = ${scene.notes.get('payout')}`.execute(
        scene.site.app.db,
      );
      wait(scene, HOUR_MS);
      return none();
    },
    check: (scene) => expectNumber(scene, 2, payoutEvents(scene)),
  },
  {
    job: 'reconcile_payouts',
    title: 'books a payout that the processor made',
    async prepare(scene) {
      await sell(scene);
      scene.notes.set('payout', `po_${scene.name}`);
      await sql`insert into test_processor_payouts (key, account, amount, unit, state, created_at)
        values (${`po_${scene.name}`}, '', 500, 'usd', 'paid', ${scene.site.app.clock.now()})`.execute(
        scene.site.app.db,
      );
      wait(scene, HOUR_MS);
      return none();
    },
    check: (scene) => expectNumber(scene, 1, payoutEvents(scene)),
  },
  {
    job: 'close_account',
    title: 'ends the access to an account',
    async prepare({ site, name }) {
      await sql`insert into test_processor_accounts (key, idempotency_key, name, created_at)
        values (${name}, ${name}, ${name}, ${site.app.clock.now()})`.execute(site.app.db);
      return { processor: DEFAULT_PROCESSOR, account: name };
    },
    check: (scene) => expectNumber(scene, 0, sql`test_processor_accounts where key = ${scene.name}`),
  },
  {
    job: 'forget_card',
    title: 'deletes a card at the processor',
    async prepare(scene) {
      await sell(scene);
      // A card that is on file stays at the processor.
      const { rows } = await sql<{ customer_key: string }>`delete from payment_methods
        where profile_id = (select id from profiles where slug = ${scene.name})
        returning customer_key`.execute(scene.site.app.db);
      const customer_key = rows[0]?.customer_key ?? assert.fail('the card was on file');
      scene.notes.set('customer', customer_key);
      return { processor: DEFAULT_PROCESSOR, account: '', customer_key };
    },
    check: (scene) => expectNumber(scene, 0, sql`test_processor_customers where key = ${scene.notes.get('customer')}`),
  },
  {
    job: 'update_customers',
    title: 'sends what changed at a profile to its customer',
    async prepare(scene) {
      await sell(scene);
      const { db } = scene.site.app;
      await sql`insert into processor_customers (profile_id, processor, customer_key, created_at)
        select profile_id, processor, customer_key, updated_at from payment_methods
        where profile_id = (select id from profiles where slug = ${scene.name})`.execute(db);
      await sql`update profiles set locality = 'Springfield' where slug = ${scene.name}`.execute(db);
      return none();
    },
    check: (scene) =>
      expectNumber(
        scene,
        1,
        sql`processor_customers where sent_count = 1 and changes_count = 1 and failures_count = 0
          and profile_id = (select id from profiles where slug = ${scene.name})`,
      ),
  },
];

const messageWork: readonly JobWork[] = [
  {
    job: 'sweep_processor_events',
    title: 'notes up to when the messages were listed',
    async prepare(scene) {
      await sell(scene);
      wait(scene, HOUR_MS);
      return none();
    },
    check: (scene) =>
      expectNumber(
        scene,
        1,
        sql`processor_cursors where processor = ${DEFAULT_PROCESSOR} and swept_at = ${scene.site.app.clock.now()}`,
      ),
  },
  {
    job: 'compare_missed_events',
    title: 'notes up to when the time of missed messages was compared',
    async prepare({ name, site }) {
      await sql`insert into processor_cursors (processor, account, swept_at, missed_from_at, missed_to_at)
        values (${DEFAULT_PROCESSOR}, ${name}, ${before}, ${before}, ${before}::timestamptz + interval '5 days')`.execute(
        site.app.db,
      );
      return none();
    },
    check: (scene) =>
      expectNumber(scene, 1, sql`processor_cursors where account = ${scene.name} and missed_from_at is null`),
  },
];

const figureWork: readonly JobWork[] = [
  {
    job: 'send_sales_reports',
    title: 'sends the report of a week once',
    async prepare(scene) {
      await sell(scene);
      const { clock } = scene.site.app;
      // Noon of the next Monday: the week ended in the zone of the provider.
      const days = (8 - clock.now().getUTCDay()) % 7 || 7;
      const monday = Math.floor(clock.now().getTime() / DAY_MS) * DAY_MS + days * DAY_MS + 12 * HOUR_MS;
      scene.site.moveTo(new Date(monday).toISOString());
      return none();
    },
    check: (scene) =>
      expectNumber(
        scene,
        1,
        sql`outbox_events where name = 'period_sales_report_created'
          and created_at > ${scene.site.app.clock.now()}::timestamptz - interval '1 day'`,
      ),
  },
  {
    job: 'seal_ledger',
    title: 'seals each event once',
    async prepare(scene) {
      await sell(scene);
      return none();
    },
    async check({ site }) {
      const { violations, chain } = await verifyLedger(site.app.db);
      assert.deepEqual([violations, chain.unsealed_count], [[], 0]);
    },
  },
  {
    job: 'verify_ledger',
    title: 'finds no violation',
    async prepare(scene) {
      await sell(scene);
      return none();
    },
    check: async ({ site }) => assert.deepEqual((await verifyLedger(site.app.db)).violations, []),
  },
  {
    job: 'fold_list_counts',
    title: 'folds each count and each figure once',
    async prepare(scene) {
      await sell(scene);
      return none();
    },
    async check(scene) {
      await expectNumber(scene, 0, sql`list_count_errors()`);
      await expectNumber(scene, 0, sql`figure_errors()`);
    },
  },
  {
    job: 'verify_list_counts',
    title: 'changes nothing',
    async prepare(scene) {
      await sell(scene);
      return none();
    },
    check: none,
  },
  {
    job: 'verify_figures',
    title: 'changes nothing',
    async prepare(scene) {
      await sell(scene);
      return none();
    },
    check: (scene) => expectNumber(scene, 0, sql`figure_errors()`),
  },
];

/** Work of a job that only deletes: rows that have lapsed, and how they are made. */
function deletion(
  job: string,
  left: (scene: JobScene) => RawBuilder<unknown>,
  make: (scene: JobScene) => Promise<unknown>,
): JobWork {
  return {
    job,
    title: 'deletes what has lapsed',
    async prepare(scene) {
      await make(scene);
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${left(scene)}`.execute(
        scene.site.app.db,
      );
      assert.ok((rows[0]?.count ?? 0) > 0, 'there is something to delete');
      return none();
    },
    check: (scene) => expectNumber(scene, 0, left(scene)),
  };
}

const user = (name: string) => sql`(select id from users where username = ${name})`;
const plan = (name: string) => sql`(select id from plans where slug = ${name})`;
const insert = (statement: (scene: JobScene) => RawBuilder<unknown>) => async (scene: JobScene) => {
  await sell(scene);
  await statement(scene).execute(scene.site.app.db);
};
/** A key as links have them. */
const keyOf = (name: string) => sha256Hex(name).slice(0, 40);
const before = sql`timestamptz '2025-01-01'`;

const deletions: readonly JobWork[] = [
  deletion(
    'forget_answers',
    ({ name }) => sql`idempotency_records where key = ${name}`,
    insert(
      ({
        name,
      }) => sql`insert into idempotency_records (scope, key, fingerprint, state, created_at, locked_until, expires_at)
        values (${name}, ${name}, ${name}, 'done', ${before}, ${before}, ${before})`,
    ),
  ),
  deletion(
    'forget_events',
    ({ name }) => sql`outbox_events where delivered_at < ${before} and payload->>'slug' = ${name}`,
    insert(
      ({ name }) => sql`insert into outbox_events (name, payload, created_at, next_attempt_at, delivered_at)
        values ('plan_updated', jsonb_build_object('slug', ${name}::text), ${before}, ${before}, timestamptz '2024-01-01')`,
    ),
  ),
  deletion(
    'forget_processor_events',
    ({ name }) => sql`processor_events where event_key = ${name}`,
    insert(
      ({
        name,
      }) => sql`insert into processor_events (event_key, processor, kind, object_key, received_at, next_at, state, done_at)
        values (${name}, 'test', 'charge', ${name}, ${before}, ${before}, 'done', ${before})`,
    ),
  ),
  deletion(
    'forget_counts',
    ({ name }) => sql`rate_limits where key = ${name}`,
    insert(({ name }) => sql`insert into rate_limits (key, points, expire) values (${name}, 1, 1)`),
  ),
  deletion(
    'forget_changes',
    () => sql`changes where created_at < clock_timestamp() - interval '1 hour'`,
    insert(() => sql`update changes set created_at = ${before}`),
  ),
  deletion(
    'forget_kept_posts',
    ({ name }) => sql`kept_posts where browser_hash = ${name}`,
    insert(
      ({
        name,
      }) => sql`insert into kept_posts (browser_hash, path_hash, owner_nonce, owner_tag, fields_sealed, expires_at)
        values (${name}, ${name}, ${name}, ${name}, ${name}, ${before})`,
    ),
  ),
  deletion(
    'forget_undo',
    ({ name }) => sql`undo_entries where key_hash = ${name}`,
    insert(
      ({ name }) => sql`insert into undo_entries (key_hash, user_id, kind, inverse, expires_at)
        values (${name}, ${user(name)}, 'test', '{}', ${before})`,
    ),
  ),
  deletion(
    'forget_sessions',
    ({ name }) => sql`sessions where user_id = ${user(name)} and ended_at < ${before}`,
    insert(({ name }) => sql`update sessions set ended_at = timestamptz '2024-01-01' where user_id = ${user(name)}`),
  ),
  deletion(
    'forget_invitations',
    ({ name }) => sql`roles where user_id = ${user(name)} and key_expires_at < ${before}`,
    insert(
      ({
        name,
      }) => sql`insert into roles (user_id, profile_id, role_type_id, grant_key, grant_key_hash, key_expires_at, created_at)
        select ${user(name)}, profiles.id, role_types.id, ${keyOf(name)}, ${sha256Hex(name)}, timestamptz '2024-01-01', timestamptz '2024-01-01'
        from profiles, role_types where profiles.slug = 'cowork' and role_types.slug = 'manager' limit 1`,
    ),
  ),
  deletion(
    'forget_visitor_carts',
    ({ name }) => sql`cart_items where visitor_hash = ${name}`,
    insert(
      ({ name }) =>
        sql`insert into cart_items (visitor_hash, plan_id, created_at) values (${name}, ${plan(name)}, ${before})`,
    ),
  ),
  deletion(
    'forget_seat_uploads',
    ({ name }) => sql`seat_uploads where user_id = ${user(name)}`,
    insert(
      ({ name }) => sql`insert into seat_uploads (user_id, plan_id, key, option, people, created_at)
        values (${user(name)}, ${plan(name)}, ${name}, 1, '[{}]', ${before})`,
    ),
  ),
  deletion(
    'forget_payment_uploads',
    ({ name }) => sql`payment_uploads where key = ${keyOf(name)}`,
    insert(
      ({ name }) => sql`insert into payment_uploads (key, provider_id, payments, created_at)
        select ${keyOf(name)}, id, '[{}]', ${before} from profiles where slug = 'cowork'`,
    ),
  ),
];

/** Work of the jobs of payouts, figures and clean-up. */
export const upkeepWork: readonly JobWork[] = [...payoutWork, ...messageWork, ...figureWork, ...deletions];
