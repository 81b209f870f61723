import type { App } from '#platform/http/app';
import { legalPages } from './agreements/pages.ts';
import { chooserPages } from './chooser.ts';
import type { ProfileNeeds } from './needs.ts';
import { profileDetailPages } from './profile-pages.ts';
import { registrationPages } from './registration/pages.ts';
import { accessiblePages } from './roles/accessible-pages.ts';
import { memberPages } from './roles/member-pages.ts';

export function profilesPages(app: App, needs: Pick<ProfileNeeds, 'accounts' | 'templates'>): void {
  registrationPages(app, needs.accounts);
  profileDetailPages(app);
  memberPages(app, needs.accounts.throttle);
  accessiblePages(app, needs.accounts.throttle);
  legalPages(app, needs.templates);
  chooserPages(app);
}
