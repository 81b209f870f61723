import { canonicalName } from '#kernel/slug';
import { findUserByUsername } from '#accounts';
import type { PlanId, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineFact, type FactReader } from '#platform/facts/facts';
import { tag } from '#platform/facts/tag';
import { TERMS_OF_USE } from '../agreements/index.ts';
import { type CallerAccess, findCallerAccess, findProfileId } from './access-facts-store.ts';

/** A subscription of a profile to a plan of a provider that both sides agreed to. */
export interface ProviderTerm {
  plan_id: PlanId;
  provider_id: ProfileId;
  created_at: Date;
  ends_at: Date;
}

/** Facts of the rooms above, injected because those rooms import this one. */
export interface AccessFactSources {
  facts: FactReader;
  /** Finds the agreed subscriptions of profiles, past ones included. */
  findProviderTerms(reader: Reader, profile_ids: readonly ProfileId[]): Promise<ProviderTerm[]>;
  /** Finds a contact without a login by its slug; the broker may read it under the path of a user. */
  findLead(reader: Reader, slug: string): Promise<object | null>;
}

/** What the guards read of the database: in memory, one statement for each fact that is not. */
export interface AccessFacts {
  /** Undefined for a deleted user. */
  caller(user_id: UserId): Promise<CallerAccess | undefined>;
  profileId(slug: string): Promise<ProfileId | undefined>;
  /** The user with the name, null for a contact without a login, undefined for an unknown name. */
  namedUserId(username: string): Promise<UserId | null | undefined>;
  providerTerms(profile_id: ProfileId): Promise<readonly ProviderTerm[]>;
}

const callerFact = defineFact<CallerAccess>('caller-access');
const slugFact = defineFact<{ id: ProfileId }>('profile-slug');
const nameFact = defineFact<{ id: UserId | null }>('named-user');
const termsFact = defineFact<readonly ProviderTerm[]>('provider-terms');

export function makeAccessFacts({ facts, findProviderTerms, findLead }: AccessFactSources, db: Reader): AccessFacts {
  async function loadCaller(user_id: UserId) {
    const row = await findCallerAccess(db, user_id);
    if (!row) return undefined;
    const { profile_ids, role_type_ids, ...value } = row;
    const own = [
      tag('user', user_id),
      tag('roles', user_id),
      tag('signatures', user_id),
      tag('agreement', TERMS_OF_USE),
    ];
    const held = [...profile_ids.map((id) => tag('profile', id)), ...role_type_ids.map((id) => tag('role-type', id))];
    return { value, tags: [...own, ...held] };
  }

  async function loadName(name: string) {
    const user = await findUserByUsername(db, name);
    if (user) return { value: { id: user.id }, tags: [tag('user', user.id)] };
    if ((await findLead(db, name)) === null) return undefined;
    return { value: { id: null }, tags: [tag('contact', name), tag('username', name)] };
  }

  async function loadSlug(slug: string) {
    const id = await findProfileId(db, slug);
    return id === undefined ? undefined : { value: { id }, tags: [tag('profile', id)] };
  }

  async function loadTerms(profile_id: ProfileId) {
    const value = await findProviderTerms(db, [profile_id]);
    const plan_ids = [...new Set(value.map(({ plan_id }) => plan_id))];
    return { value, tags: [tag('subscriptions', profile_id), ...plan_ids.map((id) => tag('plan', id))] };
  }

  return {
    caller: (user_id) => facts.get(callerFact, user_id, () => loadCaller(user_id)),
    profileId: async (slug) => (await facts.get(slugFact, slug, () => loadSlug(slug)))?.id,
    async namedUserId(username) {
      const name = canonicalName(username);
      return (await facts.get(nameFact, name, () => loadName(name)))?.id;
    },
    providerTerms: async (profile_id) => (await facts.get(termsFact, profile_id, () => loadTerms(profile_id))) ?? [],
  };
}
