import type { App } from '#platform/http/app';
import { apiKeyRoutes } from './api-keys/index.ts';
import { securityRoutes } from './security-settings/index.ts';
import { sessionRoutes } from './sessions/index.ts';
import type { AccountsDeps } from './hooks.ts';
import { signInRoutes } from './sign-in/index.ts';
import { userRoutes } from './users/index.ts';
import { recoveryRoutes } from './recovery/index.ts';

/** Adds the operations on sign-in, users and their credentials. */
export function accountsRoutes(app: App, deps: AccountsDeps): void {
  signInRoutes(app, deps);
  sessionRoutes(app, deps);
  recoveryRoutes(app, deps);
  userRoutes(app, deps);
  securityRoutes(app, deps);
  apiKeyRoutes(app, deps);
}
