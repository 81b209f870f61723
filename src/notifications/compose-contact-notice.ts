import type { userContact } from '#contacts';
import { paths } from '#platform/http/paths';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice, type Originator } from './notice.ts';
import type { Parties } from './parties.ts';

/** Builds the notice of a message from the contact form; a reply goes to the sender. */
export function composeUserContact(found: Parties, payload: PayloadOf<typeof userContact>): Notice | null {
  const { email, full_name, message } = payload;
  const sender: Originator = found.originator(payload.user_id) ?? { id: null, email, full_name };
  const provider = found.profile(payload.provider_id);
  return makeNotice('user_contact', {
    parties: provider ? { provider } : {},
    originator: sender,
    path: paths.home(),
    data: {
      detail: [
        ['Name', sender.full_name || full_name],
        ['E-mail', sender.email ?? email],
        ['Message', message],
      ],
    },
  });
}
