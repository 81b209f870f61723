import type { UserId } from '#platform/db-schema';

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

/** A user came to be. */
export const userRegistered = (payload: { user_id: UserId }) => ({ name: 'user_registered', payload });

/** A user who had no password set one. */
export const userActivated = (payload: { user_id: UserId }) => ({ name: 'user_activated', payload });

/** A password was replaced or removed, by its owner or through a link: the only alarm if it was somebody else. */
export const userResetPassword = (payload: { user_id: UserId; how: 'link' | 'changed' | 'removed' }) => ({
  name: 'user_reset_password',
  payload,
});

/** A change of e-mail address was asked for or made; told to the address that goes. */
export const userEmailChanged = (payload: { user_id: UserId; from: string; to: string; is_verified: boolean }) => ({
  name: 'user_email_changed',
  payload,
});

/** A way in was added or removed. */
export const userCredentialsChanged = (payload: {
  user_id: UserId;
  what: 'api_key_created' | 'api_key_deleted' | 'otp_enabled' | 'otp_disabled' | 'ssh_key_set';
}) => ({ name: 'user_credentials_changed', payload });

/** A user signed in. */
export const userLoggedIn = (payload: { user_id: UserId; ip: string | null }) => ({ name: 'user_logged_in', payload });

/** Nobody signed in. `user_id` is null when the name was nobody's. */
export const userLoginFailed = (payload: { user_id: UserId | null; username: string; ip: string | null }) => ({
  name: 'user_login_failed',
  payload,
});

/** A user was archived: everything that told who they were is gone. */
export const userArchived = (payload: { user_id: UserId; originated_by: UserId | null }) => ({
  name: 'user_archived',
  payload,
});
