import type { Context } from '#platform/context';
import type { ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { defineFact } from '#platform/facts/facts';
import { tag } from '#platform/facts/tag';
import { findUserByUsername } from '#accounts';
import { findPlansBySlugs } from '#catalog';
import { findOwingSubjects } from '#ledger';
import { findAgreement, findProfileBySlug, findRoleHistory, hasSigned } from '#profiles';
import { type Entitlement, findProviderTerms, type ProviderTerm, subscriptionSubject } from '#subscriptions';
import type { Fact } from './fact.ts';

type FactSource = Pick<Context, 'db'>;

const named_profile = defineFact<{ readonly id: ProfileId }>('gateway-profile');
const providers = defineFact<readonly ProviderTerm[]>('gateway-providers');
const named_user = defineFact<NamedUser>('gateway-user');
const named_plan = defineFact<NamedPlan>('gateway-plan');
const agreement = defineFact<{ readonly is_known: boolean }>('gateway-agreement');
const signature = defineFact<{ readonly is_signed: boolean }>('gateway-signature');
const locks = defineFact<ReadonlySet<SubscriptionId>>('gateway-locks');

/** The profile with a slug. */
export function profileFact({ db }: FactSource, slug: string): Fact<{ readonly id: ProfileId }> {
  return {
    kind: named_profile,
    key: slug,
    async load() {
      const profile = await findProfileBySlug(db, slug);
      return profile && { value: { id: profile.id }, tags: [tag('profile', profile.id)] };
    },
  };
}

/** Subscriptions of these profiles to plans of other profiles. */
export function providersFact({ db }: FactSource, ids: readonly ProfileId[]): Fact<readonly ProviderTerm[]> {
  return {
    kind: providers,
    key: ids.join(),
    async load() {
      const terms = await findProviderTerms(db, ids);
      const plan_ids = [...new Set(terms.map(({ plan_id }) => plan_id))];
      return {
        value: terms,
        tags: [...ids.map((id) => tag('subscriptions', id)), ...plan_ids.map((id) => tag('plan', id))],
      };
    },
  };
}

/** A user that a rule or a path names, with the profiles on which that user accepted a role. */
export interface NamedUser {
  readonly username: string;
  readonly profile_ids: readonly ProfileId[];
}

export function namedUserFact({ db }: FactSource, username: string): Fact<NamedUser> {
  return {
    kind: named_user,
    key: username.toLowerCase(),
    async load() {
      const user = await findUserByUsername(db, username);
      if (!user) return undefined;
      const { held, profile_ids: seen } = await findRoleHistory(db, user.id);
      // Roles without consent are excluded: with them any user could become an associate (docs/spec/identity.md 16.1).
      const agreed = held.filter(({ accepted_at }) => accepted_at !== null);
      return {
        value: { username: user.username, profile_ids: agreed.map(({ profile_id }) => profile_id) },
        tags: [tag('user', user.id), tag('roles', user.id), ...seen.map((id) => tag('profile', id))],
      };
    },
  };
}

/** The facts of a plan on which a decision depends. */
export interface NamedPlan {
  readonly slug: string;
  readonly provider_id: ProfileId;
  readonly is_priced: boolean;
}

export function planFact({ db }: FactSource, slug: string): Fact<NamedPlan> {
  return {
    kind: named_plan,
    key: slug,
    async load() {
      const plan = (await findPlansBySlugs(db, [slug])).get(slug);
      if (!plan) return undefined;
      const value = { slug, provider_id: plan.profile_id, is_priced: !plan.is_not_priced };
      return { value, tags: [tag('plan', plan.id)] };
    },
  };
}

/** True if the site has an agreement with this slug. */
export function agreementFact({ db }: FactSource, slug: string): Fact<{ readonly is_known: boolean }> {
  return {
    kind: agreement,
    key: slug,
    load: async () => ({
      value: { is_known: (await findAgreement(db, slug)) !== undefined },
      tags: [tag('agreement', slug)],
    }),
  };
}

/** True if a user signed the current version of an agreement. */
export function signatureFact(
  { db }: FactSource,
  user_id: UserId,
  slug: string,
): Fact<{ readonly is_signed: boolean }> {
  return {
    kind: signature,
    key: `${user_id} ${slug}`,
    load: async () => ({
      value: { is_signed: await hasSigned(db, user_id, slug) },
      tags: [tag('agreement', slug), tag('signatures', user_id)],
    }),
  };
}

/** Subscriptions with an amount due that their subscriber ordered. */
export function locksFact(
  { db }: FactSource,
  subscriptions: readonly Entitlement[],
): Fact<ReadonlySet<SubscriptionId>> {
  return {
    kind: locks,
    key: subscriptions.map(({ subscription_id }) => subscription_id).join(),
    async load() {
      const owing = await findOwingSubjects(
        db,
        subscriptions.map(({ subscription_id, profile_id }) => ({
          ...subscriptionSubject(subscription_id),
          owner_id: profile_id,
          subscription_id,
        })),
      );
      const subjects = subscriptions.map(({ subscription_id }) => subscriptionSubject(subscription_id));
      return {
        value: new Set(owing.map(({ subscription_id }) => subscription_id)),
        tags: subjects.map(({ kind, id }) => tag('owing', `${kind}:${id}`)),
      };
    },
  };
}
