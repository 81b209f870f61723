import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import { findProfileSummaries, presentProfileSummary, type Profile, profileName } from '#profiles';
import { type RowsOf, rowsOf } from '../rows-of.ts';
import {
  countFederation,
  countShared,
  type FederationPoint,
  listFederatedProfiles,
  type MemberCounts,
  type MemberState,
} from './federation-store.ts';

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
  /** The profiles that each value counts. */
  links: RowsOf[];
}

/** Reports the subscribers of each member of the federation of a provider. */
export async function reportFederation(
  reader: Reader,
  provider: Profile,
  from: Date,
  at: Date,
): Promise<MemberSeries<string>[]> {
  const counts = await countFederation(reader, { id: provider.id, name: profileName(provider) }, from, at);
  // Without it, a list of profiles reads `ends_at`; a range without a length looks like a mistake of its reader.
  const start_at = from.getTime() === at.getTime() ? null : from;
  const series = (state: MemberState, title: string, sign: 1 | -1 = 1): MemberSeries<string> => ({
    slug: title.replaceAll(' ', '-'),
    title,
    values: counts.map((member: MemberCounts) => [member.name, member[state] === 0 ? 0 : sign * member[state]]),
    links: counts.map(({ slug }) => rowsOf('federated-profiles', { state, member: slug, start_at, ends_at: at })),
  });
  return [
    series('removed', 'removed profiles', -1),
    series('invited', 'invited profiles'),
    series('newly_invited', 'newly invited profiles'),
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
      links: counts.map(({ subscriptions_count }) =>
        rowsOf('federated-profiles', {
          state: 'shared',
          subscriptions_count: String(subscriptions_count),
          ends_at: at,
        }),
      ),
    },
  ];
}

/** A profile behind a point, as the API shows it. */
export interface PresentedFederated {
  /** Null if the point counts a subscription to another seller: its subscribers are its own. */
  profile: ReturnType<typeof presentProfileSummary> | null;
  begins_at: string | null;
  ends_at: string | null;
}

/**
 * Reads the profiles behind a point. A provider sees who subscribes to its own plans only; a subscriber of a member is
 * a row without a name, and without the instants by which it could be recognised.
 * @see docs/decisions/0121-rows-of-federated-reports.md
 */
export async function readFederatedProfiles(
  reader: Reader,
  point: FederationPoint,
  list: ListQuery,
  url: URL,
): Promise<Page<PresentedFederated>> {
  const page = await listFederatedProfiles(reader, point, list, url);
  const own = page.results.flatMap(({ is_own, profile_id }) => (is_own ? [profile_id] : []));
  const summaries = await findProfileSummaries(reader, own);
  const results = page.results.map(({ profile_id, is_own, begins_at, ends_at }): PresentedFederated => {
    const summary = is_own ? summaries.get(profile_id) : undefined;
    return summary
      ? {
          profile: presentProfileSummary(summary),
          begins_at: begins_at.toISOString(),
          ends_at: ends_at.toISOString(),
        }
      : { profile: null, begins_at: null, ends_at: null };
  });
  return { ...page, results };
}
