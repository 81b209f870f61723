import { findUserByVerifiedEmail, findUsersByIds } from '#accounts';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { findManagerIds, type ProfileView } from '#profiles';
import type { Notice } from './notice.ts';
import { findOptedOut } from './optout-store.ts';
import {
  chooseRecipients,
  type ManagerCopy,
  type Party,
  type Reachable,
  type RecipientRule,
  type Recipients,
  type ReplyParty,
} from './recipients.ts';

/** Recipients, and the facts by which the mail gate detects unknown recipients. */
export interface LoadedRecipients extends Recipients {
  /**
   * Managers of the profile of the first recipient, including the originator. They get the message when the gate
   * withholds it from the address of `to`.
   */
  instead: string[];
  /** Users who take part in the subject of the notice. */
  related: Set<UserId>;
}

/** Loads the recipients of a notice by its rule, with the present roles and opt-outs of users. */
export async function loadRecipients(
  ctx: Context,
  notice: Notice,
  rule: RecipientRule,
  broker: ProfileView,
): Promise<LoadedRecipients> {
  const to = await findFirstReader(ctx, notice, rule.to, broker);
  const managers: ManagerCopy[] = [];
  for (const party of rule.managers_of) {
    const profile = profileOfParty(notice, party, broker);
    const found = profile ? await findManagers(ctx, profile.id) : [];
    managers.push(...found.map((each) => ({ ...each, is_other_side: party !== rule.to })));
  }
  const readers = [to, ...managers].flatMap((each) => each?.user_id ?? []);
  const opted_out = await findOptedOut(ctx.db, notice.event, readers);
  const always = rule.always ?? false;
  const subject_ids = [notice.parties.user?.id, profileOfParty(notice, rule.to, broker)?.personal_user_id];
  return {
    ...chooseRecipients({ to, managers, originator_id: notice.originator?.id ?? null, opted_out, always }),
    instead: managers
      .filter(({ is_other_side, user_id }) => !is_other_side && (user_id === null || !opted_out.has(user_id)))
      .map(({ address }) => address),
    related: new Set(
      [...subject_ids, ...managers.map(({ user_id }) => user_id)].filter((id) => id !== null && id !== undefined),
    ),
  };
}

/** Returns the addresses that may receive a reply, in order of preference; the broker's is the last one. */
export function replyCandidates(
  notice: Notice,
  rule: RecipientRule,
  broker: ProfileView,
): (string | null | undefined)[] {
  const addressOfReply = (party: ReplyParty) =>
    party === 'originator' ? notice.originator?.email : addressOf(notice, party, broker);
  return [...rule.replies_to.map(addressOfReply), broker.email];
}

/**
 * Finds the first recipient with the user whose opt-outs apply: the user or the personal profile that the notice is
 * for, else the user who verified the address. Null without an address.
 */
async function findFirstReader(
  ctx: Context,
  notice: Notice,
  party: Party,
  broker: ProfileView,
): Promise<Reachable | null> {
  const address = notice.address ?? addressOf(notice, party, broker);
  if (address === '') return null;
  const subject_id =
    party === 'user' ? notice.parties.user?.id : (profileOfParty(notice, party, broker)?.personal_user_id ?? undefined);
  return { address, user_id: subject_id ?? (await findUserByVerifiedEmail(ctx.db, address))?.id ?? null };
}

/** Returns the address of a party on record; empty when the notice does not have the party. */
export function addressOf(notice: Notice, party: Party, broker: ProfileView): string {
  if (party === 'user') return notice.parties.user?.email ?? '';
  return profileOfParty(notice, party, broker)?.email ?? '';
}

function profileOfParty(notice: Notice, party: Party, broker: ProfileView): ProfileView | undefined {
  if (party === 'user') return undefined;
  return party === 'broker' ? broker : notice.parties[party];
}

async function findManagers(ctx: Context, profile_id: ProfileId): Promise<Reachable[]> {
  const ids = await findManagerIds(ctx.db, profile_id);
  const users = await findUsersByIds(ctx.db, ids);
  return ids.flatMap((id) => {
    const user = users.get(id);
    return user?.is_active && user.email !== null ? [{ address: user.email, user_id: user.id }] : [];
  });
}
