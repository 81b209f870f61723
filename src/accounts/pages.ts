import type { App } from '#platform/http/app';
import type { AccountsDeps } from './hooks.ts';
import { signInPages } from './sign-in/index.ts';
import { userPages } from './users/index.ts';
import { recoveryPages } from './recovery/index.ts';
import { securityPages } from './security-settings/index.ts';
import { addressChangePages } from './address-changes/index.ts';

/** Adds the pages of signing in and out, of links in e-mails and of a user's own account. */
export function accountsPages(app: App, deps: AccountsDeps): void {
  signInPages(app, deps);
  recoveryPages(app, deps);
  addressChangePages(app, deps);
  securityPages(app, deps);
  userPages(app, deps);
}
