/**
 * State of the model: what the site must contain after each command. Imports nothing from `src`.
 * Units: amounts in 1/100 of the unit, instants in ms since 1970.
 */
import type { Parts } from './amounts.ts';
import { Books } from './books.ts';
import type { PeriodType } from './calendar.ts';
import type { Terms } from './terms.ts';

export interface Discount {
  kind: 'percentage' | 'currency' | 'period';
  value: number;
}

export interface Plan {
  slug: string;
  provider: string;
  unit: string;
  amount: number;
  setup: number;
  period_type: PeriodType;
  period_length: number;
  broker_bps: number;
  /** By increasing length. */
  advance: readonly (Discount & { length: number })[];
}

export interface Coupon extends Discount {
  code: string;
  provider: string;
  /** Slug of the only plan that it applies to, or null. */
  plan: string | null;
  ends_at: number | null;
  left: number | null;
}

export interface Subscription {
  profile: string;
  plan: string;
  created_at: number;
  ends_at: number;
  /** Subject of its orders. */
  subject: string;
}

/** A posted order line. */
export interface Debt {
  subject: string;
  payer: string;
  plan: Plan;
  amount: number;
  unit: string;
  /** Charge that pays or may pay it; null after a failure. */
  charge: Charge | null;
}

export interface ChargeLine {
  debt: Debt;
  amount: number;
  left: Parts;
}

export interface Charge {
  key: string;
  customer: string;
  unit: string;
  amount: number;
  state: 'created' | 'done' | 'failed' | 'disputed';
  lines: ChargeLine[];
  /** Movements of the open dispute, to be reverted by a win. */
  dispute: Movement[];
  /** A dispute that was lost took the rest of each line. No command disputes the charge again. */
  is_lost: boolean;
  /** Instant of the payment. */
  at: number;
  /** State at the processor that no message has reported yet. */
  undelivered: 'done' | 'failed' | null;
}

export interface Movement {
  from: string;
  from_account: string;
  to: string;
  to_account: string;
  amount: number;
  unit: string;
}

export interface CartItem {
  plan: Plan;
  option: number;
  /** Profile or address that it is bought for; null for the payer. */
  sync_on: string | null;
  coupon: Coupon | null;
  /** Claimed seat that it redeems. */
  seat: Seat | null;
  is_ordered: boolean;
}

/** A seat for a person without a verified address. */
export interface Seat {
  claim: Claim;
  plan: Plan;
  periods_count: number;
  debts: Debt[];
  item: CartItem | null;
  claimed_by: string | null;
}

export interface Claim {
  email: string;
  expires_at: number;
  seats: Seat[];
}

/** A line of a quote and of an order. */
export interface Line {
  kind: 'period' | 'setup' | 'balance' | 'prepaid';
  plan: Plan;
  amount: number;
  periods_count: number;
  /** Profile, or the address of a person. */
  beneficiary: string;
  is_seat: boolean;
  coupon: Coupon | null;
  item: CartItem | null;
  /** Posted order that the line pays late; null for a balance that is no sum of orders. */
  debt: Debt | null;
  /** Subject of a balance. */
  subject: string | null;
}

/** A write-off, a payment that was made elsewhere, or an imported sale. */
export interface Adjustment {
  key: string;
  kind: 'write_off' | 'offline_payment' | 'import';
  payer: string;
  provider: string;
  unit: string;
  parts: { subject: string; amount: number }[];
  is_reversed: boolean;
}

/** A link that pays an order which was placed without paying. */
export interface Link {
  code: string;
  payer: string;
  provider: string;
  debts: Debt[];
  /** Closes the link until it is reversed. */
  adjustment: Adjustment | null;
}

/** An order whose payment has no known outcome. */
export interface Reservation {
  payer: string;
  at: number;
  lines: Line[];
  amount: number;
  unit: string;
  coupons: Coupon[];
  /** Subscriptions that the order names. */
  subjects: string[];
  /** True if the processor has the charge. */
  is_charged: boolean;
}

/** A given-up order. It keeps its redemptions while its payment can still appear. */
export interface HeldOrder {
  coupons: readonly Coupon[];
  given_up_at: number;
}

export interface Model {
  now: number;
  broker: string;
  /** Profile of the processor in the books. */
  processor: string;
  terms: Terms;
  books: Books;
  plans: Plan[];
  coupons: Coupon[];
  buyers: string[];
  /** Addresses of users who have not verified them, with their users. */
  people: Map<string, string>;
  subscriptions: Subscription[];
  debts: Debt[];
  charges: Charge[];
  adjustments: Adjustment[];
  links: Link[];
  carts: Map<string, CartItem[]>;
  /** Code that applies to items added later, by buyer. */
  remembered: Map<string, string>;
  reservations: Reservation[];
  held: HeldOrder[];
  claims: Claim[];
  /** Counts subjects, so that each is new. */
  subjects_count: number;
}

export function makeModel(
  given: Pick<Model, 'now' | 'broker' | 'processor' | 'terms' | 'plans' | 'coupons' | 'buyers' | 'people'>,
  books = new Books(),
): Model {
  return {
    ...given,
    books,
    subscriptions: [],
    debts: [],
    charges: [],
    adjustments: [],
    links: [],
    carts: new Map(given.buyers.map((buyer) => [buyer, []])),
    remembered: new Map(),
    reservations: [],
    held: [],
    claims: [],
    subjects_count: 0,
  };
}

/** Returns the open items of a buyer's cart. */
export function cartOf(model: Model, buyer: string): CartItem[] {
  return (model.carts.get(buyer) ?? []).filter(({ is_ordered }) => !is_ordered);
}

/** Returns the subscription of a slot with the latest end after `at`. */
export function running(model: Model, profile: string, plan: Plan, at: number): Subscription | undefined {
  return model.subscriptions
    .filter((each) => each.profile === profile && each.plan === plan.slug && each.ends_at > at)
    .toSorted((a, b) => b.ends_at - a.ends_at)[0];
}
