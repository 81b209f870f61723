import type { Context } from '#platform/context';
import { defineFact, type LoadedFact } from '#platform/facts/facts';
import { type Tag, tag } from '#platform/facts/tag';
import type { Site } from '#platform/site';
import type { ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { findUsersByIds } from '#accounts';
import { findPayerStandings, type PayerStanding } from '#billing';
import {
  findProfilesByIds,
  type HeldRole,
  type Profile,
  presentProfileSummary,
  findProfileSummaries,
  findRoleHistories,
  type RoleHistory,
} from '#profiles';
import { findEntitlements, type Entitlement } from '#subscriptions';
import type { CallerFacts, RoleFact } from '../rules/index.ts';
import type { Fact } from './fact.ts';
import { findLatestPerPlan, type SessionProfile, type SessionSite } from './session-profile.ts';

/** Facts about a signed-in caller that do not depend on the request and can be cached. */
export interface KnownCaller {
  readonly username: string;
  /** For the operators of rules; no subscription is locked. */
  readonly facts: CallerFacts;
  readonly roles: readonly (RoleFact & { readonly profile_id: ProfileId })[];
  readonly subscriptions: readonly (Entitlement & { readonly profile: string })[];
  readonly session: CallerSession;
  readonly site: SessionSite;
}

/** The part of an upstream session that depends on the caller only; profiles by slug of the role type. */
export interface CallerSession {
  readonly username: string;
  readonly roles: Readonly<Record<string, readonly SessionProfile[]>>;
}

type LoadContext = Pick<Context, 'db' | 'clock' | 'site'>;

const known_caller = defineFact<KnownCaller>('gateway-caller');

/** The facts about a user. */
export function callerFact(ctx: LoadContext, user_id: UserId): Fact<KnownCaller> {
  return {
    kind: known_caller,
    key: user_id,
    load: async () => (await loadWithTags(ctx, [user_id])).get(user_id),
  };
}

/** Loads the facts about a user; null if the account does not exist. */
export async function loadCaller(ctx: LoadContext, user_id: UserId): Promise<KnownCaller | null> {
  return (await loadCallers(ctx, [user_id])).get(user_id) ?? null;
}

/** Loads the facts about several users in six queries. Unknown users are absent. */
export async function loadCallers(ctx: LoadContext, user_ids: readonly UserId[]): Promise<Map<UserId, KnownCaller>> {
  const loaded = await loadWithTags(ctx, user_ids);
  return new Map([...loaded].map(([id, { value }]) => [id, value]));
}

async function loadWithTags(
  ctx: LoadContext,
  user_ids: readonly UserId[],
): Promise<Map<UserId, LoadedFact<KnownCaller>>> {
  const { db, site } = ctx;
  const [users, histories] = await Promise.all([findUsersByIds(db, user_ids), findRoleHistories(db, user_ids)]);
  const profile_ids = [...new Set([...histories.values()].flatMap((history) => history.profile_ids))];
  const [profiles, summaries, entitlements] = await Promise.all([
    findProfilesByIds(db, [...profile_ids, site.broker_id]),
    findProfileSummaries(db, [...profile_ids, site.broker_id]),
    findEntitlements(db, profile_ids),
  ]);
  const standings = await findStandings(ctx, entitlements);
  const presented = new Map<ProfileId, SessionProfile>();
  for (const [id, summary] of summaries) {
    const subscriptions = findLatestPerPlan(markPastDue(entitlements.get(id) ?? [], standings));
    presented.set(id, { ...presentProfileSummary(summary), email: profiles.get(id)?.email ?? '', subscriptions });
  }
  const broker = presented.get(site.broker_id);
  const session_site = {
    slug: broker?.slug ?? '',
    printable_name: broker?.printable_name ?? '',
    email: broker?.email ?? '',
  };
  const callers = new Map<UserId, LoadedFact<KnownCaller>>();
  for (const [id, user] of users) {
    const history = histories.get(id) ?? { held: [], profile_ids: [] };
    const user_roles = history.held;
    const held = rolesAndSubscriptions(user_roles, presented, entitlements);
    const value = {
      username: user.username,
      ...held,
      facts: {
        username: user.username,
        has_password: user.has_password,
        is_factor_missing: !user.otp_enabled && user_roles.some(({ otp_required }) => otp_required),
        roles: held.roles,
        subscriptions: held.subscriptions.map(({ profile, plan, ends_at }) => ({
          profile,
          plan,
          ends_at,
          is_locked: false,
        })),
      },
      session: { username: user.username, roles: profilesByRole(user_roles, presented) },
      site: session_site,
    };
    callers.set(id, {
      value,
      tags: findTags({ user_id: id, site, roles: history, profiles, subscriptions: held.subscriptions, standings }),
    });
  }
  return callers;
}

type Standings = ReadonlyMap<SubscriptionId, PayerStanding>;

/** Finds the payers of the running entitlements: those that ended are not past due. */
async function findStandings(
  { db, clock }: LoadContext,
  entitlements: ReadonlyMap<ProfileId, readonly Entitlement[]>,
): Promise<Standings> {
  const running = [...entitlements.values()].flat().filter(({ ends_at }) => ends_at > clock.now());
  const standings = await findPayerStandings(db, running);
  return new Map(standings.map((standing) => [standing.subscription_id, standing]));
}

function markPastDue(entitlements: readonly Entitlement[], standings: Standings) {
  return entitlements.map((each) => ({
    ...each,
    is_past_due: standings.get(each.subscription_id)?.is_past_due === true,
  }));
}

/** The rows on which the facts about a user depend. */
function findTags({
  user_id,
  site,
  roles,
  profiles,
  subscriptions,
  standings,
}: {
  user_id: UserId;
  site: Site;
  roles: RoleHistory;
  profiles: ReadonlyMap<ProfileId, Pick<Profile, 'personal_user_id'>>;
  subscriptions: KnownCaller['subscriptions'];
  standings: Standings;
}): Tag[] {
  const { held, profile_ids } = roles;
  // A summary contains whether the user of a personal profile has a password.
  const persons = [...profile_ids, site.broker_id].flatMap((id) => profiles.get(id)?.personal_user_id ?? []);
  const tags = [
    tag('site'),
    tag('user', user_id),
    tag('roles', user_id),
    tag('profile', site.broker_id),
    ...held.map(({ role_type_id }) => tag('role-type', role_type_id)),
    ...persons.map((id) => tag('user', id)),
    ...subscriptions.map(({ plan_id }) => tag('plan', plan_id)),
    ...subscriptions.flatMap(({ subscription_id }) => {
      const standing = standings.get(subscription_id);
      return standing ? [tag('past-due', standing.payer_id)] : [];
    }),
    ...profile_ids.flatMap((id) => [tag('profile', id), tag('subscriptions', id)]),
  ];
  return [...new Set(tags)];
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
