import type { Room } from '#platform/room';
import type { Throttle } from '#platform/security/throttle';
import { userContact } from './events.ts';
import { directoryPages, directoryPageTypes } from './directory/index.ts';
import { contactPage } from './page-types.ts';
import { contactsPages } from './pages.ts';
import { contactsRoutes } from './routes.ts';

export interface ContactNeeds {
  throttle: Throttle;
}

/** Makes the contacts room: contacts and the notes about them. */
export function makeContacts(needs: ContactNeeds): Room {
  return {
    name: 'contacts',
    routes: (http) => contactsRoutes(http, needs),
    pages: (http) => {
      contactsPages(http, needs);
      directoryPages(http);
    },
    events: [userContact],
    page_types: [contactPage, ...directoryPageTypes],
  };
}
