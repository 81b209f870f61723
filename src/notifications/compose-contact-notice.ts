import type { userContact } from '#contacts';
import type { Context } from '#platform/context';
import { paths } from '#platform/http/paths';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice, type Originator } from './notice.ts';
import { findOriginator, findProfileParty } from './parties.ts';

/** Builds the notice of a message from the contact form; a reply goes to the sender. */
export async function composeUserContact(ctx: Context, payload: PayloadOf<typeof userContact>): Promise<Notice | null> {
  const { email, full_name, message } = payload;
  const sender: Originator = (await findOriginator(ctx, payload.user_id)) ?? { id: null, email, full_name };
  const provider = await findProfileParty(ctx, payload.provider_id);
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
