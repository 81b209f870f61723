import { randomBytes } from 'node:crypto';
import { invalidInput } from '#kernel/problem';
import { slugify, withSuffix } from '#kernel/slug';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Reader } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { extraToText } from '#platform/http/schemas';
import { requireQuota } from '#platform/security/quota';
import { mayEditRoleType } from '../policy.ts';
import { profileProblems } from '../problems.ts';
import { roleTypesQuota } from '../quotas.ts';
import {
  countRolesOfType,
  countRoleTypes,
  deleteRoleType,
  findRoleType,
  insertRoleType,
  isBuiltIn,
  isGlobal,
  type RoleType,
  updateRoleType,
} from '../records/index.ts';

export interface RoleTypeInput {
  title?: string | undefined;
  skip_optin_on_grant?: boolean | undefined;
  implicit_create_on_none?: boolean | undefined;
  otp_required?: boolean | undefined;
  extra?: unknown;
}

const ATTEMPTS_MAX = 9;

/** Segment of the URL of role types, below the roles of a profile. */
const RESERVED_SLUG = 'describe';

/** @throws role_type_unknown (404) */
export async function getRoleType(reader: Reader, profile_id: ProfileId, slug: string): Promise<RoleType> {
  const type = await findRoleType(reader, profile_id, slug);
  if (!type) throw profileProblems.role_type_unknown();
  return type;
}

/**
 * Creates a role type of a profile. A type of the broker is global.
 *
 * @throws invalid_input (400) if no slug can be derived from the title · quota_exceeded (409)
 */
export async function describeRoleType(
  ctx: Context,
  profile_id: ProfileId,
  input: RoleTypeInput & { title: string },
): Promise<RoleType> {
  const base = slugify(input.title);
  if (base === '') throw invalidInput({ title: ['Use a title with some letters or digits of the Latin alphabet.'] });
  const owner_id = profile_id === ctx.site.broker_id ? null : profile_id;
  return inTransaction(ctx.db, async (tx) => {
    if (owner_id !== null) requireQuota(roleTypesQuota, await countRoleTypes(tx, owner_id));
    for (let attempt = 0; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const isReserved = attempt === 0 && base === RESERVED_SLUG;
      if (isReserved) continue;
      const slug = attempt === 0 ? base : withSuffix(base, (digits) => randomBytes(8).toString('hex').slice(0, digits));
      const fields = { ...pickTypeFields(input), title: input.title.trim() };
      const type = await insertRoleType(tx, { ...fields, slug, profile_id: owner_id }, ctx.clock.now());
      if (type) return type;
    }
    throw invalidInput({ title: ['This title is already taken.'] });
  });
}

/** @throws role_type_unknown (404) · role_type_global (403) */
export async function changeRoleType(
  ctx: Context,
  profile_id: ProfileId,
  slug: string,
  input: RoleTypeInput,
  subject: Subject,
): Promise<RoleType> {
  return inTransaction(ctx.db, async (tx) => {
    const type = await getRoleType(tx, profile_id, slug);
    if (!mayEditRoleType(subject, type)) throw profileProblems.role_type_global();
    return updateRoleType(tx, type.id, pickTypeFields(input));
  });
}

/**
 * Deletes a role type with its roles. A global type that is in use requires `force`.
 *
 * @throws role_type_unknown (404) · role_type_global, role_type_protected (403) · role_type_in_use (409)
 */
export async function removeRoleType(
  ctx: Context,
  profile_id: ProfileId,
  slug: string,
  subject: Subject,
  options: { force: boolean },
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const type = await getRoleType(tx, profile_id, slug);
    if (!mayEditRoleType(subject, type)) throw profileProblems.role_type_global();
    if (isBuiltIn(type)) throw profileProblems.role_type_protected();
    if (isGlobal(type) && !options.force && (await countRolesOfType(tx, type.id)) > 0)
      throw profileProblems.role_type_in_use();
    await deleteRoleType(tx, type.id);
  });
}

function pickTypeFields(input: RoleTypeInput) {
  const { title, skip_optin_on_grant, implicit_create_on_none, otp_required } = input;
  return {
    ...(title === undefined ? {} : { title: title.trim() }),
    ...(skip_optin_on_grant === undefined ? {} : { skip_optin_on_grant }),
    ...(implicit_create_on_none === undefined ? {} : { implicit_create_on_none }),
    ...(otp_required === undefined ? {} : { otp_required }),
    ...(input.extra === undefined ? {} : { extra: extraToText(input.extra) }),
  };
}
