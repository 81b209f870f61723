import type { AccountsHooks } from '#accounts';
import { archiveProfilesOfUser, isOperator, type OnProfileArchived } from './archive-profile.ts';
import { renamePersonalProfile } from './update-profile.ts';

/** Makes what the accounts room asks of this one: who runs the site, and what follows a user who is renamed or leaves. */
export function makeProfilesHooks(onArchived: OnProfileArchived): AccountsHooks {
  return {
    isOperator,
    onRename: renamePersonalProfile,
    onArchive: (tx, change, at) => archiveProfilesOfUser(tx, change, at, onArchived),
  };
}
