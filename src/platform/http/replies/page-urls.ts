import type { Context } from '../../context.ts';
import { paths } from '../paths.ts';

/** URLs of the links in templates. */
export function pageUrls(ctx: Context): Record<string, unknown> {
  const username = ctx.actor.kind === 'user' ? ctx.actor.username : null;
  return {
    home: paths.home(),
    login: paths.login(),
    logout: paths.logout(),
    register: paths.register(),
    recover: paths.recover(),
    pricing: paths.pricing(),
    finish_payment: paths.finishPayment(),
    redeem: paths.redeem(),
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
    colours: paths.colours(),
    setup: paths.setUp(ctx.site.slug),
    proxy: {
      rules: paths.rules(),
      new_rule: paths.newRule(),
      application: paths.application(),
      session_key: paths.sessionKey(),
      engagement: paths.engagement(),
    },
    user:
      username === null
        ? null
        : {
            profile: paths.user(username),
            password: paths.userPassword(username),
            otp: paths.userOtp(username),
            verify: paths.verifyEmail(),
            roles: paths.userRoles(username),
          },
  };
}

/** URLs of the pages of one profile, for its menu; null on pages without a profile. */
export function organizationUrls(data: Readonly<Record<string, unknown>>): Record<string, string> | null {
  const { profile } = data;
  if (typeof profile !== 'object' || profile === null || !('slug' in profile) || typeof profile.slug !== 'string')
    return null;
  const { slug } = profile;
  return {
    app: paths.app(slug),
    profile: paths.profile(slug),
    roles: paths.roles(slug),
    subscriptions: paths.subscriptions(slug),
    billing: paths.history(slug),
    credits: paths.credits(slug),
    balance: paths.balance(slug),
    dunning: paths.dunning(slug),
    card: paths.card(slug),
    seats: paths.seats(slug),
    cart: paths.cart(slug),
    checkout: paths.checkout(slug),
  };
}
