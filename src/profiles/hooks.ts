import type { AccountsHooks } from '#accounts';
import {
  archiveProfilesOfUser,
  clearPersonalProfile,
  isOperator,
  type OnAccountClaimed,
  type ArchivalHooks,
  findCreditOfUser,
  renamePersonalProfile,
} from './profile/index.ts';

/** Makes the functions that the accounts room calls when a user changes, in the transaction of that change. */
export function makeProfilesHooks(
  archival: ArchivalHooks,
  onClaimed: OnAccountClaimed,
  onEmailVerified: AccountsHooks['onEmailVerified'],
): AccountsHooks {
  return {
    onEmailVerified,
    isOperator,
    onFirstProof: (tx, change, at) => clearPersonalProfile(tx, change, at, onClaimed),
    onRename: renamePersonalProfile,
    onArchive: (tx, change, at) => archiveProfilesOfUser(tx, change, at, archival),
    findCredit: (reader, user_id) => findCreditOfUser(reader, user_id, archival.findOpenCredit),
  };
}
