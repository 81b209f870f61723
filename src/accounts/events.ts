import type { UserId } from '#platform/db/db-schema';

/** A link or a code is to be sent to an address. `key` and `code` are the only copies; the table holds hashes. */
export const userVerification = (payload: {
  user_id: UserId | null;
  channel: 'email' | 'phone';
  address: string;
  purpose: 'activate' | 'recover' | 'verify' | 'login';
  key: string | null;
  code: string | null;
  reason: string | null;
  lifetime_s: number;
}) => ({ name: 'user_verification', payload });

/**
 * The owner of an address proved it for the first time. `removed` names the kinds of credentials that had been set up
 * before: `api_keys`, `ssh_key`, `otp`.
 */
export const userVerified = (payload: { user_id: UserId; removed: string[] }) => ({
  name: 'user_verified',
  payload,
});

/** A user came to be. */
export const userRegistered = (payload: { user_id: UserId }) => ({ name: 'user_registered', payload });

/** A user who had no password set one. */
export const userActivated = (payload: { user_id: UserId }) => ({ name: 'user_activated', payload });

/** A password was replaced or removed, by its owner or through a link: the only alarm if it was somebody else. */
export const userResetPassword = (payload: { user_id: UserId; how: 'link' | 'changed' | 'removed' }) => ({
  name: 'user_reset_password',
  payload,
});

/**
 * A change of e-mail address was requested, or made when `is_verified`; sent to the address that goes. `to` is empty when
 * the address was removed. `stop_key` is the only copy of the key that stops or undoes the change.
 */
export const userEmailChanged = (payload: {
  user_id: UserId;
  from: string;
  to: string;
  is_verified: boolean;
  stop_key: string | null;
}) => ({ name: 'user_email_changed', payload });

/** A credential or the phone number was added, changed or removed. */
export const userCredentialsChanged = (payload: {
  user_id: UserId;
  what:
    | 'api_key_created'
    | 'api_key_deleted'
    | 'otp_enabled'
    | 'otp_disabled'
    | 'ssh_key_set'
    | 'phone_changing'
    | 'phone_changed'
    | 'phone_removed';
}) => ({ name: 'user_credentials_changed', payload });

/** A user signed in. */
export const userLoggedIn = (payload: { user_id: UserId; ip: string | null }) => ({ name: 'user_logged_in', payload });

/** Nobody signed in. `user_id` is null when the name was nobody's. */
export const userLoginFailed = (payload: { user_id: UserId | null; username: string; ip: string | null }) => ({
  name: 'user_login_failed',
  payload,
});

/**
 * A user was archived: the personal facts are wiped. `address` and `name` are the only copies of the e-mail address and of
 * the name, for the notice to the person.
 */
export const userArchived = (payload: {
  user_id: UserId;
  originated_by: UserId | null;
  address: string | null;
  name: string;
}) => ({ name: 'user_archived', payload });
