import type {
  User,
  userActivated,
  userArchived,
  userCredentialsChanged,
  userEmailChanged,
  userRegistered,
  userResetPassword,
  userVerification,
  userVerified,
} from '#accounts';
import { paths } from '#platform/http/paths';
import type { userWelcome } from '#profiles';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import type { Parties } from './parties.ts';

export function composeUserRegistered(found: Parties, payload: PayloadOf<typeof userRegistered>): Notice | null {
  const user = found.user(payload.user_id);
  return user ? makeNotice('user_registered', { parties: { user }, path: paths.home() }) : null;
}

export function composeUserActivated(found: Parties, payload: PayloadOf<typeof userActivated>): Notice | null {
  const user = found.user(payload.user_id);
  return user ? makeNotice('user_activated', { parties: { user }, path: paths.home() }) : null;
}

export function composeUserWelcome(found: Parties, payload: PayloadOf<typeof userWelcome>): Notice | null {
  const user = found.user(payload.user_id);
  return user ? makeNotice('user_welcome', { parties: { user }, path: paths.home() }) : null;
}

/**
 * Builds the notice with the link, the code or both that verify an e-mail address; null for a phone number.
 * With the purpose `recover` it has the text of a password reset.
 */
export function composeVerification(found: Parties, payload: PayloadOf<typeof userVerification>): Notice | null {
  const { channel, address, key, code, purpose, lifetime_s } = payload;
  if (channel !== 'email') return null;
  const user = found.user(payload.user_id);
  return makeNotice(purpose === 'recover' ? 'user_reset_password' : 'user_verification', {
    parties: user ? { user } : {},
    address,
    path: key === null ? pathOfCode(payload, user) : paths.activate(key),
    data: { code, lifetime: durationInWords(lifetime_s) },
  });
}

/** Returns the page where a signed-in user enters the code that verifies the present address, or the next one. */
function pathOfCode({ purpose, address }: PayloadOf<typeof userVerification>, user: User | undefined): string | null {
  if (!user || purpose !== 'verify') return null;
  const is_present = user.email?.toLowerCase() === address.toLowerCase();
  return is_present ? paths.verifyEmail() : paths.user(user.username);
}

/**
 * Builds the warning that a password was replaced or removed. It has no link: a copy of it could be used for phishing.
 */
export function composePasswordChanged(found: Parties, payload: PayloadOf<typeof userResetPassword>): Notice | null {
  const user = found.user(payload.user_id);
  return user ? makeNotice('user_password_changed', { parties: { user }, data: { how: payload.how } }) : null;
}

/** Builds the warning that the e-mail address changes, for the former address, with the link that stops the change. */
export function composeEmailChanged(found: Parties, payload: PayloadOf<typeof userEmailChanged>): Notice | null {
  const { from, to, is_verified, stop_key = null } = payload;
  const user = found.user(payload.user_id);
  if (!user) return null;
  return makeNotice('user_email_changed', {
    parties: { user },
    address: from,
    path: stop_key === null ? null : paths.stopChange(stop_key),
    // A message to an unknown recipient has no addresses, so that an empty `post` does not mean a removed address.
    data: { changes: { pre: from, post: to }, is_removed: to === '', is_verified },
  });
}

const credentialChanges: Readonly<Record<PayloadOf<typeof userCredentialsChanged>['what'], string>> = {
  api_key_created: 'an API key was created',
  api_key_deleted: 'an API key was deleted',
  otp_enabled: 'one-time passwords were switched on',
  otp_disabled: 'one-time passwords were switched off',
  ssh_key_set: 'an SSH key was set',
  phone_changing: 'a change of the phone number was requested',
  phone_changed: 'the phone number was changed',
  phone_removed: 'the phone number was removed',
};

export function composeCredentialsChanged(
  found: Parties,
  payload: PayloadOf<typeof userCredentialsChanged>,
): Notice | null {
  const user = found.user(payload.user_id);
  const what = credentialChanges[payload.what];
  return user ? makeNotice('user_credentials_changed', { parties: { user }, data: { what } }) : null;
}

const removedKinds: ReadonlyMap<string, string> = new Map([
  ['api_keys', 'API keys'],
  ['ssh_key', 'the SSH key'],
  ['otp', 'one-time passwords'],
]);

/** Builds the notice of the credentials that the first proof of an address removed; null if it removed none. */
export function composeUserVerified(found: Parties, payload: PayloadOf<typeof userVerified>): Notice | null {
  const user = found.user(payload.user_id);
  const kinds = payload.removed.flatMap((kind) => removedKinds.get(kind) ?? []);
  if (!user || kinds.length === 0) return null;
  const what = `credentials from before the address was confirmed were removed: ${kinds.join(', ')}`;
  return makeNotice('user_credentials_changed', { parties: { user }, data: { what } });
}

/** Builds the notice of a deleted account, for its former address; null if it had none. */
export function composeUserArchived(found: Parties, payload: PayloadOf<typeof userArchived>): Notice | null {
  const { address = null, name = '' } = payload;
  const user = found.user(payload.user_id);
  if (!user || address === null) return null;
  return makeNotice('user_archived', { parties: { user }, address, data: { name } });
}

/** Returns a duration in its largest unit, rounded down; null for none. */
function durationInWords(seconds: number): string | null {
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
