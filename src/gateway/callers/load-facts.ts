import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { findUserByUsername } from '#accounts';
import { findPlansBySlugs } from '#catalog';
import { findOwingSubjects } from '#ledger';
import { findAgreement, findProfileBySlug, hasSigned, findHeldRoles } from '#profiles';
import { type Entitlement, findProvidingProfiles, subscriptionSubject } from '#subscriptions';
import {
  type CallerFacts,
  type Facts,
  findParams,
  type Operator,
  type ProviderFact,
  type RuleParams,
  findParam,
} from '../rules/index.ts';
import type { KnownCaller } from './load-callers.ts';

export interface FactSettings {
  /** Days after the end of a subscription during which its provider may read the profile of the subscriber. */
  readonly provider_grace_days: number;
}

/** One decision: the operator of a rule for a caller and a method. */
export interface Question {
  readonly operator: Operator;
  readonly params: RuleParams;
  readonly caller: KnownCaller | null;
  readonly is_read: boolean;
}

/** Loads the facts that the operator of a rule needs, and no others. */
export async function loadFacts(
  ctx: Pick<Context, 'db' | 'clock' | 'site' | 'actor' | 'log'>,
  settings: FactSettings,
  { operator, params, caller, is_read }: Question,
): Promise<Facts> {
  const now = ctx.clock.now();
  const empty_facts: Facts = {
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
  if (caller === null) return empty_facts;
  const needs = new Set(operator.needs);
  const load = { ctx, settings, caller, params, now };
  return {
    ...empty_facts,
    caller: await loadCallerFacts(load, needs.has('locks')),
    ...(needs.has('profile') ? await loadProfileFacts(load, needs.has('providers')) : {}),
    ...(needs.has('named_user') ? { named_user: await loadNamedUserFacts(load) } : {}),
    ...(needs.has('plans') ? await loadPlanFacts(load) : {}),
    ...(needs.has('agreement') ? { agreement: await loadAgreementFacts(load) } : {}),
  };
}

interface Load {
  readonly ctx: Pick<Context, 'db' | 'site' | 'actor' | 'log'>;
  readonly settings: FactSettings;
  readonly caller: KnownCaller;
  readonly params: RuleParams;
  readonly now: Date;
}

async function loadCallerFacts({ ctx, caller, now }: Load, with_locks: boolean): Promise<CallerFacts> {
  const { username, has_password, is_factor_missing, roles } = caller;
  const running = caller.subscriptions.filter(({ ends_at }) => ends_at > now);
  const locked = with_locks && running.length > 0 ? await findLocked(ctx.db, running) : new Set<SubscriptionId>();
  const subscriptions = caller.subscriptions.map(({ subscription_id, profile, plan, ends_at }) => ({
    profile,
    plan,
    ends_at,
    is_locked: locked.has(subscription_id),
  }));
  return { username, has_password, is_factor_missing, roles, subscriptions };
}

/** Finds the subscriptions with an amount due that their subscriber ordered. */
async function findLocked(reader: Reader, subscriptions: readonly Entitlement[]): Promise<Set<SubscriptionId>> {
  const owing = await findOwingSubjects(
    reader,
    subscriptions.map(({ subscription_id, profile_id }) => ({
      ...subscriptionSubject(subscription_id),
      owner_id: profile_id,
      subscription_id,
    })),
  );
  return new Set(owing.map(({ subscription_id }) => subscription_id));
}

async function loadProfileFacts(
  load: Load,
  with_providers: boolean,
): Promise<Pick<Facts, 'profile' | 'is_profile_unknown'>> {
  const { ctx, caller, params } = load;
  const slug = findParam(params, 'profile');
  if (slug === null) return { profile: null, is_profile_unknown: false };
  const role = caller.roles.find(({ profile }) => profile === slug);
  const id = role?.profile_id ?? (await findProfileBySlug(ctx.db, slug))?.id;
  if (id === undefined) return { profile: null, is_profile_unknown: true };
  const providers = with_providers ? await findOwnProviders(load, [id]) : [];
  return { profile: { slug, providers }, is_profile_unknown: false };
}

async function loadNamedUserFacts(load: Load): Promise<Facts['named_user']> {
  const { ctx, caller, params } = load;
  const username = findParam(params, 'user');
  if (username === null) return null;
  if (username.toLowerCase() === caller.username.toLowerCase()) return { username, profiles: [], providers: [] };
  const user = await findUserByUsername(ctx.db, username);
  if (!user) return null;
  // Roles without consent are excluded: with them any user could become an associate (docs/spec/identity.md 16.1).
  const agreed = (await findHeldRoles(ctx.db, user.id)).filter(({ accepted_at }) => accepted_at !== null);
  const ids = agreed.map(({ profile_id }) => profile_id);
  const profiles = caller.roles.filter(({ profile_id }) => ids.includes(profile_id)).map(({ profile }) => profile);
  return { username: user.username, profiles, providers: await findOwnProviders(load, ids) };
}

/** Finds the providers of profiles on which the caller has a role; the others have no effect on a decision. */
async function findOwnProviders(
  { ctx, settings, caller, now }: Load,
  ids: readonly ProfileId[],
): Promise<ProviderFact[]> {
  const providers: ProviderFact[] = [];
  if (caller.roles.length === 0) return providers;
  for (const id of ids) {
    for (const link of await findProvidingProfiles(ctx.db, id, now, settings.provider_grace_days)) {
      const role = caller.roles.find(({ profile_id }) => profile_id === link.provider_id);
      if (role) providers.push({ slug: role.profile, is_active: link.active });
    }
  }
  return providers;
}

async function loadPlanFacts({ ctx, caller, params }: Load): Promise<Pick<Facts, 'plans' | 'is_plan_unknown'>> {
  const slugs = findParams(params, 'plan');
  if (slugs.length === 0) return { plans: [], is_plan_unknown: false };
  const found = await findPlansBySlugs(ctx.db, slugs);
  const plans = slugs.flatMap((slug) => {
    const plan = found.get(slug);
    if (!plan) return [];
    const provider = caller.roles.find(({ profile_id }) => profile_id === plan.profile_id)?.profile ?? '';
    return [{ slug, provider, is_priced: !plan.is_not_priced }];
  });
  return { plans, is_plan_unknown: plans.length === 0 };
}

async function loadAgreementFacts({ ctx, params }: Load): Promise<Facts['agreement']> {
  const slug = findParam(params, 'agreement') ?? 'terms-of-use';
  if (ctx.actor.kind !== 'user') return { slug, is_signed: false };
  if (!(await findAgreement(ctx.db, slug))) {
    ctx.log.warn({ agreement: slug }, 'access rule requires an unknown agreement');
    return { slug, is_signed: false };
  }
  return { slug, is_signed: await hasSigned(ctx.db, ctx.actor.user_id, slug) };
}
