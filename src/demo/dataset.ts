import type { PeriodType } from '#kernel/period';

/** Users, plans and customers of the demo. `seedDemo` creates them through the verbs of the rooms. */
export const password = 'yoyo';

export interface DemoUser {
  username: string;
  full_name: string;
  /** Role on the broker, if any. */
  role: 'manager' | 'contributor' | null;
}

export const users: readonly DemoUser[] = [
  { username: 'donny', full_name: 'Donny Smith', role: 'manager' },
  { username: 'alice', full_name: 'Alice Cooper', role: 'contributor' },
  { username: 'xia', full_name: 'Xia Lee', role: null },
  { username: 'kenneth', full_name: 'Kenneth Adams', role: null },
];

export interface DemoPlan {
  slug: string;
  title: string;
  description: string;
  period_amount: number;
  period_type: PeriodType;
  is_not_priced?: boolean;
  /** Advance discounts: basis points by number of plan periods. */
  advance?: readonly { length: number; bps: number }[];
  use?: { slug: string; title: string; quota: number; use_amount: number };
}

const advance = [
  { length: 3, bps: 1000 },
  { length: 12, bps: 2000 },
] as const;

export const plans: readonly DemoPlan[] = [
  {
    slug: 'basic',
    title: 'Basic',
    description: 'A place to drop in, ten days a month.',
    period_amount: 2000,
    period_type: 'monthly',
    advance,
    use: { slug: 'requests', title: 'Requests', quota: 100, use_amount: 10 },
  },
  {
    slug: 'premium',
    title: 'Premium',
    description: 'A place every day, mail handling and meeting rooms.',
    period_amount: 5900,
    period_type: 'monthly',
    advance,
  },
  {
    slug: 'open-space',
    title: 'Open Space',
    description: 'A desk in our open space.',
    period_amount: 17_999,
    period_type: 'monthly',
  },
  {
    slug: 'open-plus',
    title: 'Open Plus',
    description: 'A desk of your own in the open space.',
    period_amount: 24_999,
    period_type: 'monthly',
  },
  {
    slug: 'private',
    title: 'Private',
    description: 'An office with a door.',
    period_amount: 49_999,
    period_type: 'monthly',
  },
  {
    slug: 'managed',
    title: 'Managed',
    description: 'Your address and phone, looked after.',
    period_amount: 2900,
    period_type: 'monthly',
  },
  {
    slug: 'enterprise',
    title: 'Enterprise',
    description: 'A floor, furnished as you like it.',
    period_amount: 0,
    period_type: 'monthly',
    is_not_priced: true,
  },
];

export interface DemoCustomer {
  slug: string;
  full_name: string;
  plan: string;
  /** `joined`: months before now. `left`: months after joining; null if the customer does not leave. */
  joined: number;
  left: number | null;
  /** Option of the plan, from 1. */
  option: number;
}

const names = [
  'Acme Robotics', 'Alder Books', 'Anvil Games', 'Atlas Travel', 'Birch Legal', 'Blue Kite', 'Bright Loom', 'Cedar Health',
  'Cinder Labs', 'Clover Foods', 'Copper Hill', 'Delta Maps', 'Ember Media', 'Fern Garden', 'Field Notes', 'Flint Tools',
  'Glass Harbor', 'Granite Works', 'Harvest Moon', 'Hazel Design', 'Iron Bridge', 'Juniper Data', 'Kestrel Air', 'Lantern Press',
  'Maple Street', 'Mosaic Labs', 'North Star', 'Oak Accounting', 'Pebble Sound', 'Quartz Optics', 'River Clinic', 'Silver Fox',
  'Tidal Power', 'Umber Paint', 'Vesper Lights', 'Willow School',
] as const; // oxfmt-ignore

const sold_plans = [
  'basic',
  'premium',
  'basic',
  'managed',
  'premium',
  'basic',
  'open-space',
  'premium',
  'basic',
] as const;

/** 36 customers over 13 months: most pay a quarter or a year in advance, some pay monthly, some leave. */
export const customers: readonly DemoCustomer[] = names.map((full_name, index) => {
  const plan = sold_plans[index % sold_plans.length] ?? 'basic';
  const hasAdvance = plan === 'basic' || plan === 'premium';
  const joined = 13 - Math.floor((index * 13) / names.length);
  const option = hasAdvance ? (index % 3) + 1 : 1;
  return {
    slug: full_name.toLowerCase().replace(' ', '-'),
    full_name,
    plan,
    joined,
    left: index % 6 === 5 ? 3 : null,
    option,
  };
});

export const coupons = [
  { code: 'DIS100', discount_type: 'percentage', discount_value: 10_000 },
  { code: 'DIS50', discount_type: 'percentage', discount_value: 5000 },
  { code: 'LABORDAY', discount_type: 'currency', discount_value: 1000 },
] as const;

/** The charge in the examples of the API documentation. */
export const documentedCharge = { key: 'XAb124EF', lines: [30_000, 82_120] } as const;
