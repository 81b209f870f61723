import type { Context } from '#platform/context';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { providersAt } from '#subscriptions';
import {
  type CallerFacts,
  type Facts,
  findParams,
  type Operator,
  type ProviderFact,
  type RuleParams,
  findParam,
} from '../rules/index.ts';
import {
  agreementFact,
  locksFact,
  namedUserFact,
  planFact,
  profileFact,
  providersFact,
  signatureFact,
} from './decision-facts.ts';
import type { ReadFact } from './fact.ts';
import type { KnownCaller } from './load-callers.ts';

export interface FactSettings {
  /** Days after the end of a subscription during which its provider may read the profile of the subscriber. */
  readonly provider_grace_days: number;
}

export type FactContext = Pick<Context, 'db' | 'clock' | 'actor' | 'log'>;

/** One decision: the operator of a rule for a caller and a method. */
export interface Question {
  readonly operator: Operator;
  readonly params: RuleParams;
  readonly caller: KnownCaller | null;
  readonly is_read: boolean;
}

/** Collects the facts that the operator of a rule needs, and no others; undefined while one is missing. */
export function collectFacts(
  read: ReadFact,
  ctx: FactContext,
  settings: FactSettings,
  { operator, params, caller, is_read }: Question,
): Facts | undefined {
  const now = ctx.clock.now();
  const facts: Facts = {
    now,
    is_read,
    caller: null,
    broker: caller?.site.slug ?? '',
    profile: null,
    is_profile_unknown: false,
    named_user: null,
    plans: [],
    is_plan_unknown: false,
    agreement: null,
  };
  if (caller === null) return facts;
  if (operator.needs.length === 0) return { ...facts, caller: presentCaller(caller, noLocks) };
  const search = { read, ctx, settings, caller, params, now };
  const parts: Parts = {
    caller: collectCaller(search, operator.needs.includes('locks')),
    ...(operator.needs.includes('profile') ? collectProfile(search, operator.needs.includes('providers')) : {}),
    ...(operator.needs.includes('named_user') ? { named_user: collectNamedUser(search) } : {}),
    ...(operator.needs.includes('plans') ? collectPlans(search) : {}),
    ...(operator.needs.includes('agreement') ? { agreement: collectAgreement(search) } : {}),
  };
  for (const part of Object.values(parts)) if (part === undefined) return undefined;
  return { ...facts, ...(parts as Partial<Facts>) }; // no member is undefined
}

type Parts = { [K in keyof Facts]?: Facts[K] | undefined };

interface Search {
  readonly read: ReadFact;
  readonly ctx: FactContext;
  readonly settings: FactSettings;
  readonly caller: KnownCaller;
  readonly params: RuleParams;
  readonly now: Date;
}

const noLocks: ReadonlySet<SubscriptionId> = new Set();

function collectCaller({ read, ctx, caller, now }: Search, with_locks: boolean): CallerFacts | undefined {
  if (!with_locks) return presentCaller(caller, noLocks);
  const running = caller.subscriptions.filter(({ ends_at }) => ends_at > now);
  const locked = running.length === 0 ? noLocks : read(locksFact(ctx, running));
  return locked === undefined ? undefined : presentCaller(caller, locked ?? noLocks);
}

function presentCaller(caller: KnownCaller, locked: ReadonlySet<SubscriptionId>): CallerFacts {
  if (locked.size === 0) return caller.facts;
  const subscriptions = caller.subscriptions.map(({ subscription_id, profile, plan, ends_at }) => ({
    profile,
    plan,
    ends_at,
    is_locked: locked.has(subscription_id),
  }));
  return { ...caller.facts, subscriptions };
}

function collectProfile(search: Search, with_providers: boolean): Parts {
  const { read, ctx, caller, params } = search;
  const slug = findParam(params, 'profile');
  if (slug === null) return { profile: null, is_profile_unknown: false };
  const role = caller.roles.find(({ profile }) => profile === slug);
  const profile = role ? { id: role.profile_id } : read(profileFact(ctx, slug));
  if (profile === undefined) return { profile: undefined };
  if (profile === null) return { profile: null, is_profile_unknown: true };
  const providers = with_providers ? collectOwnProviders(search, [profile.id]) : [];
  return { profile: providers && { slug, providers }, is_profile_unknown: false };
}

function collectNamedUser(search: Search): Facts['named_user'] | undefined {
  const { read, ctx, caller, params } = search;
  const username = findParam(params, 'user');
  if (username === null) return null;
  if (username.toLowerCase() === caller.username.toLowerCase()) return { username, profiles: [], providers: [] };
  const user = read(namedUserFact(ctx, username));
  if (!user) return user;
  const ids = user.profile_ids;
  const profiles = caller.roles.filter(({ profile_id }) => ids.includes(profile_id)).map(({ profile }) => profile);
  const providers = collectOwnProviders(search, ids);
  return providers && { username: user.username, profiles, providers };
}

/** Finds the providers of profiles on which the caller has a role; the others have no effect on a decision. */
function collectOwnProviders(
  { read, ctx, settings, caller, now }: Search,
  ids: readonly ProfileId[],
): ProviderFact[] | undefined {
  if (caller.roles.length === 0 || ids.length === 0) return [];
  const terms = read(providersFact(ctx, ids));
  if (terms === undefined) return undefined;
  return providersAt(terms ?? [], now, settings.provider_grace_days).flatMap(({ provider_id, active }) => {
    const role = caller.roles.find(({ profile_id }) => profile_id === provider_id);
    return role ? [{ slug: role.profile, is_active: active }] : [];
  });
}

function collectPlans({ read, ctx, caller, params }: Search): Parts {
  const slugs = findParams(params, 'plan');
  const found = slugs.map((slug) => read(planFact(ctx, slug)));
  const plans: Facts['plans'][number][] = [];
  for (const plan of found) {
    if (plan === undefined) return { plans: undefined };
    if (plan === null) continue;
    const provider = caller.roles.find(({ profile_id }) => profile_id === plan.provider_id)?.profile ?? '';
    plans.push({ slug: plan.slug, provider, is_priced: plan.is_priced });
  }
  return { plans, is_plan_unknown: slugs.length > 0 && plans.length === 0 };
}

function collectAgreement({ read, ctx, params }: Search): Facts['agreement'] | undefined {
  const slug = findParam(params, 'agreement') ?? 'terms-of-use';
  if (ctx.actor.kind !== 'user') return { slug, is_signed: false };
  const agreement = read(agreementFact(ctx, slug));
  const signature = read(signatureFact(ctx, ctx.actor.user_id, slug));
  if (agreement === undefined || signature === undefined) return undefined;
  const is_known = agreement?.is_known === true;
  if (!is_known) ctx.log.warn({ agreement: slug }, 'access rule requires an unknown agreement');
  return { slug, is_signed: is_known && signature?.is_signed === true };
}
