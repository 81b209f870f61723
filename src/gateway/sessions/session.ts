import type { SessionProfile, SessionSite } from '../callers/index.ts';
import type { Visit } from '../engagements/index.ts';

/** Facts about the caller for the upstream. Field names are the contract with the upstream. */
export interface UpstreamSession {
  readonly username: string;
  /** By slug of the role type. */
  readonly roles: Readonly<Record<string, readonly SessionProfile[]>>;
  readonly site: SessionSite;
  /** Instant of the last visit under the tags of the rule; null for a first visit or a rule without tags. */
  readonly last_visited: string | null;
  /** Tags of a first visit; omitted if there is none. */
  readonly first_time_tags?: readonly string[];
  /** Set if profiles or parts of them are missing; the complete list is at `profiles_url`. */
  readonly truncated?: true;
  readonly profiles_url?: string;
}

/** Builds a session with its members in the documented order. */
export function makeSession(
  caller: Pick<UpstreamSession, 'username' | 'roles'>,
  site: SessionSite,
  visit: Visit,
): UpstreamSession {
  const { last_visited, first_time_tags } = visit;
  return {
    username: caller.username,
    roles: caller.roles,
    site,
    last_visited,
    ...(first_time_tags.length === 0 ? {} : { first_time_tags }),
  };
}
