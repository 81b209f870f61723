import { splitFullName } from '#kernel/text';
import type { UserId } from '#platform/db/db-schema';

/** A user: a person who can sign in. Contains no secret and no hash. */
export interface User {
  id: UserId;
  username: string;
  email: string | null;
  email_verified_at: Date | null;
  /** E.164. */
  phone: string | null;
  phone_verified_at: Date | null;
  full_name: string;
  nick_name: string;
  /** BCP 47. */
  lang: string;
  picture: string | null;
  is_active: boolean;
  email_verification_required: boolean;
  phone_verification_required: boolean;
  /** JSON text or plain text. */
  extra: string | null;
  created_at: Date;
  last_login_at: Date | null;
  has_password: boolean;
  /** True if the user has a confirmed TOTP factor. */
  otp_enabled: boolean;
}

/** True if the user has proved to own the e-mail address. */
export function isEmailVerified(user: Pick<User, 'email' | 'email_verified_at'>): boolean {
  return user.email !== null && user.email_verified_at !== null;
}

/** True if the user has proved to own the phone number. */
export function isPhoneVerified(user: Pick<User, 'phone' | 'phone_verified_at'>): boolean {
  return user.phone !== null && user.phone_verified_at !== null;
}

/** Returns the name to show: nick name, else full name, else username. */
export function printableName(user: Pick<User, 'nick_name' | 'full_name' | 'username'>): string {
  return user.nick_name || user.full_name || user.username;
}

/** Returns the nick name, else the first name. */
export function nickName(user: Pick<User, 'nick_name' | 'full_name'>): string {
  return user.nick_name || splitFullName(user.full_name).first;
}
