import type { App } from '#platform/http/app';
import type { AccountsDeps } from './hooks.ts';
import { signInPages } from './sessions/pages.ts';
import { userPages } from './users/pages.ts';
import { linkPages } from './verifications/pages.ts';
import { verifyPages } from './verifications/verify-routes.ts';
import { otpPages } from './credentials/otp-pages.ts';
import { stopPages } from './verifications/stop-pages.ts';

/** Adds the pages of signing in and out, of links in e-mails and of a user's own account. */
export function accountsPages(app: App, deps: AccountsDeps): void {
  signInPages(app, deps);
  linkPages(app, deps);
  stopPages(app, deps);
  otpPages(app, deps);
  verifyPages(app, deps);
  userPages(app, deps);
}
