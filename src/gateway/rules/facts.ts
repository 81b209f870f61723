/** A role that counts: accepted, not ended. Both are slugs. */
export interface RoleFact {
  readonly profile: string;
  readonly role: string;
}

export interface SubscriptionFact {
  readonly profile: string;
  readonly plan: string;
  readonly ends_at: Date;
  /** True while its statement has an amount due. */
  readonly is_locked: boolean;
}

/** A profile that provides for another: `is_active` while a subscription runs, false in the read-only time after it. */
export interface ProviderFact {
  readonly slug: string;
  readonly is_active: boolean;
}

export interface CallerFacts {
  readonly username: string;
  readonly has_password: boolean;
  /** A role demands a second factor and the caller has set up none. */
  readonly is_factor_missing: boolean;
  readonly roles: readonly RoleFact[];
  /** Of the profiles on which the caller has a role; past ones included. */
  readonly subscriptions: readonly SubscriptionFact[];
}

/**
 * Everything that an operator may look at. Loaded before it decides; only what its `needs` name is filled,
 * the rest is empty.
 */
export interface Facts {
  readonly now: Date;
  /** GET or HEAD. */
  readonly is_read: boolean;
  readonly caller: CallerFacts | null;
  /** Slug of the profile that owns the site. */
  readonly broker: string;
  /** The profile that the rule or the path names: null when none is named or it does not exist. */
  readonly profile: { readonly slug: string; readonly providers: readonly ProviderFact[] } | null;
  readonly is_profile_unknown: boolean;
  /** The user that the rule or the path names, with the profiles on which that user has a role. */
  readonly person: {
    readonly username: string;
    readonly profiles: readonly string[];
    readonly providers: readonly ProviderFact[];
  } | null;
  /** The plans that the rule names; empty for any plan. */
  readonly plans: readonly { readonly slug: string; readonly provider: string; readonly is_priced: boolean }[];
  readonly is_plan_unknown: boolean;
  /** The agreement asked for, and whether the caller's signature of it holds. */
  readonly agreement: { readonly slug: string; readonly is_signed: boolean } | null;
}
