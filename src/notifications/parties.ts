import assert from 'node:assert/strict';
import type { User } from '#accounts';
import { canonicalName } from '#kernel/slug';
import type { Context } from '#platform/context';
import { mergeReads } from '#platform/db/merge-reads';
import { type CreditBesideCharge, findCreditOfCharges } from '#billing';
import { findInvoiceNumbers } from '#payments';
import type { ChargeId, ProfileId, UserId } from '#platform/db/db-schema';
import { findPeople, findProfileViews, findRoleTypesBySlugs, type Person, type ProfileView } from '#profiles';
import type { Reachable } from './recipients.ts';

/** Members of payloads that name parties. */
export interface PartyMembers {
  user_id?: UserId | null;
  originated_by?: UserId | null;
  profile_id?: ProfileId | null;
  provider_id?: ProfileId | null;
  role_type?: string | null;
  charge_id?: ChargeId | null;
}

/** Parties that are loaded for a batch of events. */
export interface PartyIds {
  users: readonly UserId[];
  profiles: readonly ProfileId[];
  role_types: readonly string[];
  charges: readonly ChargeId[];
}

/** The parties of the events of a batch, and the broker. */
export interface Parties {
  readonly broker: ProfileView;
  /** Returns a profile of an event; undefined without an id or if the profile was deleted. */
  profile(id: ProfileId | null): ProfileView | undefined;
  /** Returns a user of an event; undefined without an id or if the user was deleted. */
  user(id: UserId | null): User | undefined;
  /** Returns the user who caused an event; null for a processor, a job or a deleted user. */
  originator(id: UserId | null): User | null;
  /** Returns the managers of a profile who have an address, in the order of their roles. */
  managersOf(profile_id: ProfileId): readonly Reachable[];
  /** True if a user manages the broker or a provider. */
  isSeller(user_id: UserId): boolean;
  /** Returns the title of a type of roles that a profile can use. */
  roleTitle(profile_id: ProfileId, slug: string): string | undefined;
  /** Returns the numbers of the invoices that a charge pays; none for a payment of orders without an invoice. */
  invoiceNumbers(charge_id: ChargeId): readonly string[];
  /** Returns what credit pays of the order of a charge, by line. */
  creditOf(charge_id: ChargeId): readonly CreditBesideCharge[];
}

/** Returns the parties that a payload names. Pure. */
export function partyIdsOf({
  user_id,
  originated_by,
  profile_id,
  provider_id,
  role_type,
  charge_id,
}: PartyMembers): PartyIds {
  return {
    users: [user_id, originated_by].filter((id) => id !== null && id !== undefined),
    profiles: [profile_id, provider_id].filter((id) => id !== null && id !== undefined),
    role_types: [role_type].filter((slug) => slug !== null && slug !== undefined),
    charges: [charge_id].filter((id) => id !== null && id !== undefined),
  };
}

/** Loads the parties of a batch of events: three statements. */
export async function loadParties(ctx: Context, ids: readonly PartyIds[]): Promise<Parties> {
  const { broker_id } = ctx.site;
  const profile_ids = new Set([broker_id, ...ids.flatMap(({ profiles }) => profiles)]);
  const user_ids = new Set(ids.flatMap(({ users }) => users));
  const slugs = new Set(ids.flatMap(({ role_types }) => role_types));
  const charge_ids = new Set(ids.flatMap(({ charges }) => charges));
  const [profiles, people, [role_types, invoice_numbers, credit]] = await Promise.all([
    findProfileViews(ctx.db, [...profile_ids]),
    findPeople(ctx.db, { user_ids: [...user_ids], profile_ids: [...profile_ids], broker_id }),
    mergeReads(ctx.db, [
      (reader) => findRoleTypesBySlugs(reader, [...slugs]),
      (reader) => findInvoiceNumbers(reader, [...charge_ids]),
      (reader) => findCreditOfCharges(reader, [...charge_ids]),
    ]),
  ]);
  const managers = managersByProfile(people);
  const broker = profiles.get(broker_id);
  if (!broker) throw new Error(`there is no profile ${broker_id}`);
  const user = (id: UserId | null) => {
    assert(id === null || user_ids.has(id), 'the users of a batch are loaded together');
    return id === null ? undefined : people.get(id);
  };
  return {
    broker,
    profile(id) {
      assert(id === null || profile_ids.has(id), 'the profiles of a batch are loaded together');
      return id === null ? undefined : profiles.get(id);
    },
    user,
    originator: (id) => user(id) ?? null,
    managersOf: (profile_id) => managers.get(profile_id) ?? [],
    isSeller: (user_id) => people.get(user_id)?.is_seller ?? false,
    roleTitle(profile_id, slug) {
      assert(slugs.has(slug), 'the types of roles of a batch are loaded together');
      const type = role_types.get(canonicalName(slug));
      return type && (type.profile_id === null || type.profile_id === profile_id) ? type.title : undefined;
    },
    invoiceNumbers(charge_id) {
      assert(charge_ids.has(charge_id), 'the charges of a batch are loaded together');
      return invoice_numbers.get(charge_id) ?? [];
    },
    creditOf(charge_id) {
      assert(charge_ids.has(charge_id), 'the charges of a batch are loaded together');
      return credit.get(charge_id) ?? [];
    },
  };
}

function managersByProfile(people: ReadonlyMap<UserId, Person>): Map<ProfileId, Reachable[]> {
  const roles = [...people.values()].flatMap(({ id, email, is_active, managed }) =>
    email === null || !is_active ? [] : managed.map((role) => ({ ...role, address: email, user_id: id })),
  );
  const byProfile = Map.groupBy(
    roles.sort((a, b) => a.role_id - b.role_id),
    ({ profile_id }) => profile_id,
  );
  return new Map([...byProfile].map(([id, some]) => [id, some.map(({ address, user_id }) => ({ address, user_id }))]));
}
