import type { AccountsHooks } from '#accounts';
import {
  archiveProfilesOfUser,
  clearPersonalProfile,
  isOperator,
  type OnAccountClaimed,
  type OnProfileArchived,
  renamePersonalProfile,
} from './profile/index.ts';

/** Supplies what the accounts room asks of this one: who runs the site, and what follows a change of a user. */
export function makeProfilesHooks(
  onArchived: OnProfileArchived,
  onClaimed: OnAccountClaimed,
  onEmailVerified: AccountsHooks['onEmailVerified'],
): AccountsHooks {
  return {
    onEmailVerified,
    isOperator,
    onFirstProof: (tx, change, at) => clearPersonalProfile(tx, change, at, onClaimed),
    onRename: renamePersonalProfile,
    onArchive: (tx, change, at) => archiveProfilesOfUser(tx, change, at, onArchived),
  };
}
