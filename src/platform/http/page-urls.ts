import type { Context } from '../context.ts';
import { paths } from './paths.ts';

/** The tree of addresses that templates link to. */
export function pageUrls(ctx: Context): Record<string, unknown> {
  const username = ctx.actor.kind === 'user' ? ctx.actor.username : null;
  return {
    home: paths.home(),
    login: paths.login(),
    logout: paths.logout(),
    register: paths.register(),
    recover: paths.recover(),
    pricing: paths.pricing(),
    contact: paths.contact(),
    legal: paths.legal(),
    terms: paths.legal('terms-of-use'),
    privacy: paths.legal('privacy'),
    cart: paths.cart(),
    app: paths.app(),
    profile: paths.profileChooser(),
    profile_base: '/profile/',
    profile_redirect: paths.profileChooser(),
    docs: '/docs/api/',
    user:
      username === null
        ? null
        : { profile: paths.user(username), password: paths.userPassword(username), roles: paths.userRoles(username) },
  };
}
