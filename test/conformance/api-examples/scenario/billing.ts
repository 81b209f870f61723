import type { ExampleCall } from '../record-examples.ts';

const cowork = { profile: 'cowork' };
const xia = { profile: 'xia' };
const plan = { ...cowork, plan: 'basic' };

export const billingCalls: readonly ExampleCall[] = [
  { operation: 'GET /api/pricing', as: null },
  { operation: 'GET /api/profile/{profile}/plans', path: cowork },
  {
    operation: 'POST /api/profile/{profile}/plans',
    path: cowork,
    body: {
      title: 'Evening',
      description: 'A desk after six.',
      period_amount: 4900,
      period_type: 'monthly',
      unit: 'usd',
      is_active: true,
      advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
    },
  },
  { operation: 'GET /api/profile/{profile}/plans/{plan}', path: plan },
  {
    operation: 'PUT /api/profile/{profile}/plans/{plan}',
    path: { ...cowork, plan: 'evening' },
    body: { title: 'Evenings', period_amount: 5200 },
  },
  { operation: 'DELETE /api/profile/{profile}/plans/{plan}', path: { ...cowork, plan: 'evenings' } },
  { operation: 'GET /api/billing/{profile}/coupons', path: cowork },
  {
    operation: 'POST /api/billing/{profile}/coupons',
    path: cowork,
    body: { code: 'SPRING', discount_type: 'percentage', discount_value: 2500, ends_at: '2026-06-01T00:00:00Z' },
  },
  { operation: 'GET /api/billing/{profile}/coupons/{coupon}', path: { ...cowork, coupon: 'SPRING' } },
  {
    operation: 'PUT /api/billing/{profile}/coupons/{coupon}',
    path: { ...cowork, coupon: 'SPRING' },
    body: { discount_type: 'percentage', discount_value: 3000, nb_attempts: 100 },
  },
  { operation: 'DELETE /api/billing/{profile}/coupons/{coupon}', path: { ...cowork, coupon: 'SPRING' } },

  { operation: 'GET /api/profile/{profile}/subscriptions', as: 'xia', path: xia },
  { operation: 'GET /api/profile/{profile}/subscriptions/expired', as: 'xia', path: xia },
  {
    operation: 'GET /api/profile/{profile}/subscriptions/{subscribed_plan}',
    as: 'xia',
    path: { ...xia, subscribed_plan: 'basic' },
  },
  {
    operation: 'PUT /api/profile/{profile}/subscriptions/{subscribed_plan}',
    as: 'xia',
    path: { ...xia, subscribed_plan: 'basic' },
    body: { ends_at: '2026-04-01T00:00:00Z' },
  },
  { operation: 'GET /api/profile/{profile}/plans/{plan}/subscriptions', path: plan },
  {
    operation: 'POST /api/profile/{profile}/plans/{plan}/subscriptions',
    path: plan,
    body: { profile: { slug: 'kenneth', full_name: 'Kenneth Adams' }, message: 'Your trial month.' },
  },
  { operation: 'GET /api/profile/{profile}/plans/{plan}/subscriptions/all', path: plan },
  { operation: 'GET /api/profile/{profile}/plans/{plan}/subscriptions/churned', path: plan },
  { operation: 'GET /api/profile/{profile}/subscribers/subscriptions', path: cowork },
  { operation: 'GET /api/profile/{profile}/subscribers/subscriptions/all', path: cowork },
  { operation: 'GET /api/profile/{profile}/subscribers/subscriptions/churned', path: cowork },
  { operation: 'GET /api/profile/{profile}/subscribers', path: cowork },
  { operation: 'GET /api/profile/{profile}/subscribers/all', path: cowork },
  { operation: 'GET /api/profile/{profile}/subscribers/engaged', path: cowork },
  { operation: 'GET /api/profile/{profile}/subscribers/unengaged', path: cowork },
  {
    operation: 'POST /api/profile/{profile}/notes/{subscriber}',
    path: { ...cowork, subscriber: 'xia' },
    body: { text: 'Asked for a desk by the window.' },
  },
  { operation: 'GET /api/profile/{profile}/notes/{subscriber}', path: { ...cowork, subscriber: 'xia' } },
  {
    operation: 'PUT /api/profile/{profile}/notes/{subscriber}/{note}',
    path: { ...cowork, subscriber: 'xia', note: '1' },
    body: { text: 'Has a desk by the window since May.' },
  },
  {
    operation: 'DELETE /api/profile/{profile}/notes/{subscriber}/{note}',
    path: { ...cowork, subscriber: 'xia', note: '1' },
  },
  {
    operation: 'GET /api/profile/{profile}/plans/{plan}/subscriptions/{subscriber}',
    path: { ...plan, subscriber: 'xia' },
  },
  {
    operation: 'PUT /api/profile/{profile}/plans/{plan}/subscriptions/{subscriber}',
    path: { ...plan, subscriber: 'xia' },
    body: { ends_at: '2026-07-01T00:00:00Z', description: 'Three months for the move.' },
  },
  {
    operation: 'DELETE /api/profile/{profile}/plans/{plan}/subscriptions/{subscriber}',
    path: { ...cowork, plan: 'open-space', subscriber: 'xia' },
  },
  {
    operation: 'POST /api/profile/{profile}/subscribers/accept/{request_key}',
    before: async ({ call, kept, fromMail }) => {
      await call('PUT', '/api/profile/cowork/plans/managed', { body: { title: 'Managed', optin_on_request: true } });
      await call('POST', '/api/cart', { as: 'kenneth', body: { plan: 'managed' } });
      await call('GET', '/api/billing/kenneth/checkout', { as: 'kenneth' });
      await call('POST', '/api/billing/kenneth/checkout', { as: 'kenneth', body: { processor_token: 'tok_visa' } });
      kept.set('request_key', await fromMail('support@cowork.example.com', /subscribers\/accept\/([0-9a-f]{40})/));
    },
    path: { ...cowork, request_key: ({ kept }) => kept.get('request_key') ?? '' },
  },
  {
    operation: 'DELETE /api/profile/{profile}/subscriptions/{subscribed_plan}',
    as: 'xia',
    path: { ...xia, subscribed_plan: 'basic' },
  },

  { operation: 'POST /api/cart', as: 'xia', body: { plan: 'premium', option: 1 } },
  { operation: 'POST /api/cart/redeem', as: 'xia', body: { code: 'DIS50' } },
  { operation: 'DELETE /api/cart/redeem', as: 'xia' },
  { operation: 'GET /api/billing/{profile}/checkout', as: 'xia', path: xia },
  {
    operation: 'POST /api/billing/{profile}/checkout',
    as: 'xia',
    path: xia,
    body: { remember_card: true, processor_token: 'tok_visa' },
    after: ({ kept }, body) => {
      kept.set('charge', (body as { processor_key: string }).processor_key); // the documented field
    },
  },
  {
    operation: 'POST /api/cart/{plan}/upload',
    as: 'xia',
    path: { plan: 'basic' },
    raw: {
      type: 'multipart/form-data; boundary=example',
      text: [
        '--example',
        'Content-Disposition: form-data; name="file"; filename="team.csv"',
        'Content-Type: text/csv',
        '',
        'Ann,Visitor,ann@example.com',
        '--example--',
        '',
      ].join('\r\n'),
    },
  },
  { operation: 'DELETE /api/cart', as: 'xia', query: { plan: 'basic' } },
  { operation: 'POST /api/billing/cartitems', body: { user: 'kenneth', plan: 'basic', option: 1 } },
  { operation: 'GET /api/billing/cartitems', query: { o: 'created_at' } },
  { operation: 'GET /api/billing/cartitems/user/{user}', path: { user: 'kenneth' } },
  {
    operation: 'GET /api/billing/cartitems/{cartitem_id}',
    before: async ({ call, kept }) => {
      const { body } = await call('GET', '/api/billing/cartitems/user/kenneth');
      kept.set('item', String((body as { results: { id: number }[] }).results[0]?.id)); // the documented list
    },
    path: { cartitem_id: ({ kept }) => kept.get('item') ?? '' },
  },
  {
    operation: 'PUT /api/billing/cartitems/{cartitem_id}',
    path: { cartitem_id: ({ kept }) => kept.get('item') ?? '' },
    body: { option: 2 },
  },
  {
    operation: 'DELETE /api/billing/cartitems/{cartitem_id}',
    path: { cartitem_id: ({ kept }) => kept.get('item') ?? '' },
  },

  { operation: 'GET /api/billing/{profile}/balance', as: 'xia', path: xia },
  { operation: 'GET /api/billing/{profile}/history', as: 'xia', path: xia },
  {
    operation: 'POST /api/billing/{profile}/balance',
    path: xia,
    before: async ({ call }) => {
      await call('POST', '/api/cart', { as: 'xia', body: { plan: 'basic' } });
      await call('GET', '/api/billing/xia/checkout', { as: 'xia' });
      await call('POST', '/api/billing/xia/checkout', { as: 'xia', body: { processor_token: 'tok_visa' } });
    },
    body: { plan: 'basic', use: 'requests', quantity: 150 },
  },
  { operation: 'DELETE /api/billing/{profile}/balance', path: xia, query: { amount: '500' } },
  {
    operation: 'POST /api/billing/{profile}/transfers/import',
    path: cowork,
    body: {
      subscription: 'xia:basic',
      created_at: '2026-03-01T00:00:00Z',
      amount: '10.00',
      descr: 'Paid by check',
    },
    after: ({ kept }, body) => {
      kept.set('adjustment', (body as { key: string }).key); // the documented field
    },
  },
  { operation: 'GET /api/billing/{profile}/adjustments', path: cowork },
  {
    operation: 'POST /api/billing/{profile}/adjustments/{key}/reverse',
    path: { ...cowork, key: ({ kept }) => kept.get('adjustment') ?? '' },
  },
  {
    operation: 'POST /api/billing/{profile}/checkout/paylater',
    path: { profile: 'kenneth' },
    before: async ({ call }) => {
      await call('DELETE', '/api/cart');
      await call('POST', '/api/cart', { body: { plan: 'premium' } });
      await call('GET', '/api/billing/kenneth/checkout');
    },
    body: { items: [{ option: 1 }] },
    after: ({ kept }, body) => {
      kept.set('claim_code', (body as { claim_code: string }).claim_code); // the documented field
    },
  },
  {
    operation: 'GET /api/billing/payments/{claim_code}',
    as: null,
    path: { claim_code: ({ kept }) => kept.get('claim_code') ?? '' },
  },
  {
    operation: 'POST /api/billing/payments/{claim_code}',
    as: null,
    path: { claim_code: ({ kept }) => kept.get('claim_code') ?? '' },
    body: { processor_token: 'tok_visa' },
  },
  {
    operation: 'POST /api/billing/{profile}/payments/{claim_code}/collected',
    path: { ...cowork, claim_code: ({ kept }) => kept.get('claim_code') ?? '' },
    before: async ({ call, kept }) => {
      await call('POST', '/api/cart', { body: { plan: 'premium' } });
      await call('GET', '/api/billing/kenneth/checkout');
      const { body } = await call('POST', '/api/billing/kenneth/checkout/paylater', {
        body: { items: [{ option: 1 }] },
      });
      kept.set('claim_code', (body as { claim_code: string }).claim_code); // the documented field
    },
    body: { amount: 5900, paid: true },
  },
  { operation: 'GET /api/billing/{profile}/receivables', path: cowork },
  { operation: 'GET /api/billing/{profile}/transfers', path: cowork },
  { operation: 'GET /api/billing/transactions' },
  { operation: 'GET /api/billing/charges' },
  {
    operation: 'GET /api/billing/{profile}/charges/{charge}',
    as: 'xia',
    path: { ...xia, charge: ({ kept }) => kept.get('charge') ?? '' },
  },
  {
    operation: 'POST /api/billing/{profile}/charges/{charge}/email',
    as: 'xia',
    path: { ...xia, charge: ({ kept }) => kept.get('charge') ?? '' },
  },
  {
    operation: 'POST /api/billing/{profile}/charges/{charge}/refund',
    path: { ...xia, charge: ({ kept }) => kept.get('charge') ?? '' },
    body: { lines: [{ num: 0, refunded_amount: 1000 }] },
  },
  {
    operation: 'POST /api/billing/{profile}/credits',
    path: xia,
    body: { amount: 500, unit: 'usd', descr: 'Thank you for your patience' },
  },
  { operation: 'GET /api/billing/{profile}/credits', as: 'xia', path: xia },
  { operation: 'GET /api/billing/{profile}/credit-notes', as: 'xia', path: xia },
  {
    operation: 'GET /api/billing/{profile}/credit-notes/{number}',
    as: 'xia',
    before: async ({ call, kept }) => {
      const { body } = await call('GET', '/api/billing/xia/credit-notes');
      kept.set('credit_note', (body as { results: { number: string }[] }).results[0]?.number ?? ''); // the documented list
    },
    path: { ...xia, number: ({ kept }) => kept.get('credit_note') ?? '' },
    query: { provider: 'cowork' },
  },
  { operation: 'PUT /api/billing/{profile}/card', as: 'xia', path: xia, body: { token: 'tok_visa' } },
  { operation: 'GET /api/billing/{profile}/card', as: 'xia', path: xia },
  { operation: 'DELETE /api/billing/{profile}/card', as: 'xia', path: xia },
  { operation: 'GET /api/billing/{profile}/bank', path: cowork },
  { operation: 'GET /api/metrics/{profile}/coupons/{coupon}', path: { ...cowork, coupon: 'DIS50' } },
  { operation: 'GET /api/metrics/balances/{report}', path: { report: 'taxes' }, query: { nb_periods: '3' } },
  {
    operation: 'POST /api/metrics/balances/{report}/lines',
    path: { report: 'taxes' },
    body: { title: 'Refunds', selector: 'Refund', rank: 2 },
  },
  { operation: 'GET /api/metrics/balances/{report}/lines', path: { report: 'taxes' } },
  { operation: 'GET /api/metrics/balances/{report}/lines/{rank}', path: { report: 'taxes', rank: '2' } },
  {
    operation: 'PUT /api/metrics/balances/{report}/lines/{rank}',
    path: { report: 'taxes', rank: '2' },
    body: { title: 'Given back', selector: 'Refund', rank: 2 },
  },
  { operation: 'DELETE /api/metrics/balances/{report}/lines/{rank}', path: { report: 'taxes', rank: '2' } },
  {
    operation: 'GET /api/billing/{profile}/seats',
    as: 'xia',
    path: xia,
    before: async ({ call }) => {
      await call('DELETE', '/api/cart', { as: 'xia' });
      const body = { plan: 'basic', sync_on: 'joe@example.com', full_name: 'Joe Card' };
      await call('POST', '/api/cart', { as: 'xia', body });
      await call('GET', '/api/billing/xia/checkout', { as: 'xia' });
      await call('POST', '/api/billing/xia/checkout', { as: 'xia', body: { processor_token: 'tok_visa' } });
    },
    after: ({ kept }, body) => {
      kept.set('seat', String((body as { results: { id: number }[] }).results[0]?.id)); // the documented field
    },
  },
  {
    operation: 'POST /api/billing/{profile}/seats/{seat}/send',
    as: 'xia',
    path: { ...xia, seat: ({ kept }) => kept.get('seat') ?? '' },
    before: async ({ app }) => {
      const sent_at = new Date(app.clock.now().getTime() - 2 * 3_600_000);
      await app.db.updateTable('claims').set({ sent_at }).execute();
    },
  },
  {
    operation: 'POST /api/billing/{profile}/seats/{seat}/revoke',
    as: 'xia',
    path: { ...xia, seat: ({ kept }) => kept.get('seat') ?? '' },
  },
  {
    operation: 'GET /api/billing/{profile}/dunning',
    as: 'xia',
    path: xia,
    before: async ({ app }) => {
      const profiles = await app.db.selectFrom('profiles').select(['id', 'slug']).execute();
      const [profile_id, provider_id] = ['xia', 'cowork'].map(
        (slug) => profiles.find((each) => each.slug === slug)?.id,
      );
      if (!profile_id || !provider_id) throw new Error('the sample data has xia and cowork');
      const terms = { retry_days: [1, 3], grace_days: 7, access: 'keep', access_days: 3, end: 'end', used_part: 'due' };
      const began_at = app.clock.now();
      const parties = { profile_id, provider_id, unit: 'usd' };
      await app.db
        .insertInto('dunning_cases')
        .values({ ...parties, state: 'retrying', terms: JSON.stringify(terms), began_at })
        .execute();
    },
  },
  { operation: 'GET /api/profile/{profile}/subscribers/dunning', path: cowork },
  {
    operation: 'PUT /api/profile/{profile}/dunning-terms',
    path: cowork,
    body: { retry_days: [2, 4], access: 'none', grace_days: null },
  },
  { operation: 'GET /api/profile/{profile}/dunning-terms', path: cowork },
  {
    operation: 'PUT /api/billing/{profile}/provider-charges',
    as: 'xia',
    path: xia,
    body: { allow_provider_charges: true },
  },
  { operation: 'GET /api/billing/{profile}/provider-charges', as: 'xia', path: xia },
  { operation: 'POST /api/billing/{profile}/dunning/retry', as: 'xia', path: xia, body: {} },
];
