import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { userCredentialsChanged, userEmailChanged } from '../events.ts';
import { prepareVerification, voidStopLinksOf } from '../verifications/index.ts';
import type { Channel } from './address-change.ts';
import { isEmailVerified, type User } from '../identity/index.ts';

/** Time within which the owner of the former address can stop the change, or undo it if the address was verified. */
const stop_lifetime_s = 3 * 86_400;

/**
 * Emits the event of a requested or completed change of address; its notice is sent to the former e-mail address.
 *
 * The notice of a changed e-mail address contains a key that stops the change. After the change only a verified former
 * address gets one, since an unverified address may not belong to the user.
 * @see docs/decisions/0015-changes-that-need-a-secret.md
 */
export async function announceAddressChange(
  tx: Tx,
  user: User,
  { channel, to, is_done }: { channel: Channel; to: string | null; is_done: boolean },
  at: Date,
): Promise<void> {
  const user_id = user.id;
  if (channel === 'phone') {
    const what = to === null ? 'phone_removed' : is_done ? 'phone_changed' : 'phone_changing';
    if (user.phone !== null) await emit(tx, userCredentialsChanged({ user_id, what }), at);
    return;
  }
  const from = user.email;
  if (from === null) return;
  const isStoppable = !is_done || isEmailVerified(user);
  if (!isStoppable) await voidStopLinksOf(tx, user_id, at);
  const stop_key = isStoppable ? await prepareStopKey(tx, { user_id, address: from }, at) : null;
  await emit(tx, userEmailChanged({ user_id, from, to: to ?? '', is_verified: is_done, stop_key }), at);
}

async function prepareStopKey(
  tx: Tx,
  owner: { user_id: User['id']; address: string },
  at: Date,
): Promise<string | null> {
  const request = { ...owner, channel: 'email', purpose: 'stop_change', sends: 'key' } as const;
  return (await prepareVerification(tx, { ...request, lifetime_s: stop_lifetime_s }, at)).key;
}
