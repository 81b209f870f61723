import type { SessionProfile } from '../callers/index.ts';
import type { UpstreamSession } from './session.ts';

/** Slugs that a request concerns: their entries are first in a truncated session. */
export interface SessionConcern {
  /** Profiles that the rule or the path names, by descending priority. */
  readonly profiles: readonly string[];
  readonly plans: readonly string[];
}

export interface SessionBound {
  readonly concern: SessionConcern;
  /** Returns the bytes of the header for a session whose JSON has `json_bytes`. */
  readonly carriedBytes: (json_bytes: number) => number;
  /** Maximum bytes of the header, inclusive. */
  readonly bytes_max: number;
  /** Address of the complete list. */
  readonly profiles_url: string;
}

export const noConcern: SessionConcern = { profiles: [], plans: [] };

const name_length_max = 60;

interface Entry {
  readonly role: string;
  readonly profile: SessionProfile;
}

/**
 * Returns the session; if its header exceeds `bytes_max`, a truncated one with `truncated: true`.
 *
 * Order of a truncated session: the profiles that the request concerns, those with a subscription to its plan, the
 * site, the caller's personal profile, the others. An entry that does not fit loses subscriptions of other plans, then
 * its picture and the end of its name. The list ends at the first entry that does not fit in its shortest form.
 */
export function truncateSession(session: UpstreamSession, bound: SessionBound): UpstreamSession {
  if (bound.carriedBytes(jsonBytes(session)) <= bound.bytes_max) return session;
  const roles: Record<string, SessionProfile[]> = {};
  const bounded = { ...session, roles, truncated: true as const, profiles_url: bound.profiles_url };
  let bytes = jsonBytes(bounded);
  for (const { role, profile } of sortEntries(session, bound.concern)) {
    // A comma after each entry, and `"role":[],` for the first of a role.
    const more = 1 + (roles[role] === undefined ? jsonBytes(role) + 4 : 0);
    const fitting = findShorterForms(profile, bound.concern).find(
      (variant) => bound.carriedBytes(bytes + more + jsonBytes(variant)) <= bound.bytes_max,
    );
    if (fitting === undefined) break;
    bytes += more + jsonBytes(fitting);
    (roles[role] ??= []).push(fitting);
  }
  return bounded;
}

function sortEntries({ roles, username, site }: UpstreamSession, { profiles, plans }: SessionConcern): Entry[] {
  const entries = Object.entries(roles).flatMap(([role, list]) => list.map((profile) => ({ role, profile })));
  const orderOf = ({ profile }: Entry): number => {
    const named = profiles.indexOf(profile.slug);
    if (named !== -1) return named;
    const base = profiles.length;
    if (profile.subscriptions.some(({ plan }) => plans.includes(plan))) return base;
    if (profile.slug === site.slug) return base + 1;
    return profile.slug === username ? base + 2 : base + 3;
  };
  return entries
    .map((entry) => ({ entry, order: orderOf(entry) }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ entry }) => entry);
}

/** Returns the complete profile, then shorter forms of it. */
function findShorterForms(profile: SessionProfile, { plans }: SessionConcern): SessionProfile[] {
  const subscriptions = profile.subscriptions.filter(({ plan }) => plans.includes(plan));
  const printable_name = Array.from(profile.printable_name).slice(0, name_length_max).join('');
  return [profile, { ...profile, subscriptions }, { ...profile, subscriptions, picture: null, printable_name }];
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value), 'utf8');
}
