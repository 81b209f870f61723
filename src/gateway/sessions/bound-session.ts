import type { SessionProfile } from '../callers/index.ts';
import type { UpstreamSession } from './session.ts';

/** Slugs that a request is about: their entries come first when a session is too large. */
export interface SessionConcern {
  /** Profiles that the rule or the path names, the most important first. */
  readonly profiles: readonly string[];
  readonly plans: readonly string[];
}

export interface SessionBound {
  readonly concern: SessionConcern;
  /** Bytes of the header that carries a session whose JSON has this many bytes. */
  readonly carriedBytes: (json_bytes: number) => number;
  /** Largest header, inclusive. */
  readonly bytes_max: number;
  /** Address at which the complete list can be read. */
  readonly profiles_url: string;
}

export const noConcern: SessionConcern = { profiles: [], plans: [] };

const name_length_max = 60;

interface Entry {
  readonly role: string;
  readonly profile: SessionProfile;
}

/**
 * Returns the session, or as much of it as its header may hold: with `truncated: true`, the profiles that the request
 * concerns first, then those with a subscription to its plan, the site's, the caller's own, and the others in their order.
 *
 * An entry that does not fit loses subscriptions of other plans, then its picture and the end of its name; the list ends
 * at the first entry that does not fit even so.
 */
export function boundSession(session: UpstreamSession, bound: SessionBound): UpstreamSession {
  if (bound.carriedBytes(jsonBytes(session)) <= bound.bytes_max) return session;
  const roles: Record<string, SessionProfile[]> = {};
  const bounded = { ...session, roles, truncated: true as const, profiles_url: bound.profiles_url };
  let bytes = jsonBytes(bounded);
  for (const { role, profile } of inOrder(session, bound.concern)) {
    // A comma after each entry, and `"role":[],` for the first of a role.
    const more = 1 + (roles[role] === undefined ? jsonBytes(role) + 4 : 0);
    const fitting = shortened(profile, bound.concern).find(
      (variant) => bound.carriedBytes(bytes + more + jsonBytes(variant)) <= bound.bytes_max,
    );
    if (fitting === undefined) break;
    bytes += more + jsonBytes(fitting);
    (roles[role] ??= []).push(fitting);
  }
  return bounded;
}

function inOrder({ roles, username, site }: UpstreamSession, { profiles, plans }: SessionConcern): Entry[] {
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

/** The profile complete, then with less and less of it. */
function shortened(profile: SessionProfile, { plans }: SessionConcern): SessionProfile[] {
  const subscriptions = profile.subscriptions.filter(({ plan }) => plans.includes(plan));
  const printable_name = Array.from(profile.printable_name).slice(0, name_length_max).join('');
  return [profile, { ...profile, subscriptions }, { ...profile, subscriptions, picture: null, printable_name }];
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value), 'utf8');
}
