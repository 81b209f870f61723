import { sql } from 'kysely';
import { expectStatus } from '../support/changes.ts';
import type { JobScene, JobWork } from './killed-job.ts';
import {
  callOf,
  DAY_MS,
  decideQuietly,
  expectCounts,
  expectPaid,
  HOUR_MS,
  previewAndPost,
  run,
  sell,
  setOutcome,
  wait,
} from './killed-job-scene.ts';

const none = () => Promise.resolve(undefined);
const refundsOf = (me: number) => ({
  refunds: sql`refunds where state = 'settled' and charge_id in (select id from charges where profile_id = ${me})`,
  at_processor: sql`test_processor_refunds where charge_key in (select processor_key from charges where profile_id = ${me})`,
  events: sql`(select distinct ledger_event_id from ledger_entries
    where orig_account = 'Refunded' and orig_profile_id = ${me}) as events`,
});

/** Pays a checkout whose response is lost. */
async function loseResponse(scene: JobScene): Promise<void> {
  const { site, name } = scene;
  await site.plan(name, { period_amount: 9000 });
  const call = await callOf(scene);
  await expectStatus(call('POST', '/api/cart', { plan: name }), 201);
  await expectStatus(call('GET', `/api/billing/${name}/checkout`), 200);
  await expectStatus(call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_timeout' }), 503);
}

/** Checks out with a card whose bank asks the payer for a confirmation. */
async function beginConfirmation(scene: JobScene): Promise<void> {
  const { site, name } = scene;
  await site.plan(name, { period_amount: 9000 });
  const call = await callOf(scene);
  await expectStatus(call('POST', '/api/cart', { plan: name }), 201);
  await expectStatus(call('GET', `/api/billing/${name}/checkout`), 200);
  await expectStatus(call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_authenticate' }), 402);
}

/** Begins a change whose payment the processor has not decided; notes the key of the payment. */
async function beginChange(scene: JobScene): Promise<void> {
  const { site, name, notes } = scene;
  const call = await sell(scene);
  await site.plan(`${name}-more`, { period_amount: 24_900 });
  await setOutcome(scene, 'pending');
  wait(scene, 5 * DAY_MS);
  const url = `/api/profile/${name}/subscriptions/${name}/change`;
  await previewAndPost(call, url, { to: `${name}-more` });
  const { rows } = await sql<{ key: string }>`select test.key from test_processor_charges test
    join charge_attempts attempt on attempt.key = idempotency_key join profiles on profiles.id = attempt.profile_id
    where slug = ${name} and test.state = 'created'`.execute(site.app.db);
  notes.set('charge', rows[0]?.key ?? '');
}

const changes = (me: number, state: string) => sql`subscription_changes where state = ${state}
  and order_id in (select id from orders where profile_id = ${me})`;

/** Work of the jobs that settle what a processor decided. */
export const paymentWork: readonly JobWork[] = [
  {
    job: 'finish_orders',
    title: 'finishes a checkout whose response was lost',
    async prepare(scene) {
      await loseResponse(scene);
      wait(scene, 5 * 60_000);
      return none();
    },
    async check(scene) {
      await expectPaid(scene, 1);
      await expectCounts(scene, { orders: 1, subscriptions: 1 }, (me) => ({
        orders: sql`orders where state = 'settled' and profile_id = ${me}`,
        subscriptions: sql`subscriptions where profile_id = ${me}`,
      }));
    },
  },
  {
    job: 'finish_orders',
    title: 'executes a change whose payment arrived',
    async prepare(scene) {
      await beginChange(scene);
      await decideQuietly(scene, 'done');
      wait(scene, 10 * 60_000);
      return none();
    },
    async check(scene) {
      await expectPaid(scene, 2);
      await expectCounts(scene, { settled: 1, rows: 2 }, (me) => ({
        settled: changes(me, 'settled'),
        rows: sql`subscriptions where profile_id = ${me}`,
      }));
    },
  },
  {
    job: 'return_change_payments',
    title: 'returns the payment of a change that was given up',
    async prepare(scene) {
      await beginChange(scene);
      wait(scene, 25 * HOUR_MS);
      await run(scene, 'finish_orders');
      await decideQuietly(scene, 'done');
      return none();
    },
    async check(scene) {
      await expectCounts(scene, { refused: 1, rows: 1, returned: 1 }, (me) => ({
        refused: changes(me, 'refused'),
        rows: sql`subscriptions where profile_id = ${me}`,
        returned: sql`test_processor_refunds where charge_key = ${scene.notes.get('charge')}`,
      }));
    },
  },
  {
    job: 'finish_cancellations',
    title: 'finishes a cancellation whose refund was pending',
    async prepare(scene) {
      const { name, site } = scene;
      const call = await sell(scene, { cancel_refund: 'unused' }, 'tok_refund_pending');
      wait(scene, 5 * DAY_MS);
      const wish = { at: 'now', refund: 'unused' };
      await previewAndPost(call, `/api/profile/${name}/subscriptions/${name}/cancel`, wish);
      await sql`update test_processor_refunds set state = 'succeeded' where charge_key = ${scene.notes.get('charge')}`.execute(
        site.app.db,
      );
      wait(scene, HOUR_MS);
      return none();
    },
    async check(scene) {
      await expectCounts(scene, { settled: 1, endings: 1, notes: 1, refunds: 1, at_processor: 1 }, (me) => ({
        settled: sql`cancellations where state = 'settled'
          and subscription_id in (select id from subscriptions where profile_id = ${me})`,
        endings: sql`subscription_endings
          where subscription_id in (select id from subscriptions where profile_id = ${me})`,
        notes: sql`documents where series = 'credit_note' and profile_id = ${me}`,
        refunds: refundsOf(me).refunds,
        at_processor: refundsOf(me).at_processor,
      }));
    },
  },
  {
    job: 'settle_pending_charges',
    title: 'settles a charge that no webhook request decided',
    async prepare(scene) {
      await sell(scene, {}, 'tok_chargeAsyncFail');
      await decideQuietly(scene, 'done');
      wait(scene, HOUR_MS);
      return none();
    },
    check: (scene) => expectPaid(scene, 1),
  },
  {
    job: 'book_charge',
    title: 'books a payment whose proceeds the processor shows now',
    async prepare(scene) {
      const { name, site } = scene;
      await sell(scene, {}, 'tok_chargeAsyncFail');
      await decideQuietly(scene, 'done');
      const { rows } = await sql<{ id: number }>`select charges.id from charges
        join profiles on profiles.id = charges.profile_id where slug = ${name}`.execute(site.app.db);
      return { charge_id: rows[0]?.id };
    },
    check: (scene) => expectPaid(scene, 1),
  },
  {
    job: 'handle_processor_events',
    title: 'settles a charge of which a message came',
    // It moves the clock past the claim of a run that was killed, and leaves the message alone.
    recover: ['forget_processor_events'],
    async prepare(scene) {
      const { name, notes, site } = scene;
      await sell(scene, {}, 'tok_chargeAsyncFail');
      await decideQuietly(scene, 'done');
      const at = site.app.clock.now();
      await sql`insert into processor_events (event_key, processor, kind, object_key, received_at, next_at)
        values (${name}, 'test', 'charge', ${notes.get('charge')}, ${at}, ${at})`.execute(site.app.db);
      return none();
    },
    async check(scene) {
      await expectPaid(scene, 1);
      await expectCounts(scene, { handled: 1 }, () => ({
        handled: sql`processor_events where event_key = ${scene.name} and state = 'done' and failures_count = 0`,
      }));
    },
  },
  {
    job: 'refund_orphans',
    title: 'returns a payment that no order wants',
    async prepare(scene) {
      const { name, notes, site } = scene;
      await sell(scene);
      const at = site.app.clock.now();
      const charge = `ch_orphan_${name}`;
      await sql`insert into test_processor_charges
        (key, idempotency_key, request_hash, amount, unit, description, card, created_at, state, outcome)
        select ${charge}, ${charge}, '', 900, 'usd', '', card, ${at}, 'done', 'accepted'
        from test_processor_charges where key = ${notes.get('charge')}`.execute(site.app.db);
      await sql`insert into orphan_payments
        (processor, intent_key, charge_key, profile_id, amount, unit, due_at, taken_at, created_at)
        select 'test', ${`pi_${name}`}, ${charge}, id, 900, 'usd', ${at}, ${at}, ${at} from profiles
        where slug = ${name}`.execute(site.app.db);
      return none();
    },
    async check(scene) {
      const { name } = scene;
      await expectCounts(scene, { refunded: 1, refunds: 1, events: 2, notices: 1, messages: 1 }, () => ({
        refunded: sql`orphan_payments where intent_key = ${`pi_${name}`} and state = 'refunded'`,
        refunds: sql`test_processor_refunds where charge_key = ${`ch_orphan_${name}`} and amount = 900`,
        events: sql`ledger_events where key like ${`orphan:ch_orphan_${name}%`}`,
        notices: sql`outbox_events where name = 'payment_returned' and payload->>'charge_key' = ${`ch_orphan_${name}`}`,
        messages: sql`processor_events where event_key = ${`orphan:pi_${name}`} and state = 'done'`,
      }));
    },
  },
  {
    job: 'finish_payment',
    title: 'finishes a checkout that the bank confirmed while the payer was away',
    async prepare(scene) {
      await beginConfirmation(scene);
      const { rows } = await sql<{ id: number; key: string }>`select id, key from charge_attempts
        where state = 'awaiting_action' and profile_id = (select id from profiles where slug = ${scene.name})`.execute(
        scene.site.app.db,
      );
      await sql`update test_processor_charges set state = 'done', outcome = 'accepted'
        where idempotency_key = ${rows[0]?.key}`.execute(scene.site.app.db);
      return { charge_attempt_id: rows[0]?.id };
    },
    async check(scene) {
      await expectPaid(scene, 1);
      await expectCounts(scene, { orders: 1, subscriptions: 1 }, (me) => ({
        orders: sql`orders where state = 'settled' and profile_id = ${me}`,
        subscriptions: sql`subscriptions where profile_id = ${me}`,
      }));
    },
  },
  {
    job: 'cancel_payment',
    title: 'cancels the payment of a refused checkout',
    async prepare(scene) {
      const { name, site } = scene;
      await beginConfirmation(scene);
      const { rows } = await sql<{ id: number; intent_key: string }>`update charge_attempts set state = 'declined'
        where profile_id = (select id from profiles where slug = ${name}) returning id, intent_key`.execute(
        site.app.db,
      );
      await sql`update orders set state = 'refused', closed_at = created_at where charge_attempt_id = ${rows[0]?.id}`.execute(
        site.app.db,
      );
      return { charge_attempt_id: rows[0]?.id, intent_key: rows[0]?.intent_key };
    },
    async check(scene) {
      await expectCounts(scene, { charges: 0, canceled: 1 }, (me) => ({
        charges: sql`charges where profile_id = ${me}`,
        canceled: sql`test_processor_charges test join charge_attempts attempt on attempt.key = idempotency_key
          where attempt.profile_id = ${me} and test.decline_code = 'abandoned'`,
      }));
    },
  },
  {
    job: 'settle_disputes',
    title: 'books a dispute that was won',
    async prepare(scene) {
      const call = await sell(scene);
      const url = `/_dev/processor/charges/${scene.notes.get('charge')}`;
      await expectStatus(call('POST', url, { state: 'disputed' }), 200);
      await decideQuietly(scene, 'done');
      wait(scene, 3 * HOUR_MS);
      return none();
    },
    async check(scene) {
      await expectCounts(scene, { done: 1, disputes: 0, entries: 0 }, (me) => ({
        done: sql`charges where state = 'done' and profile_id = ${me}`,
        disputes: sql`charges where state = 'disputed' and profile_id = ${me}`,
        // What the dispute took was given back once: the balance of the payer is 0.
        entries: sql`(select sum(case when dest_profile_id = ${me} and dest_account = 'Refunded' then dest_amount else 0 end)
          - sum(case when orig_profile_id = ${me} and orig_account = 'Refunded' then orig_amount else 0 end) as balance
          from ledger_entries) as side where balance <> 0`,
      }));
    },
  },
  {
    job: 'finish_pending_refunds',
    title: 'settles a refund that no webhook request decided',
    async prepare(scene) {
      const { name, site, notes } = scene;
      await sell(scene, {}, 'tok_refund_pending');
      const url = `/api/billing/${name}/charges/${notes.get('charge')}/refund`;
      await expectStatus(site.broker('POST', url, { lines: [{ num: 0, refunded_amount: 700 }] }), 200, 201, 202);
      await sql`update test_processor_refunds set state = 'succeeded' where charge_key = ${notes.get('charge')}`.execute(
        site.app.db,
      );
      wait(scene, HOUR_MS);
      return none();
    },
    async check(scene) {
      await expectCounts(scene, { refunds: 1, at_processor: 1, events: 1 }, refundsOf);
    },
  },
];
