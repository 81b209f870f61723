import { type AllowValue, listParam, type RuleParams } from './rule-params.ts';
import type { CallerFacts, Facts, ProviderFact } from './facts.ts';

/** Why an operator says no. What mends it is decided elsewhere, by whom was refused. */
export type Denial =
  | { readonly kind: 'credentials_required' }
  | { readonly kind: 'password_required' }
  | { readonly kind: 'otp_required'; readonly username: string }
  | { readonly kind: 'agreement_required'; readonly agreement: string }
  | { readonly kind: 'role_required' }
  /** `plan` is what to put in the cart; null when the choice is open. */
  | { readonly kind: 'subscription_required'; readonly profile: string | null; readonly plan: string | null }
  | { readonly kind: 'payment_required'; readonly profile: string; readonly plan: string }
  | { readonly kind: 'profile_unknown' }
  | { readonly kind: 'plan_unknown' };

/** Facts that cost a query of their own; the caller's roles and subscriptions are always there. */
export type Need = 'profile' | 'providers' | 'person' | 'plans' | 'locks' | 'agreement';

/** What those who are no managers may do: any method, reads only, nothing. */
export type Strength = 'weak' | 'normal' | 'strong';

export interface Operator {
  readonly name: string;
  /** Parameters that a rule may store, with their defaults; in the order in which they are answered. */
  readonly params: Readonly<Record<string, AllowValue>>;
  readonly needs: readonly Need[];
  readonly decide: (facts: Facts, params: RuleParams) => Denial | null;
}

interface Candidate {
  readonly slug: string;
  readonly is_read_only: boolean;
}

type Family = (facts: Facts, params: RuleParams) => Candidate[];

const role_required: Denial = { kind: 'role_required' };
const direct_params = { profile: null, roledescription: null, brokers: null };
const role_params = { profile: null, roledescription: null };
const person_params = { user: null, roledescription: null };
const plan_params = { profile: null, plan: null, brokers: null };

/**
 * The access rules by number. Numbers are stored with rules: they never change, new ones go to the end.
 * @see spec of the session proxy, operator catalogue
 */
// oxfmt-ignore
export const operators: readonly Operator[] = [
  /*  0 */ { name: 'anyone',                              params: {},                                needs: [],                       decide: () => null },
  /*  1 */ { name: 'authenticated',                       params: {},                                needs: [],                       decide: signedIn(() => null) },
  /*  2 */ { name: 'agreement accepted',                  params: { agreement: 'terms-of-use' },     needs: ['agreement'],            decide: signedIn(agreement) },
  /*  3 */ { name: 'direct role, reads only',             params: direct_params,                     needs: ['profile'],              decide: role(direct, 'normal') },
  /*  4 */ { name: 'direct role',                         params: role_params,                       needs: ['profile'],              decide: role(direct, 'weak') },
  /*  5 */ { name: 'direct manager',                      params: { profile: null },                 needs: ['profile'],              decide: role(direct, 'strong') },
  /*  6 */ { name: 'provider or direct role, reads only', params: direct_params,                     needs: ['profile', 'providers'], decide: role(providerOrDirect, 'normal') },
  /*  7 */ { name: 'provider or direct role',             params: role_params,                       needs: ['profile', 'providers'], decide: role(providerOrDirect, 'weak') },
  /*  8 */ { name: 'provider or direct manager',          params: { profile: null },                 needs: ['profile', 'providers'], decide: role(providerOrDirect, 'strong') },
  /*  9 */ { name: 'provider role, reads only',           params: direct_params,                     needs: ['profile', 'providers'], decide: role(provider, 'normal') },
  /* 10 */ { name: 'provider role',                       params: role_params,                       needs: ['profile', 'providers'], decide: role(provider, 'weak') },
  /* 11 */ { name: 'provider manager',                    params: { profile: null },                 needs: ['profile', 'providers'], decide: role(provider, 'strong') },
  /* 12 */ { name: 'self or associated, reads only',      params: person_params,                     needs: ['person'],               decide: self('normal') },
  /* 13 */ { name: 'self or associated',                  params: person_params,                     needs: ['person'],               decide: self('weak') },
  /* 14 */ { name: 'self or associated manager',          params: { user: null },                    needs: ['person'],               decide: self('strong') },
  /* 15 */ { name: 'subscribed and paid',                 params: plan_params,                       needs: ['profile', 'plans', 'locks'], decide: signedIn(subscribed) },
  /* 16 */ { name: 'ever subscribed',                     params: plan_params,                       needs: ['profile', 'plans'],     decide: signedIn(everSubscribed) },
  /* 17 */ { name: 'active',                              params: {},                                needs: [],                       decide: signedIn(active) },
  /* 18 */ { name: 'direct role, or provider for reads',  params: direct_params,                     needs: ['profile', 'providers'], decide: role(providerReads, 'normal') },
];

/** Numbers 1 to 18 are for people who signed in: the others are asked to before anything else is looked at. */
function signedIn(
  decide: (caller: CallerFacts, facts: Facts, params: RuleParams) => Denial | null,
): Operator['decide'] {
  return (facts, params) =>
    facts.caller === null ? { kind: 'credentials_required' } : decide(facts.caller, facts, params);
}

function role(family: Family, strength: Strength): Operator['decide'] {
  return signedIn((caller, facts, params) =>
    holdsRole(caller, family(facts, params), strength, facts, params) ? null : role_required,
  );
}

function self(strength: Strength): Operator['decide'] {
  return signedIn((caller, facts, params) => {
    const { person } = facts;
    if (person !== null && person.username.toLowerCase() === caller.username.toLowerCase()) return null;
    const associated = (person?.profiles ?? []).map(full);
    const candidates = [...associated, ...(person?.providers ?? []).map(asCandidate), full(facts.broker)];
    return holdsRole(caller, candidates, strength, facts, params) ? null : role_required;
  });
}

/** Managers of a candidate may do anything, holders of the role what the strength says; a read-only candidate grants reads. */
function holdsRole(
  caller: CallerFacts,
  candidates: readonly Candidate[],
  strength: Strength,
  facts: Facts,
  params: RuleParams,
): boolean {
  const named = listParam(params, 'roledescription');
  const roles = named.length === 0 ? ['contributor'] : named;
  const role_suffices = strength === 'weak' || (strength === 'normal' && facts.is_read);
  return candidates.some(
    (candidate) =>
      (facts.is_read || !candidate.is_read_only) &&
      caller.roles.some(
        (held) =>
          held.profile === candidate.slug && (held.role === 'manager' || (role_suffices && roles.includes(held.role))),
      ),
  );
}

function direct(facts: Facts, params: RuleParams): Candidate[] {
  return [...(facts.profile === null ? [] : [full(facts.profile.slug)]), ...brokers(facts, params)];
}

function providerOrDirect(facts: Facts, params: RuleParams): Candidate[] {
  return [...direct(facts, params), ...(facts.profile?.providers ?? []).map(asCandidate)];
}

function provider(facts: Facts, params: RuleParams): Candidate[] {
  return [...(facts.profile?.providers ?? []).map(asCandidate), ...brokers(facts, params)];
}

/** Direct people as usual; people of providers only read, managers too. */
function providerReads(facts: Facts, params: RuleParams): Candidate[] {
  const providers = (facts.profile?.providers ?? []).map(({ slug }) => ({ slug, is_read_only: true }));
  return [...direct(facts, params), ...providers];
}

function brokers(facts: Facts, params: RuleParams): Candidate[] {
  return [facts.broker, ...listParam(params, 'brokers')].map(full);
}

function agreement(_caller: CallerFacts, facts: Facts): Denial | null {
  if (facts.agreement?.is_signed === true) return null;
  return { kind: 'agreement_required', agreement: facts.agreement?.slug ?? 'terms-of-use' };
}

function active(caller: CallerFacts): Denial | null {
  if (!caller.has_password) return { kind: 'password_required' };
  return caller.is_factor_missing ? { kind: 'otp_required', username: caller.username } : null;
}

function subscribed(caller: CallerFacts, facts: Facts, params: RuleParams): Denial | null {
  const exempt = exemption(caller, facts, params);
  if (exempt !== 'ask') return exempt;
  const current = subscriptionsOf(caller, facts).filter(({ ends_at }) => ends_at > facts.now);
  if (current.some(({ is_locked }) => !is_locked)) return null;
  const [locked] = current;
  if (locked) return { kind: 'payment_required', profile: locked.profile, plan: locked.plan };
  return { kind: 'subscription_required', profile: facts.profile?.slug ?? null, plan: facts.plans[0]?.slug ?? null };
}

function everSubscribed(caller: CallerFacts, facts: Facts, params: RuleParams): Denial | null {
  const exempt = exemption(caller, facts, params);
  if (exempt !== 'ask') return exempt;
  if (subscriptionsOf(caller, facts).length > 0) return null;
  const [plan] = facts.plans;
  if (plan && caller.subscriptions.some((subscription) => isOfPlans(subscription, facts))) return role_required;
  return {
    kind: 'subscription_required',
    profile: facts.profile?.slug ?? null,
    plan: plan?.is_priced === true ? plan.slug : null,
  };
}

/** Who need not subscribe: people of the broker, and anybody with a role on the provider of the plan. */
function exemption(caller: CallerFacts, facts: Facts, params: RuleParams): Denial | null | 'ask' {
  if (facts.is_profile_unknown) return { kind: 'profile_unknown' };
  if (facts.is_plan_unknown) return { kind: 'plan_unknown' };
  if (holdsRole(caller, brokers(facts, params), 'normal', facts, {})) return null;
  return facts.plans.some((plan) => caller.roles.some(({ profile }) => profile === plan.provider)) ? null : 'ask';
}

function subscriptionsOf(caller: CallerFacts, facts: Facts): CallerFacts['subscriptions'] {
  return caller.subscriptions.filter(
    (subscription) =>
      isOfPlans(subscription, facts) && (facts.profile === null || subscription.profile === facts.profile.slug),
  );
}

function isOfPlans(subscription: { readonly plan: string }, facts: Facts): boolean {
  return facts.plans.length === 0 || facts.plans.some(({ slug }) => slug === subscription.plan);
}

function full(slug: string): Candidate {
  return { slug, is_read_only: false };
}

function asCandidate({ slug, is_active }: ProviderFact): Candidate {
  return { slug, is_read_only: !is_active };
}
