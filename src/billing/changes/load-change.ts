import { catalogProblems, findCouponsByIds, findPlanBySlug, findPlansByIds, type Plan } from '#catalog';
import { findEntries, findInvoicedEntries, findStatementBalance, fromSubjectColumns } from '#ledger';
import type { Reader } from '#platform/db/database';
import type { ChargeAttemptId, LedgerEntryId, PlanId } from '#platform/db/db-schema';
import { fragment } from '#platform/db/fragment';
import { runTogether } from '#platform/db/together';
import { hasDisputedCharge, hasUnresolvedCharge, type PaymentContext } from '#payments';
import { countPeople, type Profile } from '#profiles';
import {
  findChain,
  findCountedUses,
  findManagedProfiles,
  findOtherSubscriptions,
  findRecordedEnding,
  findSubscription,
  quotaPeriod,
  type Subscription,
  subscriptionIdOf,
  subscriptionProblems,
  trialsUsedBy,
} from '#subscriptions';
import {
  type ChangeCaller,
  type ChangeFacts,
  type DueOrder,
  type HeldLine,
  type QuotaRow,
  type ChangeState,
} from '../change-rules/index.ts';
import { findNotableLines, findOpenLots, findUnpaidParts } from '../credits/index.ts';
import { findOrdersOfSubscriptions } from '../records/index.ts';
import {
  type CoverageRow,
  findEnteringChanges,
  findRunningCoverages,
  hasOpenChange,
  sumSetupFees,
} from './change-store.ts';
import { findPendingChange } from './pending-change-store.ts';
import { readStoredTerms } from './stored-terms.ts';

/** The subscription to change, and the plan to enter. */
export interface ChangeTarget {
  subscriber: Profile;
  /** Slug of the plan that is left. */
  plan: string;
  /** Slug of the plan entered. */
  to: string;
  /** Providers whose subscriptions the caller sees; null: all. */
  sellers: readonly number[] | null;
}

export interface LoadedChange {
  facts: ChangeFacts;
  state: ChangeState;
  caller: ChangeCaller;
  /** Rows of the chain of changes, oldest first; the last one is the subscription. */
  chain: readonly Subscription[];
}

/**
 * Loads what decides a change at an instant. `at` selects the subscription and the time; money is what it is now.
 * @throws subscription_unknown, plan_unknown (404)
 */
export async function loadChange(
  reader: Reader,
  ctx: PaymentContext,
  target: ChangeTarget,
  at: Date,
): Promise<LoadedChange> {
  const { subscriber } = target;
  const { subscription, from } = await getSubscription(reader, target, at);
  const to = target.to === from.slug ? from : await findPlanBySlug(reader, target.to);
  if (!to) throw catalogProblems.plan_unknown();
  const chain = await findChain(reader, subscription.id);
  const rows = await findRunningCoverages(reader, subscription.id, at);
  const others =
    from.id === to.id
      ? []
      : await findOtherSubscriptions(reader, { profile_id: subscriber.id, plan_id: to.id }, subscription.id);
  const pending = await findPendingChange(reader, subscription.id);
  const managed = await findManagedProfiles(reader, ctx);
  const lots = await findOpenLots(reader, subscriber.id);
  const { trials_used } = await runTogether(reader, {
    trials_used: trialsUsedBy(subscriber.id, [to.id], fragment`null::text`),
  });
  const now = ctx.clock.now();
  const lines = await loadLines(reader, rows, from, now);
  const facts: ChangeFacts = {
    subscription,
    from,
    to,
    lines,
    due: await loadDue(reader, subscription, rows, now),
    lots: lots.filter((lot) => lot.provider_id === to.profile_id && lot.unit === to.unit),
    coupon: await findCoveringCoupon(reader, rows, at),
    setup_ordered: await sumSetupFees(
      reader,
      chain.map(({ id }) => id),
    ),
    had_plan: others.length > 0,
    had_trial: trials_used.has(to.id),
    quota_rows: await loadQuotaRows(reader, chain, from, at),
    has_pending: pending !== undefined,
    charge_min: ctx.processors.chosen.minimum(to.unit),
  };
  const state: ChangeState = {
    is_organization: subscriber.personal_user_id === null,
    has_plan: others.some(({ ends_at }) => ends_at > at),
    ...(await findOpenPayments(reader, subscription, rows)),
    has_begun: pending !== undefined && pending.order_id !== null,
    people: to.counts_people ? await countPeople(reader, subscriber.id) : null,
  };
  const sells = managed.runs_site || managed.managed.has(from.profile_id);
  const buys = managed.managed.has(subscriber.id);
  const renews =
    buys || managed.runs_site || (await findRecordedEnding(reader, subscription.id))?.kind === 'by_provider';
  const charges_later = buys || subscriber.allow_provider_charges;
  return { facts, state, caller: { sells, buys, renews, charges_later }, chain };
}

/** Loads the running subscription of a subscriber to a plan. @throws subscription_unknown (404) */
export async function getSubscription(
  reader: Reader,
  { subscriber, plan: slug, sellers }: Pick<ChangeTarget, 'subscriber' | 'plan' | 'sellers'>,
  at: Date,
): Promise<{ subscription: Subscription; from: Plan }> {
  const from = await findPlanBySlug(reader, slug);
  const isSeen = from !== undefined && (sellers === null || sellers.includes(from.profile_id));
  const subscription = isSeen ? await findSubscription(reader, subscriber.id, from.id, at) : undefined;
  if (!from || !subscription) {
    throw subscriptionProblems.subscription_unknown({
      detail: `cannot find active subscription to ${slug} for ${subscriber.slug}`,
    });
  }
  return { subscription, from };
}

async function loadLines(reader: Reader, rows: readonly CoverageRow[], from: Plan, now: Date): Promise<HeldLine[]> {
  const ids = [...new Set(rows.map(({ order_line_id }) => order_line_id))];
  const notable = await findNotableLines(reader, ids, now);
  const numbers = await findInvoicedEntries(
    reader,
    rows.flatMap(({ ledger_entry_id }) => ledger_entry_id ?? []),
  );
  const others = rows.flatMap(({ plan_id }) => (plan_id === null || plan_id === from.id ? [] : [plan_id]));
  const plans = others.length === 0 ? new Map<PlanId, Plan>() : await findPlansByIds(reader, others);
  return ids.map((id): HeldLine => {
    const coverages = rows.filter(({ order_line_id }) => order_line_id === id);
    const [first] = coverages;
    const order = notable.get(id);
    if (!first || !order) throw new Error(`the order line ${id} of a coverage is not booked`);
    return {
      id,
      order_number: first.ledger_entry_id === null ? null : (numbers.get(first.ledger_entry_id)?.number ?? null),
      payer_id: first.payer_id,
      plan_slug: (first.plan_id === null ? undefined : plans.get(first.plan_id))?.slug ?? from.slug,
      unit: first.unit,
      order,
      is_refundable: order.is_paid_by_card,
      coupon_id: first.coupon_id,
      coverages,
    };
  });
}

/** Finds what the subscriber owes on the subscription and its uses: the unpaid parts of its orders, oldest first. */
async function loadDue(
  reader: Reader,
  { id, profile_id }: Subscription,
  rows: readonly CoverageRow[],
  now: Date,
): Promise<DueOrder[]> {
  const { subjects } = await findStatementBalance(reader, profile_id, now);
  const owed = subjects.filter(({ subject, amount }) => amount > 0 && subscriptionIdOf(subject) === id);
  const parts = await findUnpaidParts(
    reader,
    owed.map(({ subject }) => subject),
    now,
  );
  const ids = [...parts].flatMap(([entry_id, amount]) => (amount > 0 ? [entry_id] : []));
  const entries = await findEntries(reader, ids);
  const numbers = await findInvoicedEntries(reader, ids);
  const lineOf = new Map(rows.map(({ ledger_entry_id, order_line_id }) => [ledger_entry_id, order_line_id]));
  return ids.toSorted(byId).flatMap((entry_id): DueOrder[] => {
    const entry = entries.get(entry_id);
    const subject = entry && fromSubjectColumns(entry);
    if (!entry || !subject || entry.dest_profile_id !== profile_id) return [];
    return [
      {
        line_id: lineOf.get(entry_id) ?? null,
        entry_id,
        subject,
        description: entry.description,
        amount: parts.get(entry_id) ?? 0,
        order_number: numbers.get(entry_id)?.number ?? null,
      },
    ];
  });
}

function byId(a: LedgerEntryId, b: LedgerEntryId): number {
  return a - b;
}

/** Finds the coupon of the order that covers an instant. */
async function findCoveringCoupon(reader: Reader, rows: readonly CoverageRow[], at: Date) {
  const covering = rows.find(({ kind, starts_at, ends_at }) => kind === 'period' && starts_at <= at && at < ends_at);
  if (!covering || covering.coupon_id === null) return null;
  return (await findCouponsByIds(reader, [covering.coupon_id])).get(covering.coupon_id) ?? null;
}

/** Loads the rows that shared the running period with a subscription, with their free uses. */
async function loadQuotaRows(
  reader: Reader,
  chain: readonly Subscription[],
  from: Plan,
  at: Date,
): Promise<QuotaRow[]> {
  const last = chain.at(-1);
  if (!last) return [];
  const { start_at } = quotaPeriod(last, from, at);
  const shared = chain.filter((row, index) => {
    const left_at = chain[index + 1]?.created_at;
    return row.anchor_at.getTime() === last.anchor_at.getTime() && (left_at === undefined || left_at > start_at);
  });
  const ids = shared.map(({ id }) => id);
  const [counted, plans, entering] = [
    await findCountedUses(reader, ids),
    await findPlansByIds(
      reader,
      shared.map(({ plan_id }) => plan_id),
    ),
    await findEnteringChanges(reader, ids),
  ];
  return shared.map((row): QuotaRow => {
    const entered_at = row.replaces_id !== null && row.created_at > start_at ? row.created_at : null;
    const change = entering.find(({ new_subscription_id }) => new_subscription_id === row.id);
    const given = entered_at === null || !change ? [] : readStoredTerms(change.terms).quotas;
    return {
      entered_at,
      uses: (plans.get(row.plan_id)?.use_charges ?? []).map((use) => {
        const usage = counted.find((each) => each.subscription_id === row.id && each.use_charge_id === use.id);
        const isCurrent = usage !== undefined && usage.period_started_at >= start_at;
        return {
          slug: use.slug,
          quota: use.quota,
          given: given.find((each) => each.use === use.slug)?.after ?? null,
          left: isCurrent ? usage.expiring_quota : null,
          bought: usage?.rollover_quota ?? 0,
        };
      }),
    };
  });
}

/** Finds out whether a payment of the subscription is open or disputed. */
async function findOpenPayments(
  reader: Reader,
  { id }: Subscription,
  rows: readonly CoverageRow[],
): Promise<{ has_open_charge: boolean; has_dispute: boolean }> {
  const orders = await findOrdersOfSubscriptions(reader, [id]);
  const attempts = new Set<ChargeAttemptId>(
    [...orders, ...rows].flatMap(({ charge_attempt_id }) => charge_attempt_id ?? []),
  );
  const has_open_charge =
    orders.some(({ state }) => state === 'reserved') ||
    (await hasOpenChange(reader, id)) ||
    (await hasUnresolvedCharge(reader, [...attempts]));
  return { has_open_charge, has_dispute: await hasDisputedCharge(reader, [...attempts]) };
}
