import type { User } from '#accounts';
import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { type Notice, notice } from './notice.ts';
import { profileOf, userOf } from './parties.ts';
import { numberIn, textIn } from './payload.ts';

export async function composeUserRegistered(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const user = await userOf(ctx, payload, 'user_id');
  if (!user) return null;
  const profile = await profileOf(ctx, payload, 'profile_id');
  return notice('user_registered', { parties: { user, ...(profile ? { profile } : {}) }, path: paths.home() });
}

export async function composeUserActivated(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const user = await userOf(ctx, payload, 'user_id');
  return user ? notice('user_activated', { parties: { user }, path: paths.home() }) : null;
}

export async function composeUserWelcome(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const user = await userOf(ctx, payload, 'user_id');
  return user ? notice('user_welcome', { parties: { user }, path: paths.home() }) : null;
}

/** A link, a code or both, to the address that is to be proved; to recover an account it reads as such. */
export async function composeVerification(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const address = textIn(payload, 'address');
  if (address === null || textIn(payload, 'channel') !== 'email') return null;
  const user = await userOf(ctx, payload, 'user_id');
  const key = textIn(payload, 'key');
  return notice(textIn(payload, 'purpose') === 'recover' ? 'user_reset_password' : 'user_verification', {
    parties: user ? { user } : {},
    address,
    path: key === null ? placeOfCode(payload, user) : paths.activate(key),
    data: { code: textIn(payload, 'code'), lifetime: durationInWords(numberIn(payload, 'lifetime_s')) },
  });
}

/** The page where a signed-in user enters a code that verifies an address: the present one, or the one to change to. */
function placeOfCode(payload: JsonObject, user: User | undefined | null): string | null {
  if (!user || textIn(payload, 'purpose') !== 'verify') return null;
  const isPresent = user.email?.toLowerCase() === textIn(payload, 'address')?.toLowerCase();
  return isPresent ? paths.verifyEmail() : paths.user(user.username);
}

/** The alarm when a password was replaced or removed: without a link, so that nobody learns to follow one. */
export async function composePasswordChanged(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const user = await userOf(ctx, payload, 'user_id');
  return user ? notice('user_password_changed', { parties: { user }, data: { how: textIn(payload, 'how') } }) : null;
}

/** The alarm when mail is to go elsewhere: to the present address, with the link that stops the change. */
export async function composeEmailChanged(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const user = await userOf(ctx, payload, 'user_id');
  const address = textIn(payload, 'from');
  if (!user || address === null) return null;
  const changes = { pre: address, post: textIn(payload, 'to') ?? '' };
  const stop_key = textIn(payload, 'stop_key');
  return notice('user_email_changed', {
    parties: { user },
    address,
    path: stop_key === null ? null : paths.stopChange(stop_key),
    data: { changes, is_verified: payload['is_verified'] === true },
  });
}

const credentialChanges: ReadonlyMap<string, string> = new Map([
  ['api_key_created', 'an API key was created'],
  ['api_key_deleted', 'an API key was deleted'],
  ['otp_enabled', 'one-time passwords were switched on'],
  ['otp_disabled', 'one-time passwords were switched off'],
  ['ssh_key_set', 'an SSH key was set'],
  ['phone_changing', 'a change of the phone number was requested'],
  ['phone_changed', 'the phone number was changed'],
  ['phone_removed', 'the phone number was removed'],
]);

export async function composeCredentialsChanged(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const user = await userOf(ctx, payload, 'user_id');
  const what = credentialChanges.get(textIn(payload, 'what') ?? '');
  return user && what !== undefined ? notice('user_credentials_changed', { parties: { user }, data: { what } }) : null;
}

const removedKinds: ReadonlyMap<unknown, string> = new Map([
  ['api_keys', 'API keys'],
  ['ssh_key', 'the SSH key'],
  ['otp', 'one-time passwords'],
]);

/** Builds the notice of what a first proof of an address removed; null when it removed no credential. */
export async function composeUserVerified(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const user = await userOf(ctx, payload, 'user_id');
  const removed = Array.isArray(payload['removed']) ? payload['removed'] : [];
  const kinds = removed.flatMap((kind) => removedKinds.get(kind) ?? []);
  if (!user || kinds.length === 0) return null;
  const what = `what had been set up before the address was confirmed was removed: ${kinds.join(', ')}`;
  return notice('user_credentials_changed', { parties: { user }, data: { what } });
}

/** Builds the notice of a deleted account, to the address that it had. */
export async function composeUserArchived(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const user = await userOf(ctx, payload, 'user_id');
  const address = textIn(payload, 'address');
  if (!user || address === null) return null;
  return notice('user_archived', { parties: { user }, address, data: { name: textIn(payload, 'name') ?? '' } });
}

/** Says a lifetime in its largest whole unit; null for none. */
export function durationInWords(seconds: number): string | null {
  if (seconds <= 0) return null;
  for (const [unit_s, noun] of [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
  ] as const) {
    const count = Math.floor(seconds / unit_s);
    if (count > 0) return `${count} ${noun}${count === 1 ? '' : 's'}`;
  }
  return 'a minute';
}
