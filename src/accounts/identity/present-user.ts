import type { UserDetail, UserSummary } from '../schemas.ts';
import { nickName, printableName, type User } from './user.ts';

/** Presents the fields that other users may see. */
export function presentUserSummary(user: Pick<User, 'username' | 'nick_name' | 'full_name' | 'picture'>): UserSummary {
  return {
    slug: user.username,
    username: user.username,
    printable_name: printableName(user),
    picture: user.picture,
  };
}

/** Presents the fields that the user and the managers of the broker may see. */
export function presentUser(user: User): UserDetail {
  return {
    ...presentUserSummary(user),
    email: user.email,
    phone: user.phone,
    full_name: user.full_name,
    nick_name: nickName(user),
    lang: user.lang,
    credentials: user.has_password,
    otp_enabled: user.otp_enabled,
    created_at: user.created_at.toISOString(),
    last_login: user.last_login_at?.toISOString() ?? null,
    email_code: null,
    phone_code: null,
  };
}
