/** A profile on which the caller has a role, as in the session. Field names are the contract with the upstream. */
export interface SessionProfile {
  readonly slug: string;
  readonly printable_name: string;
  readonly picture: string | null;
  readonly type: string;
  readonly credentials: boolean;
  readonly created_at: string;
  readonly email: string;
  readonly subscriptions: readonly SessionSubscription[];
}

export interface SessionSubscription {
  readonly plan: string;
  readonly ends_at: string;
  /** Set if the charge of the payer failed and access is kept until the payment or the end. */
  readonly past_due?: true;
}

export interface SessionSite {
  readonly slug: string;
  readonly printable_name: string;
  readonly email: string;
}

/** Returns one entry per plan, the one that ends last; includes ended subscriptions. */
export function findLatestPerPlan(
  subscriptions: readonly { readonly plan: string; readonly ends_at: Date; readonly is_past_due?: boolean }[],
): SessionSubscription[] {
  const latest = new Map<string, (typeof subscriptions)[number]>();
  for (const each of subscriptions) {
    const known = latest.get(each.plan);
    if (known === undefined || each.ends_at > known.ends_at) latest.set(each.plan, each);
  }
  return [...latest.values()].map(({ plan, ends_at, is_past_due }) => ({
    plan,
    ends_at: ends_at.toISOString(),
    ...(is_past_due === true ? { past_due: true } : {}),
  }));
}
