import { releaseNameOfProfile, requireNoApiKey, releaseName, type User } from '#accounts';
import { formatMoney, type Money } from '#kernel/money';
import type { ProblemFactory } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { paths } from '#platform/http/paths';
import type { Site } from '#platform/site';
import { actorId } from '#platform/actor-id';
import { deleteSignatures } from '../agreements/index.ts';
import { profileArchived } from '../events.ts';
import { profileProblems } from '../problems.ts';
import {
  formatArchiveSlug,
  deleteRole,
  deleteRolesOnProfile,
  findManagerIds,
  findPersonalProfile,
  findRolesOfUser,
  lockProfile,
  MANAGER,
  type Profile,
  updateProfileRow,
} from '../records/index.ts';

/**
 * Ends what a profile bought and sold, in the same transaction; throws one of `archival_problems` while a payment is
 * open. Injected by src/app.ts.
 */
export type OnProfileArchived = (tx: Tx, profile_id: ProfileId, at: Date) => Promise<void>;

/** Sums what is left of the credit of a profile by unit; empty without credit. Injected by src/app.ts. */
export type FindOpenCredit = (reader: Reader, profile_id: ProfileId) => Promise<Money[]>;

/** What archiving a profile does in rooms above. */
export interface ArchivalHooks {
  onProfileArchived: OnProfileArchived;
  archival_problems: readonly ProblemFactory[];
  findOpenCredit: FindOpenCredit;
}

interface Archival {
  site: Pick<Site, 'broker_id'>;
  originated_by: UserId | null;
  /** True if the credit of the profile may be lost. */
  force: boolean;
}

/**
 * Archives a profile: deletes its roles, its contact data and its slug. Ledger entries stay. The user of a personal
 * profile has no profile afterwards.
 *
 * @throws profile_protected (403) for the broker and the processor · api_key_refused (403) for a personal profile ·
 *   credit_left (409) while it has credit, without `force`; `archival_problems`
 */
export async function archiveProfile(
  ctx: Context,
  profile_id: ProfileId,
  hooks: ArchivalHooks,
  { force }: { force: boolean },
): Promise<void> {
  const archival = { site: ctx.site, originated_by: actorId(ctx), force };
  await inTransaction(ctx.db, async (tx) => {
    const profile = await lockProfile(tx, profile_id);
    if (profile.personal_user_id !== null) requireNoApiKey(ctx);
    await archiveLocked(tx, profile, archival, ctx.clock.now(), hooks);
  });
}

async function archiveLocked(
  tx: Tx,
  profile: Profile,
  { site, originated_by, force }: Archival,
  at: Date,
  { onProfileArchived, findOpenCredit }: ArchivalHooks,
): Promise<void> {
  if (profile.id === site.broker_id || profile.is_processor) throw profileProblems.profile_protected();
  if (!profile.is_active) return;
  // The lock of the profile is that of its credit: none is given or used until the transaction ends.
  const credit = force ? [] : await findOpenCredit(tx, profile.id);
  if (credit.length > 0) {
    const left = credit.map((money) => formatMoney(money)).join(', ');
    throw profileProblems.credit_left({
      detail: `The profile has ${left} of credit that would be lost. Nothing was deleted.`,
    });
  }
  await deleteRolesOnProfile(tx, profile.id);
  await onProfileArchived(tx, profile.id, at);
  // The user of a personal profile keeps the username; the slug of an organization stays reserved for some time.
  if (profile.personal_user_id === null) await releaseName(tx, profile.slug, at);
  else await releaseNameOfProfile(tx, profile.id);
  await updateProfileRow(tx, profile.id, {
    slug: formatArchiveSlug(profile.id),
    full_name: '',
    email: '',
    phone: '',
    street_address: '',
    picture: null,
    extra: null,
    is_active: false,
    personal_user_id: null,
  });
  await emit(tx, profileArchived({ profile_id: profile.id, originated_by }), at);
}

/**
 * Deletes the roles and signatures of a user and archives the personal profile, in the transaction that archives the
 * user.
 *
 * @throws last_manager (409) if the user is the last manager of the broker, credit_left (409) without `force`;
 *   `archival_problems`
 */
export async function archiveProfilesOfUser(
  tx: Tx,
  change: { user: Pick<User, 'id'>; site: Site; originated_by: UserId | null; force: boolean },
  at: Date,
  hooks: ArchivalHooks,
): Promise<void> {
  const { user, site } = change;
  const broker = await lockProfile(tx, site.broker_id);
  const operators = await findManagerIds(tx, site.broker_id);
  if (operators.length === 1 && operators[0] === user.id) {
    throw profileProblems.last_manager({ location: paths.roles(broker.slug, MANAGER) });
  }
  for (const role of await findRolesOfUser(tx, user.id)) await deleteRole(tx, role.id);
  await deleteSignatures(tx, user.id);
  const personal = await findPersonalProfile(tx, user.id);
  // Locked before its subscriptions end, so that a concurrent grant commits first and is ended too.
  if (personal) await archiveLocked(tx, await lockProfile(tx, personal.id), change, at, hooks);
}

/** True if a user manages the broker. */
export async function isOperator(reader: Reader, site: Pick<Site, 'broker_id'>, user_id: UserId): Promise<boolean> {
  return (await findManagerIds(reader, site.broker_id)).includes(user_id);
}

/** Sums the credit of the personal profile of a user by unit. */
export async function findCreditOfUser(
  reader: Reader,
  user_id: UserId,
  findOpenCredit: FindOpenCredit,
): Promise<Money[]> {
  const personal = await findPersonalProfile(reader, user_id);
  return personal ? findOpenCredit(reader, personal.id) : [];
}
