import type { SessionProfile, SessionSite } from '../callers/index.ts';
import type { Visit } from '../engagements/index.ts';

/** What the upstream learns about the caller. Field names are the contract with it. */
export interface UpstreamSession {
  readonly username: string;
  /** By slug of the role type. */
  readonly roles: Readonly<Record<string, readonly SessionProfile[]>>;
  readonly site: SessionSite;
  /** When the caller was last seen under the tags of the rule; null on a first visit or without tags. */
  readonly last_visited: string | null;
  /** The tags seen for the first time; left out when there is none. */
  readonly first_time_tags?: readonly string[];
  /** Profiles or parts of them are missing: the complete list is at `profiles_url`. */
  readonly truncated?: true;
  readonly profiles_url?: string;
}

/** Puts the parts of a session together in the order in which it is read by people. */
export function makeSession(
  known: Pick<UpstreamSession, 'username' | 'roles'>,
  site: SessionSite,
  visit: Visit,
): UpstreamSession {
  const { last_visited, first_time_tags } = visit;
  return {
    username: known.username,
    roles: known.roles,
    site,
    last_visited,
    ...(first_time_tags.length === 0 ? {} : { first_time_tags }),
  };
}
