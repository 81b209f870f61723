import { commonProblems, type ProblemFactory } from '#kernel/problem';
import { equalsCi } from '#kernel/text';
import { findUserByUsername } from '#accounts';
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
import { type AccessFacts, readAccessFacts } from './access-facts-store.ts';
import { type Standing, type Strength, strengthFor, strongest } from './access-level.ts';

/** A profile that sells to another; `active` while a subscription runs, false in the days after it. */
export interface ProviderLink {
  provider_id: ProfileId;
  active: boolean;
}

/** What the rooms above answer, so that this one need not know them. */
export interface AccessSources {
  /** Lists who provides plans to a profile, including those whose last subscription ended up to `grace_days` ago. */
  providersOf(reader: Reader, profile_id: ProfileId, at: Date, grace_days: number): Promise<readonly ProviderLink[]>;
  /** Finds a contact without a login by its slug; the broker may read it under the path of a user. */
  findLead(reader: Reader, slug: string): Promise<object | null>;
  /** Days after its end in which a subscription still lets the provider read. */
  grace_days: number;
  /** Signed-in people must have agreed to the terms of use; false on sites that do without. */
  terms_required: boolean;
}

type UserActor = Extract<Actor, { kind: 'user' }>;
type ProfileAccess = Extract<Access, { kind: 'direct' | 'provider' | 'provider-only' }>;
type SelfAccess = Extract<Access, { kind: 'self' }>;
interface Inquiry extends AccessQuestion {
  reader: Reader;
  at: Date;
  actor: UserActor;
  facts: AccessFacts;
}

/**
 * Makes the function that decides, for each guarded route, whether the caller may use it.
 *
 * The tests run in this order: signed in · has a password and, where a role demands it, a second factor · agreed to the
 * terms · stands to the profile or user of the path as the route asks. A manager of the broker passes the last one
 * everywhere, a contributor of the broker for reading. Unknown names are 404 to these and 403 to everybody else.
 * @see spec/identity.md 3
 */
export function makeDecideAccess(sources: AccessSources): DecideAccess {
  return async (reader: Reader, clock: Clock, question: AccessQuestion): Promise<AccessDecision> => {
    const { access, actor, params } = question;
    if (access.kind === 'public') return allow(noSubject);
    if (actor.kind !== 'user') return refuse(commonProblems.credentials_required);
    if (access.kind === 'authenticated') return allow(noSubject);
    if (access.kind === 'self-only') return decideSelfOnly(actor, params[access.param ?? 'user']);

    const isProfileKind = access.kind === 'direct' || access.kind === 'provider' || access.kind === 'provider-only';
    const profile_slug = isProfileKind ? (params[access.param ?? 'profile'] ?? null) : null;
    const at = clock.now();
    const isFrictionless = 'frictionless' in access && access.frictionless;
    const facts = await readAccessFacts(reader, { user_id: actor.user_id, profile_slug });
    const refusal = isFrictionless ? null : refuseUnready(sources, actor, facts);
    if (refusal) return refusal;

    const inquiry: Inquiry = { ...question, reader, at, actor, facts };
    switch (access.kind) {
      case 'active':
        return allow(noSubject);
      case 'broker':
        return settle(inquiry, [brokerGrant(inquiry)], {});
      case 'self':
        return decideSelf(sources, inquiry, access);
      default:
        return decideProfile(sources, inquiry, access, profile_slug);
    }
  };
}

/** Says what a caller must do before going on, or null: a password, a second factor, a signature. */
function refuseUnready(sources: AccessSources, actor: UserActor, facts: AccessFacts): AccessDecision | null {
  const { caller } = facts;
  if (caller?.is_active !== true) return refuse(commonProblems.credentials_invalid);
  if (!caller.has_password) return refuse(profileProblems.password_required, paths.recover());
  if (facts.requires_otp && !caller.otp_enabled) {
    return refuse(profileProblems.otp_required, paths.userOtp(actor.username));
  }
  if (sources.terms_required && !facts.is_terms_signed) {
    return refuse(profileProblems.terms_unsigned, paths.legalSign(TERMS_OF_USE));
  }
  return null;
}

/** Credentials are their owner's alone; not even the broker passes. */
function decideSelfOnly(actor: UserActor, username: string | undefined): AccessDecision {
  if (username === undefined || !equalsCi(username, actor.username)) return permissionDenied;
  return allow({ profile_id: null, user_id: actor.user_id, relation: 'self', is_manager: true });
}

async function decideSelf(sources: AccessSources, inquiry: Inquiry, access: SelfAccess): Promise<AccessDecision> {
  const { actor, params, reader } = inquiry;
  const username = params[access.param ?? 'user'];
  const broker = brokerGrant(inquiry);
  if (username === undefined) return settle(inquiry, [broker], {});
  if (equalsCi(username, actor.username)) {
    return settle(inquiry, [{ relation: 'self', strength: 'manage' }], { user_id: actor.user_id });
  }
  // A role that somebody gave to this user makes nobody a keeper of the user's account: only the broker is left.
  if (broker.strength === 'none') return permissionDenied;
  const user = await findUserByUsername(reader, username);
  if (!user && (await sources.findLead(reader, username)) === null) return notFound;
  return settle(inquiry, [broker], { user_id: user?.id ?? null });
}

async function decideProfile(
  sources: AccessSources,
  inquiry: Inquiry,
  access: ProfileAccess,
  profile_slug: string | null,
): Promise<AccessDecision> {
  const { facts, reader, at, method } = inquiry;
  const { profile_id } = facts;
  const broker = brokerGrant(inquiry);
  if (profile_id === null) {
    if (profile_slug === null) return settle(inquiry, [broker], {});
    return broker.strength === 'none' ? permissionDenied : notFound;
  }
  const standings: Standing[] = [broker];
  if (access.kind !== 'provider-only') standings.push({ relation: 'direct', strength: strengthOn(facts, profile_id) });
  const best = strongest(standings);
  // Providers take a query more: only when nothing better is known, and only for people who hold a role that could help.
  const isSettled = best.strength === 'manage' || (method === 'GET' && best.strength === 'read');
  const provider_ids: ProfileId[] = [];
  if (access.kind !== 'direct' && !isSettled && facts.held.some((role) => strengthFor(role.role_type) !== 'none')) {
    for (const link of await sources.providersOf(reader, profile_id, at, sources.grace_days)) {
      const on_provider = strengthOn(facts, link.provider_id);
      const strength = on_provider === 'manage' && !link.active ? 'read' : on_provider;
      standings.push({ relation: 'provider', strength });
      if (isEnough(strength, method)) provider_ids.push(link.provider_id);
    }
  }
  return settle(inquiry, standings, { profile_id, provider_ids });
}

function brokerGrant({ facts, site }: Inquiry): Standing {
  return { relation: 'broker', strength: strengthOn(facts, site.broker_id) };
}

function strengthOn(facts: AccessFacts, profile_id: ProfileId): Strength {
  const role = facts.held.find((held) => held.profile_id === profile_id);
  return role ? strengthFor(role.role_type) : 'none';
}

function isEnough(strength: Strength, method: string): boolean {
  return strength === 'manage' || (strength === 'read' && method === 'GET');
}

/** Managers may do anything, contributors read. */
function settle({ method }: Inquiry, standings: Standing[], subject: Partial<Subject>): AccessDecision {
  const best = strongest(standings);
  if (!isEnough(best.strength, method)) return permissionDenied;
  return allow({ ...noSubject, ...subject, relation: best.relation, is_manager: best.strength === 'manage' });
}

function allow(subject: Subject): AccessDecision {
  return { allowed: true, subject };
}

function refuse({ code, definition }: ProblemFactory, location?: string): AccessDecision {
  const { status, title: detail } = definition;
  if (status !== 401 && status !== 403 && status !== 404) throw new Error(`${code} is not a refusal of access`);
  return { allowed: false, status, code, detail, ...(location === undefined ? {} : { location }) };
}

const permissionDenied = refuse(commonProblems.permission_denied);
const notFound = refuse(commonProblems.not_found);
