import { BROKER, CLUB, type SimulatedSite } from './site.ts';

/** A plan that the simulation sells. */
export interface SoldPlan {
  slug: string;
  provider: string;
  has_seats: boolean;
  /** Slug of its use charge; null if uses are not sold. */
  use: string | null;
  options_count: number;
}

interface PlanDraft {
  provider: string;
  body: Record<string, unknown> & { slug: string };
  plan: Omit<SoldPlan, 'slug' | 'provider'>;
}

const plain = { has_seats: false, use: null, options_count: 1 };
const back = { change_modes: { upgrade: 'prorate', downgrade: 'prorate', crossgrade: 'prorate' } };
const paused = { pause_days_max: 45, cancel_refund: 'unused', money_back_days: 14 };

// oxfmt-ignore
const drafts: readonly PlanDraft[] = [
  { provider: BROKER, plan: plain, body: { slug: 'lite', title: 'Lite', period_amount: 1900, ...back, ...paused } },
  { provider: BROKER, plan: { ...plain, options_count: 2 }, body: { slug: 'basic', title: 'Basic', period_amount: 4900, setup_amount: 500,
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 6 }], ...paused, ...back, cancel_refund: 'credit' } },
  { provider: BROKER, plan: { ...plain, use: 'requests' }, body: { slug: 'pro', title: 'Pro', period_amount: 14_900, ...paused,
    use_charges: [{ slug: 'requests', title: 'Requests', use_amount: 30, quota: 100 }] } },
  { provider: BROKER, plan: plain, body: { slug: 'annual', title: 'Annual', period_amount: 49_000, period_type: 'yearly', ...paused } },
  { provider: BROKER, plan: plain, body: { slug: 'tryout', title: 'Try-out', period_amount: 2900, trial_days: 14 } },
  { provider: CLUB, plan: { ...plain, has_seats: true }, body: { slug: 'team', title: 'Team', period_amount: 1500, quantity_max: 40, ...paused } },
  { provider: CLUB, plan: plain, body: { slug: 'weekly', title: 'Weekly', period_amount: 700, period_type: 'weekly' } },
];

export const COUPON = 'HALF';

/** Username of the manager of each provider. */
export const managers: Readonly<Record<string, string>> = { [BROKER]: 'olga', [CLUB]: 'alice' };

/** Creates the providers, their plans and a coupon by the API. */
export async function makeCatalog(site: SimulatedSite): Promise<readonly [SoldPlan, ...SoldPlan[]]> {
  await site.addUser('olga', 'broker');
  await site.addUser('alice', 'club');
  const made: SoldPlan[] = [];
  for (const { provider, body, plan } of drafts) {
    const common = { is_active: true, unit: 'usd', period_type: 'monthly', broker_fee_percent: 1000 };
    const { broker_fee_percent, ...own } = { ...common, ...body };
    const fee = provider === CLUB ? { broker_fee_percent } : {};
    const reply = await site.call('olga', 'POST', `/api/profile/${provider}/plans`, { ...own, ...fee });
    if (reply.status !== 201) throw new Error(`the plan ${body.slug} was not created: ${JSON.stringify(reply.body)}`);
    made.push({ ...plan, provider, slug: body.slug });
  }
  const coupon = { code: COUPON, discount_type: 'percentage', discount_value: 5000, ends_at: null };
  const reply = await site.call('olga', 'POST', `/api/billing/${BROKER}/coupons`, coupon);
  if (reply.status !== 201) throw new Error(`the coupon was not created: ${JSON.stringify(reply.body)}`);
  const [first, ...others] = made;
  if (!first) throw new Error('there is no plan');
  return [first, ...others];
}
