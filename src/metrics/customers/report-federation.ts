import type { Reader } from '#platform/db/database';
import { type Profile, profileName } from '#profiles';
import { countFederation, countShared } from './federation-store.ts';

export const federation_definition =
  'Members are the profiles that subscribe to the provider and have plans themselves; the last row is the whole ' +
  'federation, in which each profile counts once. Removed: profiles whose last subscription ended before start_at, ' +
  'as a negative number. Newly invited: profiles with a running subscription that began within a year before ends_at. ' +
  'Invited: the other profiles with a running subscription.';
export const shared_definition =
  'Numbers of the profiles that have one, two, three… running subscriptions to plans of members of the federation.';

/** A series over members, or over numbers of subscriptions. */
export interface MemberSeries<T> {
  slug: string;
  title: string;
  values: [of: T, count: number][];
}

/** Reports the subscribers of each member of the federation of a provider. */
export async function reportFederation(
  reader: Reader,
  provider: Profile,
  from: Date,
  at: Date,
): Promise<MemberSeries<string>[]> {
  const counts = await countFederation(reader, { id: provider.id, name: profileName(provider) }, from, at);
  return [
    {
      slug: 'removed-profiles',
      title: 'removed profiles',
      values: counts.map(({ name, removed }) => [name, removed === 0 ? 0 : -removed]),
    },
    { slug: 'invited-profiles', title: 'invited profiles', values: counts.map(({ name, invited }) => [name, invited]) },
    {
      slug: 'newly-invited-profiles',
      title: 'newly invited profiles',
      values: counts.map(({ name, newly_invited }) => [name, newly_invited]),
    },
  ];
}

/** Reports how many profiles subscribe to several members of the federation of a provider. */
export async function reportShared(
  reader: Reader,
  provider: Pick<Profile, 'id'>,
  at: Date,
): Promise<MemberSeries<number>[]> {
  const counts = await countShared(reader, provider.id, at);
  return [
    {
      slug: 'shared',
      title: 'Shared',
      values: counts.map(({ subscriptions_count, profiles_count }) => [subscriptions_count, profiles_count]),
    },
  ];
}
