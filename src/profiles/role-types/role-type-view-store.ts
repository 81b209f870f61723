import { canonicalName } from '#kernel/slug';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { part, readTogether } from '#platform/db/together';
import {
  profileSummaryPart,
  type ProfileSummary,
  type RoleType,
  selectProfileSummaries,
  selectUsableTypes,
  summarizeProfile,
} from '../records/index.ts';

/** A role type with the profile that owns it; `owner` is undefined for a global type. */
export interface RoleTypeView {
  type: RoleType;
  owner: ProfileSummary | undefined;
}

const read = readTogether((reader, profile_id: ProfileId, slugs: readonly string[]) => ({
  types: part(selectUsableTypes(reader, profile_id, slugs), { created_at: true }),
  owners: profileSummaryPart(selectProfileSummaries(reader).where('profiles.id', '=', profile_id)),
}));

/** Finds a type that a profile can use, by its exact slug. The owner of a local type is this profile. */
export async function findRoleTypeView(
  reader: Reader,
  profile_id: ProfileId,
  slug: string,
): Promise<RoleTypeView | undefined> {
  const { types, owners } = await read(reader, profile_id, [canonicalName(slug)]);
  const [type] = types;
  const [owner] = owners;
  return type && { type, owner: type.profile_id === null || !owner ? undefined : summarizeProfile(owner) };
}
