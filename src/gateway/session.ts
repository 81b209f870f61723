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

export interface SessionProfile {
  readonly slug: string;
  readonly printable_name: string;
  readonly picture: string | null;
  readonly type: string;
  readonly credentials: boolean;
  readonly created_at: string;
  readonly email: string;
  readonly subscriptions: readonly { readonly plan: string; readonly ends_at: string }[];
}

export interface SessionSite {
  readonly slug: string;
  readonly printable_name: string;
  readonly email: string;
}

export interface Visit {
  readonly last_visited: string | null;
  readonly first_time_tags: readonly string[];
}

export const noVisit: Visit = { last_visited: null, first_time_tags: [] };

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

/** Keeps one entry per plan, the one that ends last; ended ones are told too. */
export function latestPerPlan(
  subscriptions: readonly { readonly plan: string; readonly ends_at: Date }[],
): { plan: string; ends_at: string }[] {
  const latest = new Map<string, Date>();
  for (const { plan, ends_at } of subscriptions) {
    const held = latest.get(plan);
    if (held === undefined || ends_at > held) latest.set(plan, ends_at);
  }
  return [...latest].map(([plan, ends_at]) => ({ plan, ends_at: ends_at.toISOString() }));
}
