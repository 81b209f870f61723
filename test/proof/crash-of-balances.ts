import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { findProfileBySlug } from '#profiles';
import { confirmFile, previewFile } from '#billing';
import { apiClient } from '../support/client.ts';
import type { TestApp } from '../support/start-app.ts';
import type { Scene, Verb } from './crash.ts';

/** Orders a plan without paying: the payer owes its price. Notes the code of the link. */
async function owe({ site, model, buyer, notes }: Scene): Promise<void> {
  const [plan] = model.plans;
  const manager = site.managerOf('cowork');
  await site.call(manager, 'DELETE', '/api/cart');
  const added = await site.call(manager, 'POST', '/api/cart', { plan: plan?.slug, option: 1 });
  assert.ok(added.status < 300, added.text);
  const placed = await site.call(manager, 'POST', `/api/billing/${buyer}/checkout/paylater`, {});
  assert.equal(placed.status, 201, placed.text);
  notes.set('code', String(placed.json()['claim_code']));
}

const writeOff = ({ site, buyer }: Scene, node: TestApp) =>
  site.call(site.managerOf('cowork'), 'DELETE', `/api/billing/${buyer}/balance`, undefined, {
    node,
    headers: { 'idempotency-key': `write-off-of-${buyer}` },
  });

const collect = ({ site, notes }: Scene, node: TestApp) =>
  site.call(
    site.managerOf('cowork'),
    'POST',
    `/api/billing/cowork/payments/${notes.get('code')}/collected`,
    {},
    { node },
  );

/** Requires one adjustment of the buyer of this kind with one ledger event, and that nothing is due. */
async function checkOneAdjustment({ site, buyer }: Scene, kind: string): Promise<void> {
  const { rows } = await sql<Record<string, unknown>>`
    select (select count(*)::int from adjustments where profile_id = profiles.id and kind = ${kind}) as adjustments,
      (select count(*)::int from ledger_events event join adjustments own on event.key = own.kind || ':' || own.key
        where own.profile_id = profiles.id) as events
    from profiles where slug = ${buyer}`.execute(site.app.db);
  assert.deepEqual(rows[0], { adjustments: 1, events: 1 });
  const balance = await site.call(site.managerOf('cowork'), 'GET', `/api/billing/${buyer}/balance`);
  assert.equal(balance.json()['balance_amount'], 0, balance.text);
}

async function checkOneLinkPayment({ site, buyer }: Scene): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    select (select count(*)::int from charges where profile_id = profiles.id and state = 'done') as charges,
      (select count(*)::int from test_processor_charges test join charge_attempts attempt on attempt.key = idempotency_key
        where attempt.profile_id = profiles.id and test.outcome = 'accepted') as charges_at_processor
    from profiles where slug = ${buyer}`.execute(site.app.db);
  assert.deepEqual(rows[0], { charges: 1, charges_at_processor: 1 });
}

/** Checks a file of two payments of the buyer; notes the key that confirms it. */
async function uploadPayments({ site, model, buyer, notes }: Scene): Promise<void> {
  const [plan] = model.plans;
  const ctx = await site.app.tollgate.makeContext('test');
  const provider = await findProfileBySlug(site.app.db, 'cowork');
  assert(provider && plan);
  const day = site.app.clock.now().toISOString();
  const rows = ['1.00', '2.00'].map((amount) => `${buyer}:${plan.slug},${day},${amount},Cash`);
  const text = ['subscription,created_at,amount,descr', ...rows].join('\n');
  const { key, faults } = await previewFile(ctx, provider, new TextEncoder().encode(text));
  assert(key, JSON.stringify(faults));
  notes.set('upload', key);
}

async function confirmPayments({ notes }: Scene, node: TestApp): Promise<void> {
  const provider = await findProfileBySlug(node.db, 'cowork');
  assert(provider);
  await confirmFile(await node.tollgate.makeContext('test'), provider, notes.get('upload') ?? '');
}

async function checkTwoImports({ site, buyer }: Scene): Promise<void> {
  const { rows } = await sql<Record<string, unknown>>`
    select (select array_agg(amount::int order by amount) from adjustments where profile_id = profiles.id) as amounts,
      (select count(*)::int from ledger_events event join adjustments own on event.key = 'import:' || own.key
        where own.profile_id = profiles.id) as events,
      (select count(*)::int from documents join adjustments own on own.profile_id = documents.profile_id
        join ledger_events event on event.id = ledger_event_id and event.key = 'import:' || own.key
        where own.profile_id = profiles.id) as invoices
    from profiles where slug = ${buyer}`.execute(site.app.db);
  assert.deepEqual(rows[0], { amounts: [100, 200], events: 2, invoices: 2 });
}

/** Verbs that settle balances. `buy` makes a paid order of the buyer. */
export const verbsOfBalances = (buy: (scene: Scene) => Promise<void>): readonly Verb[] => [
  { name: 'write-off', prepare: owe, act: writeOff, check: (scene) => checkOneAdjustment(scene, 'write_off') },
  {
    name: 'collection of a payment link',
    prepare: owe,
    act: collect,
    check: (scene) => checkOneAdjustment(scene, 'offline_payment'),
  },
  {
    name: 'payment by a link',
    prepare: owe,
    act: ({ notes, buyer }, node) =>
      apiClient(node)(
        'POST',
        `/api/billing/payments/${notes.get('code')}`,
        { processor_token: 'tok_visa' },
        { 'idempotency-key': `link-of-${buyer}` },
      ),
    check: checkOneLinkPayment,
  },
  {
    name: 'confirmation of a file of payments',
    async prepare(scene) {
      await buy(scene);
      await uploadPayments(scene);
    },
    act: confirmPayments,
    check: checkTwoImports,
  },
];
