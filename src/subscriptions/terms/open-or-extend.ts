import assert from 'node:assert/strict';
import { firstSubscriptions, type Plan, trialEnd } from '#catalog';
import { addPeriods, type PeriodType } from '#kernel/period';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit, type Event } from '#platform/jobs/events';
import { type Outcomes, runTogether } from '#platform/db/together';
import {
  subscriptionFacts,
  subscriptionGrantAccepted,
  subscriptionGrantCreated,
  subscriptionRequestCreated,
} from '../events.ts';
import { findTrustedProviders } from '../invitations/index.ts';
import {
  extendedSubscriptions,
  extendEnd,
  insertedSubscriptions,
  latestSubscriptions,
  lockSubscriptionSlots,
  type OpenedRow,
  reportingOverlap,
  type Slot,
  type Subscription,
} from '../records/index.ts';

/** Order of a plan for a number of natural periods. */
export interface Opening {
  profile_id: ProfileId;
  plan: Plan;
  /** Natural periods. */
  periods_count: number;
  /** Type of the periods that were priced; that of the plan when omitted. */
  period_type?: PeriodType;
  /** Days of a trial, which is opened in place of the periods. */
  trial_days?: number;
  /** Quantity of a subscription that is opened; 1 when omitted. One that is extended keeps its own. */
  quantity?: number;
  /** Instant of the order; a new subscription begins at it (inclusive). */
  at: Date;
  /** True if another profile pays. */
  is_gift?: boolean;
  originated_by?: UserId | null;
}

export interface Opened {
  subscription: Subscription;
  covers_from: Date;
  /** Exclusive. */
  covers_to: Date;
}

/** A subscription as the openings of one order leave it. */
interface Draft {
  /** Null until it is inserted. */
  id: Subscription['id'] | null;
  readonly plan: Plan;
  readonly row: OpenedRow;
  /** True if an order of the profile accepted the grant that waited. */
  is_accepted: boolean;
}

/** The openings of one order as they are saved: each of their subscriptions once. */
export interface PlannedOpenings {
  readonly drafts: readonly Draft[];
  /** One per opening, in their order. */
  readonly coverages: readonly { opening: Opening; draft: Draft; covers_from: Date; covers_to: Date }[];
}

/** Returns the slot of an opening. */
function slotOf({ profile_id, plan }: Pick<Opening, 'profile_id' | 'plan'>): Slot {
  return { profile_id, plan_id: plan.id };
}

/**
 * Opens a subscription of a profile to a plan, or extends the one with the latest end that has not ended.
 *
 * Locks: the slot of the profile and the plan, then the subscription.
 * @public tests of other rooms subscribe profiles as an order does
 */
export async function openOrExtend(tx: Tx, opening: Opening): Promise<Opened> {
  const slots = [slotOf(opening)];
  await lockSubscriptionSlots(tx, slots);
  const { latest } = await runTogether(tx, { latest: latestSubscriptions(slots, opening.at) });
  const planned = await planOpenings(tx, [opening], latest);
  const { opened, events } = readOpenings(planned, await reportingOverlap(runTogether(tx, openingParts(planned))));
  for (const event of events) await emit(tx, event, opening.at);
  assert(opened[0]);
  return opened[0];
}

/**
 * Decides the openings of one order, in their order: each opens a subscription or extends the one with the latest end
 * that has not ended, which an earlier opening may have opened.
 *
 * A new subscription waits for the provider if the plan requires that. An order by the profile accepts a grant that
 * waits. A gift of a provider that the profile does not subscribe to waits for the profile: a provider may read the
 * profiles of its subscribers. An order may be paid long after `at`; a subscription that was opened in between is
 * extended.
 *
 * `latest` are the subscriptions of `latestSubscriptions`, locked with their slots.
 */
export async function planOpenings(
  tx: Tx,
  openings: readonly Opening[],
  latest: readonly Subscription[],
): Promise<PlannedOpenings> {
  const drafts = new Map<string, Draft>();
  for (const { id, ...row } of latest) {
    const plan = openings.find((opening) => keyOf(slotOf(opening)) === keyOf(row))?.plan;
    if (plan) drafts.set(keyOf(row), { id, plan, row: { ...row }, is_accepted: false });
  }
  const gifts = openings.filter((opening) => opening.is_gift === true && !drafts.has(keyOf(slotOf(opening))));
  const isTrusted = await findTrustedProviders(
    tx,
    gifts.map(({ profile_id, plan }) => ({ profile_id, provider_id: plan.profile_id })),
    gifts[0]?.at ?? new Date(0),
  );
  const coverages = openings.map((opening) => {
    const key = keyOf(slotOf(opening));
    const draft = drafts.get(key);
    if (draft) return { opening, draft, ...extend(draft, opening) };
    const needs_consent = opening.is_gift === true && !isTrusted(opening.profile_id, opening.plan.profile_id);
    const opened = open(opening, needs_consent);
    drafts.set(key, opened);
    return { opening, draft: opened, covers_from: opened.row.created_at, covers_to: opened.row.ends_at };
  });
  return { drafts: [...drafts.values()], coverages };
}

function open(opening: Opening, needs_consent: boolean): Draft {
  const { profile_id, plan, periods_count, period_type = plan.period_type, trial_days, quantity = 1, at } = opening;
  const trial_ends_at = trial_days === undefined ? null : trialEnd(at, trial_days);
  const row = {
    profile_id,
    plan_id: plan.id,
    quantity,
    created_at: at,
    // Periods are counted from the end of a trial, at which the first one is ordered.
    anchor_at: trial_ends_at ?? at,
    ends_at: trial_ends_at ?? addPeriods(at, periods_count, period_type),
    trial_ends_at,
    auto_renew: trial_ends_at !== null || plan.renewal_type === 'auto-renew',
    request_key: plan.optin_on_request ? randomKey40() : null,
    grant_key: needs_consent ? randomKey40() : null,
  };
  return { id: null, plan, row, is_accepted: false };
}

/** Moves the end of a draft, which the openings of one slot share. */
function extend(draft: Draft, { plan, is_gift, periods_count, period_type = plan.period_type, trial_days }: Opening) {
  const covers_from = draft.row.ends_at;
  // A trial begins a subscription; one that was opened since the order gets no further free time.
  const covers_to = trial_days === undefined ? extendEnd(draft.row, periods_count, period_type) : covers_from;
  draft.row.ends_at = covers_to;
  if (draft.row.grant_key !== null && is_gift !== true) {
    draft.row.grant_key = null;
    draft.is_accepted = true;
  }
  return { covers_from, covers_to };
}

/** Returns the parts that save planned openings, for `reportingOverlap`. */
export function openingParts({ drafts }: PlannedOpenings) {
  const opened = drafts.filter(({ id }) => id === null);
  const extended = drafts.flatMap(({ id, row: { ends_at }, is_accepted }) =>
    id === null ? [] : [{ id, ends_at, is_accepted }],
  );
  const first = opened.filter(({ plan }) => plan.first_subscribed_at === null);
  return {
    opened_subscriptions: opened.length === 0 ? null : insertedSubscriptions(opened.map(({ row }) => row)),
    extended_subscriptions: extended.length === 0 ? null : extendedSubscriptions(extended),
    first_subscriptions: first[0]
      ? firstSubscriptions(
          first.map(({ plan }) => plan.id),
          first[0].row.created_at,
        )
      : null,
  };
}

/** Returns the subscription of each opening, and the events to emit, from the rows that `openingParts` saved. */
export function readOpenings(
  { coverages }: PlannedOpenings,
  { opened_subscriptions = [], extended_subscriptions = [] }: Outcomes<ReturnType<typeof openingParts>>,
): { opened: Opened[]; events: Event[] } {
  const saved = new Map([...opened_subscriptions, ...extended_subscriptions].map((each) => [keyOf(each), each]));
  const opened = coverages.map(({ opening, covers_from, covers_to }) => {
    const subscription = saved.get(keyOf(slotOf(opening)));
    assert(subscription, 'every opening has a subscription');
    return { subscription, covers_from, covers_to };
  });
  const seen = new Set<Draft>();
  const events = coverages.flatMap(({ opening, draft }, index) => {
    const subscription = opened[index]?.subscription;
    if (!subscription || seen.has(draft)) return [];
    seen.add(draft);
    return eventsOf(draft, {
      ...subscriptionFacts(subscription, opening.plan),
      originated_by: opening.originated_by ?? null,
    });
  });
  return { opened, events };
}

type Facts = ReturnType<typeof subscriptionFacts> & { originated_by: UserId | null };

function eventsOf({ id, row: { request_key, grant_key }, is_accepted }: Draft, facts: Facts): Event[] {
  if (id !== null) return is_accepted ? [subscriptionGrantAccepted(facts)] : [];
  return [
    ...(request_key === null ? [] : [subscriptionRequestCreated({ ...facts, request_key })]),
    ...(grant_key === null ? [] : [subscriptionGrantCreated({ ...facts, grant_key, key: null, message: null })]),
  ];
}

function keyOf({ profile_id, plan_id }: Slot): string {
  return `${profile_id}/${plan_id}`;
}
