import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Plan } from '#catalog';
import { verifyLedger } from '#ledger';
import { findProfileById } from '#profiles';
import { signedIn, testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { type Buyer, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { subscribe } from '../../../test/support/factories/subscriptions.ts';
import { billUses } from './bill-uses.ts';
import { confirmFile, previewFile } from './import-file.ts';
import { importPayment } from './import-payment.ts';
import { reverseAdjustment } from './reverse-adjustment.ts';

let database: TestDatabase;
let ctx: TestContext;
let plan: Plan;
let buyer: Buyer;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  ctx = await testContext(database.db);
  const manager = await makeReadyUser(database.db);
  ctx = { ...ctx, actor: signedIn(manager) };
  const seller = await makeOrganization(database.db, { manager, is_provider: true });
  const use_charges = [{ slug: 'requests', title: 'Requests', quota: 0, use_amount: 15 }];
  plan = await makePlan(ctx, { provider_id: seller.id, use_charges });
  buyer = await makeBuyer(ctx);
  await subscribe(ctx, buyer.profile, plan);
});

const documents = () =>
  database.db
    .selectFrom('documents')
    .innerJoin('document_lines', 'document_lines.document_id', 'documents.id')
    .select(['number', 'documents.amount', 'documents.profile_id', 'kind'])
    .where('provider_id', '=', plan.profile_id)
    .orderBy('documents.id')
    .execute();
const use = (quantity: number, request_key: string) =>
  billUses(ctx, {
    profile_id: buyer.profile.id,
    sellers: null,
    plan: plan.slug,
    use: 'requests',
    quantity,
    sync_on: null,
    created_at: null,
    request_key,
  });
const importPaid = (amount: string, created_at = ctx.clock.now()) =>
  importPayment(
    ctx,
    plan.profile_id,
    { subscription: `${buyer.profile.slug}:${plan.slug}`, created_at, amount, descr: 'Cash' },
    null,
  );
const invoice = (number: string, amount: number, kind: string) => ({
  number,
  amount,
  profile_id: buyer.profile.id,
  kind,
});

test('billed uses and imported sales draw consecutive invoice numbers, each once', async () => {
  await use(3, 'first-uses');
  await importPaid('10.00');
  await use(2, 'second-uses');
  await Promise.all([use(2, 'second-uses'), use(2, 'second-uses')]);
  assert.deepEqual(await documents(), [
    invoice('2026-000001', 45, 'use'),
    invoice('2026-000002', 1000, 'period'),
    invoice('2026-000003', 30, 'use'),
  ]);
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});

test('the year of an invoice is that of its ledger event in the zone of the provider', async () => {
  await database.db
    .updateTable('profiles')
    .set({ default_timezone: 'Europe/Paris' })
    .where('id', '=', plan.profile_id)
    .execute();
  await importPaid('10.00', new Date('2024-12-31T23:30:00Z'));
  await importPaid('10.00', new Date('2024-12-31T22:30:00Z'));
  assert.deepEqual(
    (await documents()).map(({ number }) => number),
    ['2025-000001', '2024-000001'],
  );
});

test('a reversed import has a credit note over its invoice', async () => {
  const { adjustment } = await importPaid('10.00');
  await reverseAdjustment(ctx, plan.profile_id, adjustment.key);
  assert.deepEqual(await documents(), [
    invoice('2026-000001', 1000, 'period'),
    invoice('CN-2026-000001', 1000, 'refund'),
  ]);
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});

test('each row of an imported file is one invoice, and a refused import takes no number', async () => {
  const provider = await findProfileById(database.db, plan.profile_id);
  assert.ok(provider);
  await assert.rejects(importPaid('0.00'));
  const day = ctx.clock.now().toISOString().slice(0, 10);
  const rows = [1, 2, 3].map((amount) => `${buyer.profile.slug}:${plan.slug},${day}T00:00:00Z,${amount}.00,Cash`);
  const text = ['subscription,created_at,amount,descr', ...rows].join('\n');
  const { key, faults } = await previewFile(ctx, provider, new TextEncoder().encode(text));
  assert.ok(key, JSON.stringify(faults));
  await confirmFile(ctx, provider, key);
  await confirmFile(ctx, provider, key);
  assert.deepEqual(await documents(), [
    invoice('2026-000001', 100, 'period'),
    invoice('2026-000002', 200, 'period'),
    invoice('2026-000003', 300, 'period'),
  ]);
});
