import type { App } from '#platform/http/app';
import { apiKeyRoutes } from './api-keys/routes.ts';
import { credentialRoutes } from './credentials/routes.ts';
import { sessionRoutes } from './sessions/routes.ts';
import type { AccountsDeps } from './hooks.ts';
import { userRoutes } from './users/routes.ts';
import { verifyRoutes } from './verifications/verify-routes.ts';
import { verificationRoutes } from './verifications/routes.ts';

/** Adds the operations on sign-in, users and their credentials. */
export function accountsRoutes(app: App, deps: AccountsDeps): void {
  sessionRoutes(app, deps);
  verificationRoutes(app, deps);
  verifyRoutes(app, deps);
  userRoutes(app, deps);
  credentialRoutes(app, deps);
  apiKeyRoutes(app, deps);
}
