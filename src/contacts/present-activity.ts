import { findUsersByIds, presentUserSummary } from '#accounts';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { findProfileSummaries, presentProfileSummary } from '#profiles';
import type { Activity } from './activity-store.ts';
import type { ActivityBody } from './schemas.ts';

/** Presents notes with their authors and profiles, in one statement. */
export async function presentActivities(reader: Reader, activities: readonly Activity[]): Promise<ActivityBody[]> {
  const author_ids = activities.map((each) => each.created_by).filter((id) => id !== null);
  const profile_ids = activities.map((each) => each.profile_id).filter((id) => id !== null);
  const [authors, profiles] = await mergeReads(reader, [
    (together) => findUsersByIds(together, author_ids),
    (together) => findProfileSummaries(together, profile_ids),
  ]);
  return activities.map((activity) => {
    const author = activity.created_by === null ? undefined : authors.get(activity.created_by);
    const profile = activity.profile_id === null ? undefined : profiles.get(activity.profile_id);
    return {
      created_at: activity.created_at.toISOString(),
      created_by: author ? presentUserSummary(author) : null,
      text: activity.text,
      account: profile ? presentProfileSummary(profile) : null,
    };
  });
}
