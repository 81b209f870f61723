import type { App } from '#platform/http/app';
import { accessiblePages } from './accessibles/index.ts';
import { legalPages } from './agreements/index.ts';
import { chooserPages } from './chooser/index.ts';
import { memberPages } from './members/index.ts';
import type { ProfileNeeds } from './needs.ts';
import { profileDetailPages } from './profile/index.ts';
import { registrationPages } from './registration/index.ts';

export function profilesPages(app: App, needs: Pick<ProfileNeeds, 'accounts' | 'templates'>): void {
  registrationPages(app, needs.accounts);
  profileDetailPages(app);
  memberPages(app, needs.accounts.throttle);
  accessiblePages(app, needs.accounts.throttle);
  legalPages(app, needs.templates);
  chooserPages(app);
}
