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

/** Recipients, and what the mail gate needs to tell strangers among them. */
export interface LoadedRecipients extends Recipients {
  /** Managers of the first recipient's profile, the originator included, for when its address does not receive the message. */
  instead: string[];
  /** Users who have a part in what the notice is about. */
  related: Set<UserId>;
}

/** Finds who receives a notice by its rule, in their present roles and with their present choices. */
export async function loadRecipients(
  ctx: Context,
  told: Notice,
  rule: RecipientRule,
  broker: ProfileView,
): Promise<LoadedRecipients> {
  const to = await findFirstReader(ctx, told, rule.to, broker);
  const managers: ManagerCopy[] = [];
  for (const party of rule.managers_of) {
    const profile = profileOfParty(told, party, broker);
    const found = profile ? await findManagers(ctx, profile.id) : [];
    managers.push(...found.map((each) => ({ ...each, is_other_side: party !== rule.to })));
  }
  const readers = [to, ...managers].flatMap((each) => each?.user_id ?? []);
  const opted_out = await findOptedOut(ctx.db, told.event, readers);
  const always = rule.always ?? false;
  const own = [told.parties.user?.id, profileOfToParty(told, rule.to, broker)?.personal_user_id];
  return {
    ...chooseRecipients({ to, managers, originator_id: told.originator?.id ?? null, opted_out, always }),
    instead: managers
      .filter(({ is_other_side, user_id }) => !is_other_side && (user_id === null || !opted_out.has(user_id)))
      .map(({ address }) => address),
    related: new Set(
      [...own, ...managers.map(({ user_id }) => user_id)].filter((id) => id !== null && id !== undefined),
    ),
  };
}

function profileOfToParty(told: Notice, party: Party, broker: ProfileView): ProfileView | undefined {
  return party === 'user' ? undefined : profileOfParty(told, party, broker);
}

/** Returns the addresses that may receive a reply, in order of preference; the broker's is the last one. */
export function replyCandidates(told: Notice, rule: RecipientRule, broker: ProfileView): (string | null | undefined)[] {
  const addressOfReply = (party: ReplyParty) =>
    party === 'originator' ? told.originator?.email : addressOf(told, party, broker);
  return [...rule.replies_to.map(addressOfReply), broker.email];
}

/**
 * Finds the first recipient, and the user whose choices count: the one the message is for, else the one who has verified
 * the address.
 */
async function findFirstReader(
  ctx: Context,
  told: Notice,
  party: Party,
  broker: ProfileView,
): Promise<Reachable | null> {
  const address = told.address ?? addressOf(told, party, broker);
  if (address === '') return null;
  const own =
    party === 'user' ? told.parties.user?.id : (profileOfParty(told, party, broker)?.personal_user_id ?? undefined);
  return { address, user_id: own ?? (await findUserByVerifiedEmail(ctx.db, address))?.id ?? null };
}

/** Returns the address of a party on record; empty when the event does not have the party. */
export function addressOf(told: Notice, party: Party, broker: ProfileView): string {
  if (party === 'user') return told.parties.user?.email ?? '';
  return profileOfParty(told, party, broker)?.email ?? '';
}

function profileOfParty(told: Notice, party: Exclude<Party, 'user'>, broker: ProfileView): ProfileView | undefined {
  return party === 'broker' ? broker : told.parties[party];
}

async function findManagers(ctx: Context, profile_id: ProfileId): Promise<Reachable[]> {
  const ids = await findManagerIds(ctx.db, profile_id);
  const users = await findUsersByIds(ctx.db, ids);
  return ids.flatMap((id) => {
    const user = users.get(id);
    return user?.is_active && user.email !== null ? [{ address: user.email, user_id: user.id }] : [];
  });
}
