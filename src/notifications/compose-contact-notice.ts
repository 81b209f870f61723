import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { type Notice, notice, type Originator } from './notice.ts';
import { originatorOf, profileOf } from './parties.ts';
import { textIn } from './payload.ts';

/** A message from the contact form: answers go to whoever wrote it. */
export async function composeUserContact(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const email = textIn(payload, 'email') ?? '';
  const full_name = textIn(payload, 'full_name') ?? '';
  const sender: Originator = (await originatorOf(ctx, payload, 'user_id')) ?? { id: null, email, full_name };
  const provider = await profileOf(ctx, payload, 'provider_id');
  return notice('user_contact', {
    parties: provider ? { provider } : {},
    originator: sender,
    path: paths.home(),
    data: {
      detail: [
        ['Name', sender.full_name || full_name],
        ['E-mail', sender.email ?? email],
        ['Message', textIn(payload, 'message') ?? ''],
      ],
    },
  });
}
