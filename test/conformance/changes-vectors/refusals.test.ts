import assert from 'node:assert/strict';
import { findUserByUsername } from '#accounts';
import { findProfileBySlug } from '#profiles';
import { type ChangeSite, expectStatus, H } from '../../support/changes.ts';
import type { TestResponse } from '../../support/client.ts';
import { makeMember } from '../../support/factories/profiles.ts';
import { begin, change, confirm, preview, previewOf, vector } from './change-vector.ts';

// Refusals of changes: the table of spec changes.md §1.10, each provoked over HTTP.

const prorated = { downgrade_mode: 'prorate', crossgrade_mode: 'prorate' } as const;

/** Requires a refusal. An error of a field has no `detail`, but the name of the field. */
async function expectRefusal(
  response: Promise<TestResponse>,
  status: number,
  code: string,
  field: string | null = null,
): Promise<TestResponse> {
  const refused = await expectStatus(response, status);
  const body = refused.json<Record<string, unknown>>();
  assert.equal(body['code'], code, refused.text);
  if (field !== null) assert.ok(Array.isArray(body[field]), refused.text);
  return refused;
}

vector('a plan that cannot be entered is refused with its reason', async (site) => {
  const { profile } = await site.provider('club');
  await site.plan('basic', prorated);
  await site.plan('pro', { upgrade_mode: 'refused' });
  await site.plan('lite');
  await site.plan('mate');
  await site.plan('clubs', { provider_id: profile.id });
  await site.plan('maple', { unit: 'cad' });
  await site.plan('hidden', { is_active: false });
  await site.plan('unpriced', { is_not_priced: true });
  await site.plan('asked', { optin_on_request: true, period_amount: 9500 });
  await begin(site, 'basic');
  await site.buy(site.xia, 'xia', 'mate');
  const cases: [to: string, status: number, code: string, field: string | null][] = [
    ['basic', 400, 'change_same_plan', 'to'],
    ['clubs', 400, 'change_provider_differs', 'to'],
    ['maple', 400, 'change_unit_differs', 'to'],
    ['hidden', 400, 'plan_not_offered', 'to'],
    ['unpriced', 400, 'plan_not_offered', 'to'],
    ['nothing', 404, 'plan_unknown', null],
    ['mate', 409, 'subscription_overlaps', null],
    ['pro', 409, 'change_not_offered', null],
    ['asked', 409, 'change_needs_provider', null],
  ];
  for (const [to, status, code, field] of cases)
    await expectRefusal(preview(site.xia, 'basic', { to }), status, code, field);
  const url = '/api/profile/xia/subscriptions/basic/change';
  await expectRefusal(
    site.xia('GET', '/api/profile/xia/subscriptions/lite/change?to=pro'),
    404,
    'subscription_unknown',
  );
  await expectRefusal(site.xia('GET', `${url}?to=lite&at=now`), 409, 'change_at_period_end_only');
  await expectRefusal(site.xia('GET', `${url}?to=lite&quantity=2`), 400, 'invalid_input', 'quantity');
  await expectRefusal(site.xia('GET', `${url}?to=lite&quantity=many`), 400, 'invalid_input', 'quantity');
  await expectRefusal(site.xia('GET', `${url}?to=lite&option=7`), 400, 'invalid_input', 'option');
  await expectRefusal(site.xia('GET', `${url}?to=lite&mode=full`), 403, 'permission_denied');
  // The provider enters a plan that needs it, in the mode of its choice; the subscriber agrees to the larger charge.
  await expectStatus(site.xia('PUT', '/api/billing/xia/provider-charges', { allow_provider_charges: true }), 200);
  const shown = await previewOf(site.broker, 'basic', { to: 'asked', mode: 'none' });
  assert.deepEqual([shown['mode'], shown['charge_amount']], ['none', 0]);
});

vector('a personal plan is not offered to an organization', async (site) => {
  await site.plan('basic');
  await site.plan('mine', { is_personal: true, period_amount: 9500 });
  const { call } = await site.provider('acme');
  await site.buy(call, 'acme', 'basic');
  await expectRefusal(preview(call, 'basic', { to: 'mine' }, 'acme'), 400, 'plan_not_offered', 'to');
});

vector('a state of the subscription that forbids changes is refused', async (site) => {
  await site.plan('basic', { pause_days_max: 30, ...prorated });
  await site.plan('pro');
  const yan = await site.register('yan');
  await site.buy(yan, 'yan', 'basic', { token: 'tok_chargeAsyncFail' });
  await expectRefusal(preview(yan, 'basic', { to: 'pro' }, 'yan'), 409, 'charge_pending');
  await begin(site, 'basic');
  const subscription = '/api/profile/xia/subscriptions/basic';
  await expectStatus(site.xia('POST', `${subscription}/pause`, {}), 200);
  await expectRefusal(preview(site.xia, 'basic', { to: 'pro' }), 409, 'subscription_paused');
  await expectStatus(site.xia('DELETE', `${subscription}/pause`), 200);
  await change(site.xia, 'basic', { to: 'pro', at: 'period_end' });
  const { preview_key } = await previewOf(site.xia, 'basic', { to: 'pro' });
  await expectRefusal(confirm(site.xia, 'basic', { to: 'pro', preview_key }), 409, 'change_pending');
  await expectStatus(confirm(site.xia, 'basic', { to: 'pro', preview_key, replace: true }), 200);
  const pending = `/api/profile/xia/subscriptions/pro/change`;
  await expectRefusal(site.xia('GET', `${pending}/pending`), 404, 'change_unknown');
  await expectRefusal(site.xia('DELETE', pending), 404, 'change_unknown');
});

async function countRows({ app }: ChangeSite): Promise<unknown> {
  const tables = ['ledger_entries', 'subscriptions', 'coverages', 'credits', 'charges'] as const;
  const counts = tables.map((table) =>
    app.db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll().as('count'))
      .executeTakeFirstOrThrow(),
  );
  return Promise.all(counts);
}

vector('a payment that cannot be made leaves everything unchanged', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await begin(site, 'basic');
  const { preview_key } = await previewOf(site.xia, 'basic', { to: 'pro' });
  const body = { to: 'pro', preview_key };
  const written = await countRows(site);
  await expectRefusal(confirm(site.xia, 'basic', { to: 'pro' }), 400, 'preview_required');
  await expectRefusal(confirm(site.xia, 'basic', { ...body, preview_key: 'no key' }), 409, 'preview_outdated');
  const by_provider = await previewOf(site.broker, 'basic', { to: 'pro' });
  const asked = { to: 'pro', preview_key: by_provider['preview_key'] };
  await expectRefusal(confirm(site.broker, 'basic', asked), 403, 'buyer_must_pay');
  await expectRefusal(
    confirm(site.xia, 'basic', { ...body, processor_token: 'tok_chargeDeclined' }),
    400,
    'card_declined',
  );
  await expectStatus(site.xia('DELETE', '/api/billing/xia/card'), 204);
  site.moveTo('2026-01-25T22:00:01Z');
  const { preview_key: next } = await previewOf(site.xia, 'basic', { to: 'pro' });
  await expectRefusal(confirm(site.xia, 'basic', { to: 'pro', preview_key: next }), 402, 'payment_method_missing');
  assert.deepEqual(await countRows(site), written);
});

vector('uses that were bought in advance lapse only if the caller accepts it', async (site) => {
  await site.plan('basic', { use_charges: [{ slug: 'requests', quota: 10, use_amount: 15 }] });
  await site.plan('pro');
  await begin(site, 'basic');
  await expectStatus(site.xia('POST', '/api/cart', { plan: 'basic', use: 'requests', quantity: 20 }), 201);
  await expectStatus(site.xia('GET', '/api/billing/xia/checkout'), 200);
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' }), 201);
  const { preview_key, lost_uses } = await previewOf(site.xia, 'basic', { to: 'pro' });
  assert.deepEqual(lost_uses, [{ use: 'requests', quantity: 20 }]);
  const body = { to: 'pro', preview_key };
  const refused = await expectRefusal(confirm(site.xia, 'basic', body), 409, 'uses_would_lapse');
  assert.deepEqual(refused.json()['lost_uses'], lost_uses);
  await expectStatus(confirm(site.xia, 'basic', { ...body, accept_lost_uses: true }), 200);
});

vector('seats that people use are not removed', async (site) => {
  await site.plan('team', { quantity_max: 10, counts_people: true, ...prorated });
  await begin(site, 'team');
  await change(site.xia, 'team', { to: 'team', quantity: 3 });
  await site.register('bob');
  const { db } = site.app;
  const [profile, bob] = [await findProfileBySlug(db, 'xia'), await findUserByUsername(db, 'bob')];
  assert(profile && bob);
  await makeMember(db, profile, bob, 'manager');
  const refused = await expectRefusal(preview(site.xia, 'team', { to: 'team', quantity: 1 }), 409, 'seats_in_use');
  assert.equal(refused.json()['seats'], 2);
  await expectRefusal(preview(site.xia, 'team', { to: 'team', quantity: 11 }), 400, 'invalid_input', 'quantity');
  await change(site.xia, 'team', { to: 'team', quantity: 2 });
});

vector('the eleventh change of a subscription within a day is refused', async (site) => {
  await site.plan('basic', prorated);
  await site.plan('mate', prorated);
  await begin(site, 'basic');
  const [first, second] = ['basic', 'mate'] as const;
  for (let count = 0; count < 10; count += 1) {
    site.moveTo(new Date(Date.parse(H) + (count + 1) * 1000).toISOString());
    await (count % 2 === 0 ? change(site.xia, first, { to: second }) : change(site.xia, second, { to: first }));
  }
  site.moveTo('2026-01-25T23:00:00Z');
  const { preview_key } = await previewOf(site.xia, first, { to: second });
  const refused = await expectRefusal(confirm(site.xia, first, { to: second, preview_key }), 429, 'too_many_changes');
  assert.ok(Number(refused.headers['retry-after']) > 0);
  site.moveTo('2026-01-26T22:00:11Z');
  await change(site.xia, first, { to: second });
});
