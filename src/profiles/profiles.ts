import type { Room } from '#platform/room';
import { accessiblePages, accessiblePageTypes, accessibleRoutes } from './accessibles/index.ts';
import { agreementPages, agreementPageTypes, agreementRoutes } from './agreements/index.ts';
import { chooserPages, chooserPageTypes } from './chooser/index.ts';
import { profilesEvents } from './events.ts';
import { profilesJobs } from './jobs.ts';
import { memberPages, memberPageTypes, memberRoutes, removeMemberPages } from './members/index.ts';
import type { ProfileNeeds } from './needs.ts';
import { picturePages, picturePageTypes, pictureRoutes } from './pictures/index.ts';
import { profilePages, profilePageTypes, profileRoutes } from './profile/index.ts';
import { registrationPages, registrationPageTypes, registrationRoutes } from './registration/index.ts';
import { roleRevocationUndo } from './roles/index.ts';
import { roleTypeRoutes } from './role-types/index.ts';
import { searchRoutes } from './search/index.ts';

/** Makes the room of billing profiles, roles and agreements. */
export function makeProfiles(needs: ProfileNeeds): Room {
  const { accounts, templates } = needs;
  const { throttle } = accounts;
  return {
    name: 'profiles',
    routes(http) {
      registrationRoutes(http, accounts);
      profileRoutes(http, needs);
      pictureRoutes(http, throttle);
      roleTypeRoutes(http);
      memberRoutes(http, throttle);
      accessibleRoutes(http, throttle);
      searchRoutes(http, throttle);
      agreementRoutes(http, templates);
    },
    pages(http) {
      registrationPages(http, needs);
      profilePages(http, needs);
      picturePages(http, throttle);
      memberPages(http, throttle);
      removeMemberPages(http);
      accessiblePages(http, throttle);
      agreementPages(http, templates);
      chooserPages(http);
    },
    undo_types: [roleRevocationUndo],
    jobs: profilesJobs(needs.invitation_reminder_days),
    events: profilesEvents,
    page_types: [
      ...registrationPageTypes,
      ...profilePageTypes,
      ...picturePageTypes,
      ...memberPageTypes,
      ...accessiblePageTypes,
      ...agreementPageTypes,
      ...chooserPageTypes,
    ],
  };
}
