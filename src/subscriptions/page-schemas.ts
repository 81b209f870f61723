import { Type } from 'typebox';
import type { FieldMessages } from '#kernel/problem';
import { presentProfileSummary, type ProfileSummary, ProfileSummarySchema } from '#profiles';
import type { ProfileId } from '#platform/db/db-schema';

/** An instant that a page formats in the time zone of the reader. */
export const PageInstant = Type.Unsafe<Date>(Type.Object({}));

/** Errors of a form, by field. */
export const FormErrors = Type.Unsafe<FieldMessages>(Type.Record(Type.String(), Type.Array(Type.String())));

/** A profile on a page; empty when the profile no longer exists. */
export const ProfileView = Type.Partial(ProfileSummarySchema);

export function viewProfile(summaries: ReadonlyMap<ProfileId, ProfileSummary>, id: ProfileId) {
  const summary = summaries.get(id);
  return summary ? presentProfileSummary(summary) : {};
}

/** Profiles of the samples. */
export const sampleSubscriber = {
  slug: 'xia',
  printable_name: 'Xia Lee',
  picture: null,
  type: 'personal' as const,
  credentials: true,
  created_at: '2026-01-05T10:00:00.000Z',
};
export const sampleProvider = {
  slug: 'cowork',
  printable_name: 'Coworking Space',
  picture: null,
  type: 'organization' as const,
  credentials: false,
  created_at: '2026-01-01T10:00:00.000Z',
};
