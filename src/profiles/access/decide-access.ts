import { commonProblems, type ProblemFactory } from '#kernel/problem';
import { equalsCi } from '#kernel/text';
import type { Clock } from '#platform/clock';
import type { Actor } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import {
  type Access,
  type AccessDecision,
  type AccessQuestion,
  type DecideAccess,
  noSubject,
  type Subject,
} from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { TERMS_OF_USE } from '../agreements/index.ts';
import { profileProblems } from '../problems.ts';
import type { CallerAccess } from './access-facts-store.ts';
import { type AccessFacts, type AccessFactSources, makeAccessFacts, type ProviderTerm } from './access-facts.ts';
import { type AccessGrant, type AccessLevel, toAccessLevel, pickHighestGrant } from './access-level.ts';

/** A provider of a profile. `active` while a subscription to its plans runs; false during the grace period after it. */
export interface ProviderLink {
  provider_id: ProfileId;
  active: boolean;
}

export interface AccessSources extends AccessFactSources {
  /** Returns the providers at the instant, including those whose last subscription ended up to `grace_days` ago. */
  providersAt(terms: readonly ProviderTerm[], at: Date, grace_days: number): readonly ProviderLink[];
  /** Number of days after the end of a subscription for which its provider can read the profile. */
  grace_days: number;
  /** True if users must have signed the current terms of use. */
  terms_required: boolean;
}

type UserActor = Extract<Actor, { kind: 'user' }>;
type ProfileAccess = Extract<Access, { kind: 'direct' | 'provider' | 'provider-only' }>;
type SelfAccess = Extract<Access, { kind: 'self' }>;
interface AccessRequest extends AccessQuestion {
  at: Date;
  actor: UserActor;
  caller: CallerAccess | undefined;
  facts: AccessFacts;
}

/**
 * Makes the function that decides whether the caller may use a guarded route.
 *
 * The checks run in this order: signed in · has a password and, if a role requires it, a second factor · has signed the
 * terms of use · has the relation to the profile or user of the path that the route declares. Broker managers pass the
 * last check on every path, broker contributors for GET. Unknown names are 404 for these two and 403 for other callers.
 * Source: docs/spec/identity.md 3.
 */
export function makeDecideAccess(sources: AccessSources): DecideAccess {
  return async (reader: Reader, clock: Clock, question: AccessQuestion): Promise<AccessDecision> => {
    const { access, actor, params } = question;
    if (access.kind === 'public') return allow(noSubject);
    if (actor.kind !== 'user') return deny(commonProblems.credentials_required);
    if (access.kind === 'authenticated') return allow(noSubject);
    if (access.kind === 'self-only') return decideSelfOnly(actor, params[access.param ?? 'user']);

    const isProfileKind = access.kind === 'direct' || access.kind === 'provider' || access.kind === 'provider-only';
    const profile_slug = isProfileKind ? (params[access.param ?? 'profile'] ?? null) : null;
    const at = clock.now();
    const isFrictionless = 'frictionless' in access && access.frictionless;
    const facts = makeAccessFacts(sources, reader);
    const caller = await facts.caller(actor.user_id);
    const refusal = isFrictionless ? null : refuseUnready(sources, actor, caller);
    if (refusal) return refusal;

    const method = 'manages' in access && access.manages ? 'POST' : question.method;
    const request: AccessRequest = { ...question, method, at, actor, caller, facts };
    switch (access.kind) {
      case 'active':
        return allow(noSubject);
      case 'broker':
        return decideByGrants(request, [makeBrokerGrant(request)], {});
      case 'self':
        return decideSelf(request, access);
      default:
        return decideProfile(sources, request, access, profile_slug);
    }
  };
}

/** Returns the refusal of a caller who must first set a password, add a second factor or sign the terms, or null. */
function refuseUnready(
  sources: AccessSources,
  actor: UserActor,
  caller: CallerAccess | undefined,
): AccessDecision | null {
  if (caller?.is_active !== true) return deny(commonProblems.credentials_invalid);
  if (!caller.has_password) return deny(profileProblems.password_required, paths.recover());
  if (caller.requires_otp && !caller.otp_enabled) {
    return deny(profileProblems.otp_required, paths.userOtp(actor.username));
  }
  if (sources.terms_required && !caller.is_terms_signed) {
    return deny(profileProblems.terms_unsigned, paths.legalSign(TERMS_OF_USE));
  }
  return null;
}

/** Allows only the user of the path: the broker has no access to credentials. */
function decideSelfOnly(actor: UserActor, username: string | undefined): AccessDecision {
  if (username === undefined || !equalsCi(username, actor.username)) return permissionDenied;
  return allow({ profile_id: null, user_id: actor.user_id, relation: 'self', is_manager: true });
}

async function decideSelf(request: AccessRequest, access: SelfAccess): Promise<AccessDecision> {
  const { actor, params, facts } = request;
  const username = params[access.param ?? 'user'];
  const broker = makeBrokerGrant(request);
  if (username === undefined) return decideByGrants(request, [broker], {});
  if (equalsCi(username, actor.username)) {
    return decideByGrants(request, [{ relation: 'self', level: 'manage' }], { user_id: actor.user_id });
  }
  // A role that a manager granted to this user gives that manager no access to the account: only the broker has it.
  if (broker.level === 'none') return permissionDenied;
  const user_id = await facts.namedUserId(username);
  return user_id === undefined ? notFound : decideByGrants(request, [broker], { user_id });
}

async function decideProfile(
  sources: AccessSources,
  request: AccessRequest,
  access: ProfileAccess,
  profile_slug: string | null,
): Promise<AccessDecision> {
  const { facts, caller, at, method } = request;
  const broker = makeBrokerGrant(request);
  if (profile_slug === null) return decideByGrants(request, [broker], {});
  const profile_id = await facts.profileId(profile_slug);
  if (profile_id === undefined) return broker.level === 'none' ? permissionDenied : notFound;
  const grants: AccessGrant[] = [broker];
  if (access.kind !== 'provider-only') grants.push({ relation: 'direct', level: findAccessLevel(caller, profile_id) });
  const best = pickHighestGrant(grants);
  // Providers may cost a query: run it only if no grant suffices yet and the caller has a role that can suffice.
  const isDecided = isSufficient(best.level, method);
  const provider_ids: ProfileId[] = [];
  if (access.kind !== 'direct' && !isDecided && hasApiRole(caller)) {
    const terms = await facts.providerTerms(profile_id);
    for (const link of sources.providersAt(terms, at, sources.grace_days)) {
      const on_provider = findAccessLevel(caller, link.provider_id);
      const level = on_provider === 'manage' && !link.active ? 'read' : on_provider;
      grants.push({ relation: 'provider', level });
      if (isSufficient(level, method)) provider_ids.push(link.provider_id);
    }
  }
  return decideByGrants(request, grants, { profile_id, provider_ids });
}

function makeBrokerGrant({ caller, site }: AccessRequest): AccessGrant {
  return { relation: 'broker', level: findAccessLevel(caller, site.broker_id) };
}

/** True if a role of the caller gives access to some profile. */
function hasApiRole(caller: CallerAccess | undefined): boolean {
  return caller?.held.some(({ role_type }) => toAccessLevel(role_type) !== 'none') === true;
}

function findAccessLevel(caller: CallerAccess | undefined, profile_id: ProfileId): AccessLevel {
  const role = caller?.held.find((held) => held.profile_id === profile_id);
  return role ? toAccessLevel(role.role_type) : 'none';
}

function isSufficient(level: AccessLevel, method: string): boolean {
  return level === 'manage' || (level === 'read' && method === 'GET');
}

/** Allows the request if the highest grant suffices for its method. */
function decideByGrants({ method }: AccessRequest, grants: AccessGrant[], subject: Partial<Subject>): AccessDecision {
  const best = pickHighestGrant(grants);
  if (!isSufficient(best.level, method)) return permissionDenied;
  return allow({ ...noSubject, ...subject, relation: best.relation, is_manager: best.level === 'manage' });
}

function allow(subject: Subject): AccessDecision {
  return { allowed: true, subject };
}

function deny({ code, definition }: ProblemFactory, location?: string): AccessDecision {
  const { status, title: detail } = definition;
  if (status !== 401 && status !== 403 && status !== 404)
    throw new Error(`${code} is not a refusal of access: its status is ${status}`);
  return { allowed: false, status, code, detail, ...(location === undefined ? {} : { location }) };
}

const permissionDenied = deny(commonProblems.permission_denied);
const notFound = deny(commonProblems.not_found);
