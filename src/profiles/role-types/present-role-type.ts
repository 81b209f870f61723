import type { Static } from 'typebox';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { extraFromText } from '#platform/http/schemas';
import { mayEditRoleType } from '../policy.ts';
import { findProfileSummaries, presentProfileSummary, type ProfileSummary, type RoleType } from '../records/index.ts';
import type { RoleTypeSchema } from './schemas.ts';

export type RoleTypeReply = Static<typeof RoleTypeSchema>;

export function presentRoleType(type: RoleType, owner: ProfileSummary | undefined, subject: Subject): RoleTypeReply {
  return {
    created_at: type.created_at.toISOString(),
    slug: type.slug,
    title: type.title,
    skip_optin_on_grant: type.skip_optin_on_grant,
    implicit_create_on_none: type.implicit_create_on_none,
    otp_required: type.otp_required,
    is_global: type.profile_id === null,
    profile: owner ? presentProfileSummary(owner) : null,
    extra: extraFromText(type.extra),
    editable: mayEditRoleType(subject, type),
  };
}

/** Presents types with the profiles of local types, in one query. */
export async function presentRoleTypes(
  reader: Reader,
  types: readonly RoleType[],
  subject: Subject,
): Promise<RoleTypeReply[]> {
  const owners = await findProfileSummaries(reader, collectOwnerIds(types));
  return types.map((type) =>
    presentRoleType(type, type.profile_id === null ? undefined : owners.get(type.profile_id), subject),
  );
}

/** Returns the ids of the profiles of local types. */
function collectOwnerIds(types: readonly RoleType[]): ProfileId[] {
  return types.map((type) => type.profile_id).filter((id) => id !== null);
}
