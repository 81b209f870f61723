import { randomText } from '#platform/security/crypto';
import type { UserDetail } from '../schemas.ts';
import { presentUser, proposeUsernames } from '../identity/index.ts';
import type { UsableLink } from './activate-user.ts';

/** Presents the user of a link; for an invited person, the user that the link will create. */
export function presentLink({ user, verification }: UsableLink): UserDetail {
  if (user) return presentUser(user);
  const email = verification.channel === 'email' ? verification.address : null;
  const username = proposeUsernames(email, () => randomText(3, '0123456789')).next().value ?? '';
  return {
    slug: username,
    username,
    printable_name: email ?? verification.address,
    picture: null,
    email,
    phone: verification.channel === 'phone' ? verification.address : null,
    full_name: '',
    nick_name: '',
    lang: 'en',
    credentials: false,
    otp_enabled: false,
    created_at: verification.created_at.toISOString(),
    last_login: null,
    email_code: null,
    phone_code: null,
  };
}
