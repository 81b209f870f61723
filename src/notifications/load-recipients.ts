import { findUserByEmail, findUsersByIds } from '#accounts';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db-schema';
import { managersOf, type ProfileView } from '#profiles';
import type { Notice } from './notice.ts';
import { findOptedOut } from './optout-store.ts';
import { chooseRecipients, type Party, type Reachable, type RecipientRule, type Recipients } from './recipients.ts';

/** Finds who receives a notice by its rule, in their present roles and with their present choices. */
export async function loadRecipients(
  ctx: Context,
  told: Notice,
  rule: RecipientRule,
  broker: ProfileView,
): Promise<Recipients> {
  const to = await reach(ctx, told.address ?? addressOf(told, rule.to, broker));
  const managers = await findManagers(
    ctx,
    rule.managers_of.flatMap((party) => profileOfParty(told, party, broker)?.id ?? []),
  );
  const readers = [to, ...managers].flatMap((each) => each?.user_id ?? []);
  return chooseRecipients({
    to,
    managers,
    originator_id: told.originator?.id ?? null,
    opted_out: await findOptedOut(ctx.db, told.event, readers),
    always: rule.always ?? false,
  });
}

/** The address of a profile may be that of a user, whose choices then count. */
async function reach(ctx: Context, address: string): Promise<Reachable | null> {
  if (address === '') return null;
  return { address, user_id: (await findUserByEmail(ctx.db, address))?.id ?? null };
}

function addressOf(told: Notice, party: Party, broker: ProfileView): string {
  if (party === 'user') return told.parties.user?.email ?? '';
  return profileOfParty(told, party, broker)?.email ?? '';
}

function profileOfParty(told: Notice, party: Exclude<Party, 'user'>, broker: ProfileView): ProfileView | undefined {
  return party === 'broker' ? broker : told.parties[party];
}

async function findManagers(ctx: Context, profile_ids: readonly ProfileId[]): Promise<Reachable[]> {
  const ids: UserId[] = [];
  for (const profile_id of new Set(profile_ids)) ids.push(...(await managersOf(ctx.db, profile_id, ctx.clock.now())));
  const users = await findUsersByIds(ctx.db, ids);
  return ids.flatMap((id) => {
    const user = users.get(id);
    return user?.is_active && user.email !== null ? [{ address: user.email, user_id: user.id }] : [];
  });
}
