import type { App } from '#platform/http/app';
import { agreementRoutes } from './agreements/routes.ts';
import type { ProfileNeeds } from './needs.ts';
import { profileDetailRoutes } from './profile-routes.ts';
import { registrationRoutes } from './registration/routes.ts';
import { accessibleRoutes } from './roles/accessible-routes.ts';
import { roleTypeRoutes } from './roles/describe-routes.ts';
import { memberRoutes } from './roles/member-routes.ts';
import { searchRoutes } from './search/routes.ts';

export function profilesRoutes(app: App, needs: ProfileNeeds): void {
  registrationRoutes(app, needs.accounts);
  profileDetailRoutes(app, needs);
  roleTypeRoutes(app);
  memberRoutes(app, needs.accounts.throttle);
  accessibleRoutes(app, needs.accounts.throttle);
  searchRoutes(app, needs.accounts.throttle);
  agreementRoutes(app, needs.templates);
}
