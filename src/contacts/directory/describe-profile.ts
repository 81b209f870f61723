import type { ProfileView } from '#profiles';

/** Says what a profile is, in words. */
export function describeProfile({
  is_provider,
  personal_user_id,
}: Pick<ProfileView, 'is_provider' | 'personal_user_id'>): string {
  if (is_provider) return 'Provider';
  return personal_user_id === null ? 'Organization' : 'Person';
}
