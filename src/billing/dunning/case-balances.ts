import { findPlansByIds, type Plan } from '#catalog';
import { findAmountsDue, findOwedSubjects, subjectText } from '#ledger';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findSubscriptionsByIds, type Subscription, subscriptionIdOf } from '#subscriptions';
import { type DuePlace, isSamePlace } from './dunning-store.ts';

/** What is due at a place, with the subscriptions that owe it. */
export interface PlaceBalance extends DuePlace {
  /** Units: 1/100. */
  amount: number;
  subscriptions: { subscription: Subscription; plan: Plan }[];
}

/**
 * Loads what payers owe on their subscriptions that renew automatically, by provider and unit. The number of statements
 * does not depend on the number of payers.
 */
export async function findPlaceBalances(reader: Reader, payer_ids: readonly ProfileId[]): Promise<PlaceBalance[]> {
  const owed = await findOwedSubjects(reader, payer_ids);
  const subjects = owed.flatMap((each) => each.subjects);
  const subscriptions = await findSubscriptionsByIds(
    reader,
    subjects.flatMap((subject) => subscriptionIdOf(subject) ?? []),
  );
  const plans = await findPlansByIds(
    reader,
    [...subscriptions.values()].map(({ plan_id }) => plan_id),
  );
  const dues = Map.groupBy(await findAmountsDue(reader, subjects), ({ subject }) => subjectText(subject));
  const balances: PlaceBalance[] = [];
  for (const { profile_id, subjects: own } of owed)
    for (const subject of own) {
      const about = findAbout(subscriptionIdOf(subject), { subscriptions, plans });
      if (!about) continue;
      for (const { unit, amount } of dues.get(subjectText(subject)) ?? [])
        if (amount > 0) addTo(balances, { profile_id, provider_id: about.plan.profile_id, unit }, amount, about);
    }
  return balances;
}

type About = PlaceBalance['subscriptions'][number];

function findAbout(
  id: SubscriptionId | null,
  {
    subscriptions,
    plans,
  }: { subscriptions: ReadonlyMap<SubscriptionId, Subscription>; plans: ReadonlyMap<PlanId, Plan> },
): About | null {
  const subscription = id === null ? undefined : subscriptions.get(id);
  const plan = subscription && plans.get(subscription.plan_id);
  return subscription?.auto_renew === true && plan ? { subscription, plan } : null;
}

/** Adds an amount to the balance of a place, and the subscription once. */
function addTo(balances: PlaceBalance[], place: DuePlace, amount: number, about: About): void {
  let balance = balances.find((each) => isSamePlace(each, place));
  if (!balance) balances.push((balance = { ...place, amount: 0, subscriptions: [] }));
  balance.amount += amount;
  if (balance.subscriptions.every(({ subscription }) => subscription.id !== about.subscription.id))
    balance.subscriptions.push(about);
}
