import type { RecountRows, RecountSubscription, RecountTerm } from './rows-store.ts';

// Subscriptions of plans and federations, recounted from all rows of subscriptions, without SQL.

const agreed = (list: readonly RecountSubscription[]) => list.filter(({ is_agreed }) => is_agreed);

const oneOf = (ids: Iterable<number>) => {
  const set = new Set(ids);
  return (id: number) => set.has(id);
};

/** Active subscriptions of each plan at each bound, and those that ended in each period. */
export function recountPlans(
  list: readonly RecountSubscription[],
  plans: readonly string[],
  bounds: readonly Date[],
): { active: Record<string, number[]>; ended: Record<string, number[]> } {
  const own = (plan: string) => agreed(list).filter((each) => each.plan === plan);
  const active = plans.map((plan): [string, number[]] => [
    plan,
    bounds.map((at) => own(plan).filter(({ created_at, ends_at }) => created_at <= at && ends_at > at).length),
  ]);
  const ended = plans.map((plan): [string, number[]] => [
    plan,
    bounds
      .slice(1)
      .map(
        (end, index) => own(plan).filter(({ ends_at }) => ends_at >= (bounds[index] ?? end) && ends_at < end).length,
      ),
  ]);
  return { active: Object.fromEntries(active), ended: Object.fromEntries(ended) };
}

/** Profiles that subscribe to a provider and have plans themselves. */
export function recountMembers(
  list: readonly RecountSubscription[],
  sellers: readonly number[],
  provider: number,
  at: Date,
): number[] {
  const subscribed = agreed(list).filter((each) => each.provider_id === provider && each.ends_at >= at);
  return [...new Set(subscribed.map(({ profile_id }) => profile_id))].filter(oneOf(sellers));
}

/** The same day a year later; a leap day has none: the last day of its month. */
function yearAfter(instant: Date): Date {
  const year_after = new Date(instant);
  year_after.setUTCFullYear(instant.getUTCFullYear() + 1);
  if (year_after.getUTCMonth() !== instant.getUTCMonth()) year_after.setUTCDate(0);
  return year_after;
}

/** Subscribers of sellers: each profile counts once. */
export function recountInvited(
  list: readonly RecountSubscription[],
  sellers: readonly number[],
  from: Date,
  at: Date,
): { removed: number; invited: number; newly_invited: number } {
  const isOwn = oneOf(sellers);
  const counts = { removed: 0, invited: 0, newly_invited: 0 };
  const profiles = Map.groupBy(
    agreed(list).filter(({ provider_id }) => isOwn(provider_id)),
    ({ profile_id }) => profile_id,
  );
  for (const own of profiles.values()) {
    if (own.every(({ ends_at }) => ends_at < from)) counts.removed += 1;
    if (!own.some(({ created_at, ends_at }) => created_at < at && ends_at >= at)) continue;
    if (own.some(({ created_at }) => yearAfter(created_at) < at)) counts.invited += 1;
    else counts.newly_invited += 1;
  }
  return counts;
}

/** Numbers of profiles by the number of their running subscriptions to members. */
export function recountShared(
  list: readonly RecountSubscription[],
  members: readonly number[],
  at: Date,
): [subscriptions: number, profiles: number][] {
  const isMember = oneOf(members);
  const running = agreed(list).filter(
    ({ provider_id, created_at, ends_at }) => isMember(provider_id) && created_at <= at && ends_at >= at,
  );
  const of = [...Map.groupBy(running, ({ profile_id }) => profile_id).values()].map(({ length }) => length);
  return [...Map.groupBy(of, (count) => count)]
    .map(([count, { length }]): [number, number] => [count, length])
    .toSorted(([a], [b]) => a - b);
}

/**
 * Ids of the subscriptions of a provider in a list of 2019: those that run at an instant, or those that ended by then,
 * from `start_at` (inclusive) to `ends_at` (exclusive). Waiting ones count; those of archived profiles do not.
 *
 * @public the recount of these lists in src/subscriptions compares with it
 */
export function recountListed(
  list: readonly RecountTerm[],
  { provider, archived }: { provider: number; archived: readonly number[] },
  { span, at, start_at, ends_at }: { span: 'active' | 'ended'; at: Date; start_at: Date | null; ends_at: Date | null },
): number[] {
  const shown = list.filter((each) => each.provider_id === provider && !archived.includes(each.profile_id));
  const isListed = (each: RecountTerm) =>
    span === 'active'
      ? each.created_at <= at && each.ends_at > at
      : each.ends_at <= at &&
        (start_at === null || each.ends_at >= start_at) &&
        (ends_at === null || each.ends_at < ends_at);
  return shown.filter(isListed).map(({ id }) => id);
}

/** Names of the users without a role on a profile with a subscription that began before an instant. */
export function recountRegistered({ users, subscriptions }: RecountRows, at: Date): string[] {
  const subscribed = agreed(subscriptions).filter(({ created_at }) => created_at < at);
  const isSubscribed = oneOf(subscribed.map(({ profile_id }) => profile_id));
  return users.filter(({ profile_ids }) => !profile_ids.some(isSubscribed)).map(({ username }) => username);
}
