import { mayOpenAccount, type User } from '../identity/index.ts';
import type { Verification } from '../verifications/index.ts';

/** True if a right code may replace the password. With a password, a second factor never does. */
export function mayReplacePassword(user: User, { purpose, channel }: Verification): boolean {
  const isSecondFactor = channel === 'email' ? user.email_verification_required : user.phone_verification_required;
  return purpose !== 'login' && !(user.has_password && isSecondFactor) && mayOpenAccount(user, channel);
}
