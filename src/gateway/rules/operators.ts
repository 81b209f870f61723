import { type AllowValue, findParams, type RuleParams } from './rule-params.ts';
import type { CallerFacts, Facts, ProviderFact } from './facts.ts';

/** The reason why an operator refuses. `denial.ts` finds the page that resolves it. */
export type Denial =
  | { readonly kind: 'credentials_required' }
  | { readonly kind: 'password_required' }
  | { readonly kind: 'otp_required'; readonly username: string }
  | { readonly kind: 'agreement_required'; readonly agreement: string }
  | { readonly kind: 'role_required' }
  /** `plan` is the plan to put in the cart; null if the caller can choose among several. */
  | { readonly kind: 'subscription_required'; readonly profile: string | null; readonly plan: string | null }
  | { readonly kind: 'payment_required'; readonly profile: string; readonly plan: string }
  | { readonly kind: 'profile_unknown' }
  | { readonly kind: 'plan_unknown' };

/** Facts that cost additional queries; the roles and subscriptions of the caller are always loaded. */
export type Need = 'profile' | 'providers' | 'named_user' | 'plans' | 'locks' | 'agreement';

/** What holders of the named roles may do; managers may always do everything. */
type RoleScope = 'all' | 'reads' | 'none';

export interface Operator {
  readonly name: string;
  /** Parameters that a rule may store, with their defaults, in the order of responses. */
  readonly params: Readonly<Record<string, AllowValue>>;
  readonly needs: readonly Need[];
  readonly decide: (facts: Facts, params: RuleParams) => Denial | null;
}

type Decision = Pick<Operator, 'needs' | 'decide'>;

/** A profile on which a role of the caller counts. */
interface Candidate {
  readonly slug: string;
  readonly is_read_only: boolean;
}

/** The profiles that an operator considers, and the facts that it needs to find them. */
interface Family {
  readonly needs: readonly Need[];
  readonly candidates: (facts: Facts, params: RuleParams) => Candidate[];
}

const role_required: Denial = { kind: 'role_required' };
const no_params = {};
const agreement_params = { agreement: 'terms-of-use' };
const direct_params = { profile: null, roledescription: null, brokers: null };
const role_params = { profile: null, roledescription: null };
const profile_params = { profile: null };
const associate_params = { user: null, roledescription: null };
const user_params = { user: null };
const plan_params = { profile: null, plan: null, brokers: null };

const direct: Family = { needs: ['profile'], candidates: findDirect };
const providerOrDirect: Family = { needs: ['profile', 'providers'], candidates: findProviderOrDirect };
const provider: Family = { needs: ['profile', 'providers'], candidates: findProviders };
const providerReads: Family = { needs: ['profile', 'providers'], candidates: findDirectAndReadingProviders };

const anyCaller: Decision = { needs: [], decide: () => null };
const acceptedAgreement = signedIn(['agreement'], refuseWithoutSignature);
const paidSubscription = signedIn(['profile', 'plans', 'locks'], refuseWithoutPaidSubscription);
const everSubscription = signedIn(['profile', 'plans'], refuseWithoutSubscription);

/**
 * The access rules by number. Numbers are stored with rules: they never change, and new ones are appended.
 *
 * Source: docs/spec/gateway.md 1.7.
 */
// oxfmt-ignore
export const operators: readonly Operator[] = [
  /*  0 */ operator('anyone',                              no_params,        anyCaller),
  /*  1 */ operator('authenticated',                       no_params,        signedIn([], () => null)),
  /*  2 */ operator('agreement accepted',                  agreement_params, acceptedAgreement),
  /*  3 */ operator('direct role, reads only',             direct_params,    role(direct, 'reads')),
  /*  4 */ operator('direct role',                         role_params,      role(direct, 'all')),
  /*  5 */ operator('direct manager',                      profile_params,   role(direct, 'none')),
  /*  6 */ operator('provider or direct role, reads only', direct_params,    role(providerOrDirect, 'reads')),
  /*  7 */ operator('provider or direct role',             role_params,      role(providerOrDirect, 'all')),
  /*  8 */ operator('provider or direct manager',          profile_params,   role(providerOrDirect, 'none')),
  /*  9 */ operator('provider role, reads only',           direct_params,    role(provider, 'reads')),
  /* 10 */ operator('provider role',                       role_params,      role(provider, 'all')),
  /* 11 */ operator('provider manager',                    profile_params,   role(provider, 'none')),
  /* 12 */ operator('self or associated, reads only',      associate_params, self('reads')),
  /* 13 */ operator('self or associated',                  associate_params, self('all')),
  /* 14 */ operator('self or associated manager',          user_params,      self('none')),
  /* 15 */ operator('subscribed and paid',                 plan_params,      paidSubscription),
  /* 16 */ operator('ever subscribed',                     plan_params,      everSubscription),
  /* 17 */ operator('active',                              no_params,        signedIn([], refuseInactiveAccount)),
  /* 18 */ operator('direct role, or provider for reads',  direct_params,    role(providerReads, 'reads')),
];

function operator(name: string, params: Operator['params'], { needs, decide }: Decision): Operator {
  return { name, params, needs, decide };
}

/** Refuses anonymous callers before any other fact is considered. */
function signedIn(
  needs: readonly Need[],
  decide: (caller: CallerFacts, facts: Facts, params: RuleParams) => Denial | null,
): Decision {
  return {
    needs,
    decide: (facts, params) =>
      facts.caller === null ? { kind: 'credentials_required' } : decide(facts.caller, facts, params),
  };
}

function role({ needs, candidates }: Family, scope: RoleScope): Decision {
  return signedIn(needs, (caller, facts, params) =>
    holdsRole(caller, candidates(facts, params), scope, facts, params) ? null : role_required,
  );
}

function self(scope: RoleScope): Decision {
  return signedIn(['named_user'], (caller, facts, params) => {
    const { named_user } = facts;
    if (named_user !== null && named_user.username.toLowerCase() === caller.username.toLowerCase()) return null;
    const associated = (named_user?.profiles ?? []).map(fullCandidate);
    const providers = (named_user?.providers ?? []).map(providerCandidate);
    const candidates = [...associated, ...providers, fullCandidate(facts.broker)];
    return holdsRole(caller, candidates, scope, facts, params) ? null : role_required;
  });
}

/**
 * True if a role of the caller on a candidate suffices: manager for every method, a named role as far as `scope` says.
 * A read-only candidate grants reads only. Without named roles `contributor` counts.
 */
function holdsRole(
  caller: CallerFacts,
  candidates: readonly Candidate[],
  scope: RoleScope,
  facts: Facts,
  params: RuleParams,
): boolean {
  const named = findParams(params, 'roledescription');
  const roles = named.length === 0 ? ['contributor'] : named;
  const role_suffices = scope === 'all' || (scope === 'reads' && facts.is_read);
  return candidates.some(
    (candidate) =>
      (facts.is_read || !candidate.is_read_only) &&
      caller.roles.some(
        (held) =>
          held.profile === candidate.slug && (held.role === 'manager' || (role_suffices && roles.includes(held.role))),
      ),
  );
}

function findDirect(facts: Facts, params: RuleParams): Candidate[] {
  return [...(facts.profile === null ? [] : [fullCandidate(facts.profile.slug)]), ...findBrokers(facts, params)];
}

function findProviderOrDirect(facts: Facts, params: RuleParams): Candidate[] {
  return [...findDirect(facts, params), ...(facts.profile?.providers ?? []).map(providerCandidate)];
}

function findProviders(facts: Facts, params: RuleParams): Candidate[] {
  return [...(facts.profile?.providers ?? []).map(providerCandidate), ...findBrokers(facts, params)];
}

/** As `findDirect`, with the providers, whose users and managers may only read. */
function findDirectAndReadingProviders(facts: Facts, params: RuleParams): Candidate[] {
  const providers = (facts.profile?.providers ?? []).map(({ slug }) => ({ slug, is_read_only: true }));
  return [...findDirect(facts, params), ...providers];
}

function findBrokers(facts: Facts, params: RuleParams): Candidate[] {
  return [facts.broker, ...findParams(params, 'brokers')].map(fullCandidate);
}

function refuseWithoutSignature(_caller: CallerFacts, facts: Facts): Denial | null {
  if (facts.agreement?.is_signed === true) return null;
  return { kind: 'agreement_required', agreement: facts.agreement?.slug ?? 'terms-of-use' };
}

function refuseInactiveAccount(caller: CallerFacts): Denial | null {
  if (!caller.has_password) return { kind: 'password_required' };
  return caller.is_factor_missing ? { kind: 'otp_required', username: caller.username } : null;
}

function refuseWithoutPaidSubscription(caller: CallerFacts, facts: Facts, params: RuleParams): Denial | null {
  const exempt = checkExemption(caller, facts, params);
  if (exempt !== 'subscription') return exempt;
  const current = findSubscriptions(caller, facts).filter(({ ends_at }) => ends_at > facts.now);
  if (current.some(({ is_locked }) => !is_locked)) return null;
  const [locked] = current;
  if (locked) return { kind: 'payment_required', profile: locked.profile, plan: locked.plan };
  return { kind: 'subscription_required', profile: facts.profile?.slug ?? null, plan: facts.plans[0]?.slug ?? null };
}

function refuseWithoutSubscription(caller: CallerFacts, facts: Facts, params: RuleParams): Denial | null {
  const exempt = checkExemption(caller, facts, params);
  if (exempt !== 'subscription') return exempt;
  if (findSubscriptions(caller, facts).length > 0) return null;
  const [plan] = facts.plans;
  if (plan && caller.subscriptions.some((subscription) => isOfPlans(subscription, facts))) return role_required;
  return {
    kind: 'subscription_required',
    profile: facts.profile?.slug ?? null,
    plan: plan?.is_priced === true ? plan.slug : null,
  };
}

/**
 * Returns null for callers that need no subscription: with a role on the broker or on the provider of a plan.
 * Returns a denial if the profile or the plan is unknown, otherwise 'subscription'.
 */
function checkExemption(caller: CallerFacts, facts: Facts, params: RuleParams): Denial | null | 'subscription' {
  if (facts.is_profile_unknown) return { kind: 'profile_unknown' };
  if (facts.is_plan_unknown) return { kind: 'plan_unknown' };
  if (holdsRole(caller, findBrokers(facts, params), 'reads', facts, {})) return null;
  return facts.plans.some((plan) => caller.roles.some(({ profile }) => profile === plan.provider))
    ? null
    : 'subscription';
}

function findSubscriptions(caller: CallerFacts, facts: Facts): CallerFacts['subscriptions'] {
  return caller.subscriptions.filter(
    (subscription) =>
      isOfPlans(subscription, facts) && (facts.profile === null || subscription.profile === facts.profile.slug),
  );
}

function isOfPlans(subscription: { readonly plan: string }, facts: Facts): boolean {
  return facts.plans.length === 0 || facts.plans.some(({ slug }) => slug === subscription.plan);
}

function fullCandidate(slug: string): Candidate {
  return { slug, is_read_only: false };
}

function providerCandidate({ slug, is_active }: ProviderFact): Candidate {
  return { slug, is_read_only: !is_active };
}
