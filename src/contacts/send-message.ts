import { findUserById } from '#accounts';
import { parseEmail } from '#kernel/email';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { networkOf, type Throttle } from '#platform/security/throttle';
import { userContact } from './events.ts';
import { contactLimit } from './rate-limits.ts';

export interface Message {
  full_name: string;
  email: string;
  message?: string | undefined;
}

/**
 * Emits `user_contact` for the broker. A signed-in sender's own name and address replace those of the input.
 *
 * @throws invalid_input (400) · too_many_requests (429)
 */
export async function sendMessage(ctx: Context, throttle: Throttle, input: Message): Promise<void> {
  const sender = ctx.actor.kind === 'user' ? await findUserById(ctx.db, ctx.actor.user_id) : undefined;
  const full_name = removeControls(sender?.full_name || input.full_name);
  const email = sender?.email ?? parseEmail(input.email);
  const errors: Record<string, string[]> = {};
  if (full_name === '') errors['full_name'] = ['This field may not be blank.'];
  if (email === null) errors['email'] = ['Enter an e-mail address.'];
  if (email === null || full_name === '') throw invalidInput(errors);
  await throttle.take(contactLimit, networkOf(ctx.peer?.ip));
  const payload = {
    user_id: sender?.id ?? null,
    full_name,
    email,
    message: input.message?.trim() ?? '',
    provider_id: ctx.site.broker_id,
  };
  await inTransaction(ctx.db, (tx) => emit(tx, userContact(payload), ctx.clock.now()));
}

/** Replaces control characters by spaces: a line end in a name could start another header of the e-mail. */
function removeControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the function removes control characters
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
}
