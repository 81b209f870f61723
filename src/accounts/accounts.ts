import type { Room } from '#platform/room';
import { addressChangePages, addressChangePageTypes } from './address-changes/index.ts';
import { apiKeyRoutes, keyPages, keyPageTypes } from './api-keys/index.ts';
import { accountsEvents } from './events.ts';
import type { AccountsDeps } from './hooks.ts';
import { accountsJobs } from './jobs.ts';
import { recoveryPages, recoveryPageTypes, recoveryRoutes } from './recovery/index.ts';
import { securityPages, securityPageTypes, securityRoutes } from './security-settings/index.ts';
import { userSessionRoutes } from './sessions/index.ts';
import { signInPages, signInPageTypes, signInRoutes } from './sign-in/index.ts';
import { deleteUserPages, userPages, userPageTypes, userRoutes } from './users/index.ts';

/** Makes the accounts room: users, their credentials and sessions. */
export function makeAccounts(deps: AccountsDeps): Room {
  return {
    name: 'accounts',
    routes(http) {
      signInRoutes(http, deps);
      userSessionRoutes(http, deps);
      recoveryRoutes(http, deps);
      userRoutes(http, deps);
      securityRoutes(http, deps);
      apiKeyRoutes(http, deps);
    },
    pages(http) {
      signInPages(http, deps);
      recoveryPages(http, deps);
      addressChangePages(http, deps);
      securityPages(http, deps);
      keyPages(http, deps);
      deleteUserPages(http, deps);
      userPages(http, deps);
    },
    page_types: [
      ...signInPageTypes,
      ...recoveryPageTypes,
      ...addressChangePageTypes,
      ...securityPageTypes,
      ...keyPageTypes,
      ...userPageTypes,
    ],
    jobs: accountsJobs,
    events: accountsEvents,
  };
}
