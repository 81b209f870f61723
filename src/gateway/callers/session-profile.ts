/** A profile on which the caller has a role, as in the session. Field names are the contract with the upstream. */
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

/** Returns one entry per plan, the one that ends last; includes ended subscriptions. */
export function findLatestPerPlan(
  subscriptions: readonly { readonly plan: string; readonly ends_at: Date }[],
): { plan: string; ends_at: string }[] {
  const latest = new Map<string, Date>();
  for (const { plan, ends_at } of subscriptions) {
    const end = latest.get(plan);
    if (end === undefined || ends_at > end) latest.set(plan, ends_at);
  }
  return [...latest].map(([plan, ends_at]) => ({ plan, ends_at: ends_at.toISOString() }));
}
