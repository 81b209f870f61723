import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { makePlan } from '../support/factories/catalog.ts';
import type { TestApp } from '../support/start-app.ts';
import type { Scene, Verb } from './crash.ts';

const changeUrl = ({ model, buyer }: Scene) =>
  `/api/profile/${buyer}/subscriptions/${model.plans[0]?.slug ?? ''}/change`;

/** Requests a preview; notes its key. */
async function preview(scene: Scene, node: TestApp): Promise<void> {
  const { site, buyer, notes } = scene;
  const shown = await site.call(buyer, 'GET', `${changeUrl(scene)}?to=${notes.get('to')}`, undefined, { node });
  assert.equal(shown.status, 200, shown.text);
  notes.set('preview', shown.json<{ preview_key: string }>().preview_key);
}

async function change(scene: Scene, node: TestApp): Promise<unknown> {
  const { site, buyer, notes } = scene;
  const send = () => {
    const body = { to: notes.get('to'), preview_key: notes.get('preview'), processor_token: 'tok_visa' };
    return site.call(buyer, 'POST', changeUrl(scene), body, { node });
  };
  const changed = await send();
  if (changed.status < 400) return changed;
  // The request or its payment never arrived, and the preview is used up or has expired: the buyer asks anew.
  await preview(scene, node);
  return send();
}

async function checkOneChange({ site, buyer }: Scene): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    with payer as (select id from profiles where slug = ${buyer}),
      own as (select id from orders where profile_id in (table payer))
    select
      (select count(*)::int from test_processor_charges test join charge_attempts attempt on attempt.key = idempotency_key
        where attempt.profile_id in (table payer) and test.outcome = 'accepted') as charges_at_processor,
      (select count(*)::int from charges where profile_id in (table payer) and state = 'done') as charges,
      (select count(*)::int from subscription_changes where state = 'settled' and order_id in (table own)) as changes,
      (select count(*)::int from subscription_changes where state = 'reserved' and order_id in (table own)) as open_changes,
      (select count(*)::int from subscriptions where profile_id in (table payer)) as subscriptions,
      (select count(*)::int from outbox_events where name = 'subscription_changed'
        and payload->>'profile_id' in (select id::text from payer)) as events`.execute(site.app.db);
  assert.deepEqual(rows[0], {
    charges_at_processor: 2,
    charges: 2,
    changes: 1,
    open_changes: 0,
    subscriptions: 2,
    events: 1,
  });
}

/** A change of plan that a card pays. */
export const verbsOfChanges = (buy: (scene: Scene) => Promise<void>): Verb[] => [
  {
    name: 'change of plan',
    async prepare(scene) {
      await buy(scene);
      const { site, model, buyer, notes } = scene;
      const [plan] = model.plans;
      const { app } = site;
      const provider = await app.db
        .selectFrom('profiles')
        .select('id')
        .where('slug', '=', plan?.provider ?? '')
        .executeTakeFirstOrThrow();
      const ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
      const to = await makePlan(ctx, { provider_id: provider.id, period_amount: 99_000, title: `more-${buyer}` });
      notes.set('to', to.slug);
      await preview(scene, app);
    },
    act: change,
    check: checkOneChange,
  },
];
