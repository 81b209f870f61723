import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { findUsersByIds } from '#accounts';
import {
  findProfilesByIds,
  type HeldRole,
  presentProfileSummary,
  findProfileSummaries,
  findHeldRolesOfUsers,
} from '#profiles';
import { findEntitlements, type Entitlement } from '#subscriptions';
import { findVisits, type Visits } from '../engagements/index.ts';
import type { RoleFact } from '../rules/index.ts';
import { findLatestPerPlan, type SessionProfile, type SessionSite } from './session-profile.ts';

/** Facts about a signed-in caller that do not depend on the request and can be cached. */
export interface KnownCaller {
  readonly username: string;
  readonly has_password: boolean;
  readonly is_factor_missing: boolean;
  readonly roles: readonly (RoleFact & { readonly profile_id: ProfileId })[];
  readonly subscriptions: readonly (Entitlement & { readonly profile: string })[];
  readonly visits: Visits;
  readonly session: CallerSession;
  readonly site: SessionSite;
}

/** The part of an upstream session that depends on the caller only; profiles by slug of the role type. */
export interface CallerSession {
  readonly username: string;
  readonly roles: Readonly<Record<string, readonly SessionProfile[]>>;
}

type LoadContext = Pick<Context, 'db' | 'clock' | 'site'>;

/** Loads the facts about a user; null if the account does not exist. */
export async function loadCaller(ctx: LoadContext, user_id: UserId): Promise<KnownCaller | null> {
  const [callers, visits] = await Promise.all([loadCallers(ctx, [user_id]), findVisits(ctx.db, user_id)]);
  const caller = callers.get(user_id);
  return caller ? { ...caller, visits } : null;
}

/** Loads the facts about several users, without their visits, in five queries. Unknown users are absent. */
export async function loadCallers(ctx: LoadContext, user_ids: readonly UserId[]): Promise<Map<UserId, KnownCaller>> {
  const { db, site } = ctx;
  const [users, roles] = await Promise.all([findUsersByIds(db, user_ids), findHeldRolesOfUsers(db, user_ids)]);
  const profile_ids = [...new Set([...roles.values()].flat().map(({ profile_id }) => profile_id))];
  const [profiles, summaries, entitlements] = await Promise.all([
    findProfilesByIds(db, [...profile_ids, site.broker_id]),
    findProfileSummaries(db, [...profile_ids, site.broker_id]),
    findEntitlements(db, profile_ids),
  ]);
  const presented = new Map<ProfileId, SessionProfile>();
  for (const [id, summary] of summaries) {
    const subscriptions = findLatestPerPlan(entitlements.get(id) ?? []);
    presented.set(id, { ...presentProfileSummary(summary), email: profiles.get(id)?.email ?? '', subscriptions });
  }
  const broker = presented.get(site.broker_id);
  const session_site = {
    slug: broker?.slug ?? '',
    printable_name: broker?.printable_name ?? '',
    email: broker?.email ?? '',
  };
  const callers = new Map<UserId, KnownCaller>();
  for (const [id, user] of users) {
    const user_roles = roles.get(id) ?? [];
    callers.set(id, {
      username: user.username,
      has_password: user.has_password,
      is_factor_missing: !user.otp_enabled && user_roles.some(({ otp_required }) => otp_required),
      ...rolesAndSubscriptions(user_roles, presented, entitlements),
      visits: new Map(),
      session: { username: user.username, roles: profilesByRole(user_roles, presented) },
      site: session_site,
    });
  }
  return callers;
}

function rolesAndSubscriptions(
  user_roles: readonly HeldRole[],
  presented: ReadonlyMap<ProfileId, SessionProfile>,
  entitlements: ReadonlyMap<ProfileId, readonly Entitlement[]>,
): Pick<KnownCaller, 'roles' | 'subscriptions'> {
  const slugOf = (id: ProfileId) => presented.get(id)?.slug ?? '';
  const profile_ids = [...new Set(user_roles.map(({ profile_id }) => profile_id))];
  return {
    roles: user_roles.map(({ profile_id, role_type }) => ({
      profile_id,
      profile: slugOf(profile_id),
      role: role_type,
    })),
    subscriptions: profile_ids.flatMap((id) =>
      (entitlements.get(id) ?? []).map((entitlement) => ({ ...entitlement, profile: slugOf(id) })),
    ),
  };
}

function profilesByRole(
  user_roles: readonly HeldRole[],
  presented: ReadonlyMap<ProfileId, SessionProfile>,
): Record<string, SessionProfile[]> {
  const roles: Record<string, SessionProfile[]> = {};
  for (const { profile_id, role_type } of user_roles) {
    const profile = presented.get(profile_id);
    if (profile) (roles[role_type] ??= []).push(profile);
  }
  return roles;
}
