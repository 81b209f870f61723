/** An accepted role that has not ended. Both members are slugs. */
export interface RoleFact {
  readonly profile: string;
  readonly role: string;
}

export interface SubscriptionFact {
  readonly profile: string;
  readonly plan: string;
  readonly ends_at: Date;
  /** True while an amount is due that its subscriber ordered. */
  readonly is_locked: boolean;
}

/** A profile whose plan another profile has. `is_active` is false in the read-only days after the subscription. */
export interface ProviderFact {
  readonly slug: string;
  readonly is_active: boolean;
}

export interface CallerFacts {
  readonly username: string;
  readonly has_password: boolean;
  /** True if a role requires a second factor and the caller has none. */
  readonly is_factor_missing: boolean;
  readonly roles: readonly RoleFact[];
  /** Subscriptions of the profiles on which the caller has a role, including ended ones. */
  readonly subscriptions: readonly SubscriptionFact[];
}

/** The facts on which an operator decides. Only the facts that its `needs` name are loaded; the others are empty. */
export interface Facts {
  readonly now: Date;
  /** GET or HEAD. */
  readonly is_read: boolean;
  readonly caller: CallerFacts | null;
  /** Slug of the profile that owns the site. */
  readonly broker: string;
  /** The profile that the rule or the path names; null if none is named or it does not exist. */
  readonly profile: { readonly slug: string; readonly providers: readonly ProviderFact[] } | null;
  readonly is_profile_unknown: boolean;
  /** The user that the rule or the path names, and the profiles on which both that user and the caller have a role. */
  readonly named_user: {
    readonly username: string;
    readonly profiles: readonly string[];
    readonly providers: readonly ProviderFact[];
  } | null;
  /** The plans that the rule names; empty if the rule accepts any plan. */
  readonly plans: readonly { readonly slug: string; readonly provider: string; readonly is_priced: boolean }[];
  readonly is_plan_unknown: boolean;
  /** The required agreement; `is_signed` is true if the caller signed its current version. */
  readonly agreement: { readonly slug: string; readonly is_signed: boolean } | null;
}
