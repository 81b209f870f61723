import type { ExampleCall, World } from '../record-examples.ts';

const subscription = { profile: 'xia', subscribed_plan: 'studio' };
const change = '/api/profile/xia/subscriptions/studio/change';

/** Sells a plan that can be changed, paused and cancelled to xia, with a card that stays on file. */
async function sellStudio({ call }: World): Promise<void> {
  const terms = {
    period_type: 'monthly',
    unit: 'usd',
    is_active: true,
    renewal_type: 'auto-renew',
    change_modes: { upgrade: 'prorate', downgrade: 'prorate', crossgrade: 'prorate' },
    pause_days_max: 30,
    cancel_refund: 'credit',
  };
  const plans = '/api/profile/cowork/plans';
  await call('POST', plans, { body: { ...terms, title: 'Studio', description: 'A room.', period_amount: 9000 } });
  await call('POST', plans, { body: { ...terms, title: 'Corner', description: 'A corner.', period_amount: 4000 } });
  await call('DELETE', '/api/cart', { as: 'xia' });
  await call('POST', '/api/cart', { as: 'xia', body: { plan: 'studio' } });
  await call('GET', '/api/billing/xia/checkout', { as: 'xia' });
  const body = { processor_token: 'tok_visa', remember_card: true };
  await call('POST', '/api/billing/xia/checkout', { as: 'xia', body });
}

/** Keeps the key of the preview of a change. */
function previewing(query: string): (world: World) => Promise<void> {
  return async ({ call, kept }) => {
    const { body } = await call('GET', `${change}?${query}`, { as: 'xia' });
    kept.set('preview_key', (body as { preview_key: string }).preview_key); // the documented field
  };
}

const keyed = (wish: Record<string, string>) => (world: World) => ({
  ...wish,
  preview_key: world.kept.get('preview_key') ?? '',
});

/** Plans a change for the end of the paid period. */
async function planChange(world: World): Promise<void> {
  const wish = { to: 'corner', at: 'period_end' };
  await previewing('to=corner&at=period_end')(world);
  await world.call('POST', change, { as: 'xia', body: keyed(wish)(world) });
}

export const changesCalls: readonly ExampleCall[] = [
  {
    operation: 'GET /api/profile/{profile}/subscriptions/{subscribed_plan}/change/pending',
    as: 'xia',
    path: subscription,
    before: async (world) => {
      await sellStudio(world);
      await planChange(world);
    },
  },
  {
    operation: 'DELETE /api/profile/{profile}/subscriptions/{subscribed_plan}/change',
    as: 'xia',
    path: subscription,
  },
  {
    operation: 'POST /api/profile/{profile}/subscriptions/{subscribed_plan}/pause',
    as: 'xia',
    path: subscription,
    body: { resumes_at: '2026-03-24T15:00:00Z', reason: 'A month abroad' },
  },
  {
    operation: 'PUT /api/profile/{profile}/subscriptions/{subscribed_plan}/pause',
    as: 'xia',
    path: subscription,
    body: { resumes_at: '2026-03-31T15:00:00Z' },
  },
  {
    operation: 'DELETE /api/profile/{profile}/subscriptions/{subscribed_plan}/pause',
    as: 'xia',
    path: subscription,
  },
  {
    operation: 'GET /api/profile/{profile}/subscriptions/{subscribed_plan}/cancel',
    as: 'xia',
    path: subscription,
    query: { at: 'now', refund: 'credit' },
  },
  {
    operation: 'POST /api/profile/{profile}/subscriptions/{subscribed_plan}/cancel',
    as: 'xia',
    path: subscription,
    body: { reason: 'too_expensive' },
  },
  {
    operation: 'DELETE /api/profile/{profile}/subscriptions/{subscribed_plan}/cancel',
    as: 'xia',
    path: subscription,
  },
  {
    operation: 'GET /api/profile/{profile}/subscriptions/{subscribed_plan}/change',
    as: 'xia',
    path: subscription,
    query: { to: 'corner' },
    after: ({ kept }, body) => {
      kept.set('preview_key', (body as { preview_key: string }).preview_key); // the documented field
    },
  },
  {
    operation: 'POST /api/profile/{profile}/subscriptions/{subscribed_plan}/change',
    as: 'xia',
    path: subscription,
    body: keyed({ to: 'corner' }),
  },
  {
    operation: 'POST /api/billing/{profile}/credits/{number}/refund',
    before: async ({ call, kept }) => {
      const { body } = await call('GET', '/api/billing/xia/credits');
      const { results } = body as { results: { number: number; balance: number; refundable: boolean }[] }; // documented
      const lot = results.find(({ balance, refundable }) => refundable && balance > 0);
      kept.set('lot', String(lot?.number));
    },
    path: { profile: 'xia', number: ({ kept }) => kept.get('lot') ?? '' },
    body: { amount: 500 },
  },
];
