import type { App } from '#platform/http/app';
import { accessibleRoutes } from './accessibles/index.ts';
import { agreementRoutes } from './agreements/index.ts';
import { memberRoutes } from './members/index.ts';
import type { ProfileNeeds } from './needs.ts';
import { profileDetailRoutes } from './profile/index.ts';
import { registrationRoutes } from './registration/index.ts';
import { roleTypeRoutes } from './role-types/index.ts';
import { searchRoutes } from './search/index.ts';

export function profilesRoutes(app: App, needs: ProfileNeeds): void {
  registrationRoutes(app, needs.accounts);
  profileDetailRoutes(app, needs);
  roleTypeRoutes(app);
  memberRoutes(app, needs.accounts.throttle);
  accessibleRoutes(app, needs.accounts.throttle);
  searchRoutes(app, needs.accounts.throttle);
  agreementRoutes(app, needs.templates);
}
